// Package forecast forecasts the load of one workload: minutes ahead, where the
// upper quantiles decide how much capacity stands ready, and up to two days.
//
// In goes a Series: values on a regular grid, NaN for a gap. Fit learns from
// it, in milliseconds and about once a day; Fitted.Forecast then forecasts from
// any later origin on the same grid, in microseconds. Out comes a Forecast: a
// point and the quantiles asked for, per step.
//
// A handful of plain models (ModelNames) is blended per horizon by how well
// each did at origins spread over the last 21 days and all phases of the day.
// The quantiles are order statistics of what the blend missed at those origins,
// the recent ones weighing more, scaled by the phase of the day, by how restless
// the load is and by how high the forecast. Quantiles speak of one step each; what
// the highest value of several steps stays below is Forecast.Peak.
//
// A Config may name the place whose clocks the load lives by, and a calendar of
// holidays and events. Both are met before the models see the series, and put
// back after them.
//
// Invariants, for any series that Series.Validate accepts:
//
//   - no forecast looks past its origin;
//   - the same input gives the same output, bit for bit, whatever the history
//     of calls: nothing is kept between them;
//   - no NaN, no infinity, and nothing negative for a history without negative
//     values;
//   - quantiles do not cross, those from 0.5 up are never below the point, and
//     nothing exceeds three times the highest value known, or, of two hours to
//     two days, that value by more than the range known;
//   - multiplying a series by a power of two, or moving it in time, does the
//     same to its forecast;
//   - little history widens the quantiles, and Maturity and Note say so.
//
// The package knows no clock, no I/O and no other package of this module.
package forecast
