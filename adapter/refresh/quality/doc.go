// Package quality tells how good the forecasts of one pool turned out.
//
// In goes the history of the load and a way to make the forecast that was
// served from a past origin ([Predict]). Out comes, over the forecasts made in
// the last [Days] days and today, the error, the pinball loss beside that of
// "as yesterday" and the coverage, each at the horizons of [Horizons], and a
// verdict: whether the forecast has been no better than yesterday for so long
// that it should not be followed.
//
// What holds:
//
//   - a forecast is judged when its own horizon has passed, and late samples
//     have had their time;
//   - everything is a function of the history: what a process that has run for
//     weeks knows, one that has just started computes again, bit for bit, at
//     most a day of the past with each call;
//   - a gap is in no score, and what cannot be said is NaN, never 0.
package quality
