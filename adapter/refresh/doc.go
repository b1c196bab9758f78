// Package refresh keeps the published numbers of every pool up to date: it
// reads the history, forecasts, computes the capacity and publishes a snapshot,
// once an interval for each pool.
//
// A [Loop] is one pool; [Loop.Tick] is one round, driven by whoever owns the
// time. A [Manager] runs a loop for each pool that it is told of.
//
// What holds:
//
//   - a value is a function of the history and of the step in which it is
//     asked for, so that two replicas answer alike: models are fitted on whole
//     days (whole hours of a young history), not when a process happens to
//     start;
//   - a read that fails loses nothing: the last forecast advances with the
//     clock, and the value may go up but not down;
//   - one pool's bad query delays and hides no other pool.
package refresh
