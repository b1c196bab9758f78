// Package history turns PromQL into series on a regular grid.
//
// In goes an expression, checked by CheckQuery (pools from a file) or bound to
// the pool's namespace by Confine (pools from the API server). A Reader asks a
// Source for it, first for the whole window, then for what is new, and gives a
// Load: one forecast.Series with explicit gaps. There are two Sources: Remote,
// for any server with the Prometheus HTTP API, and history/embedded, for a
// machine without one. The suite historytest.Run says what both must do.
//
// Invariants:
//
//   - every value that leaves is finite, its time on the grid, times ascending;
//   - an answer counts as a whole or not at all;
//   - a step without a value is a gap, never 0;
//   - an error changes nothing that was read before;
//   - an answer with warnings marks the Load degraded until the same range came
//     without;
//   - what one query may cost in time, bytes, series, points, requests and
//     attempts is bounded by Limits and RemoteConfig; Confine also bounds the
//     ranges, offsets and subqueries within it;
//   - a deadline is for one chunk of a range, runs while it is asked for and not
//     while it waits for a slot; a long range has ten minutes to begin its chunks;
//   - a server's Retry-After holds for all queries, for five minutes at most;
//   - with a Fair, one tenant's queries leave slots to the others';
//   - no window is read whole each time: after an answer that is no Load, or a
//     change of labels, it is read again 1, 2, 4, ... 64 reads later, and at once
//     when a missing series appears; until then the error stays the same;
//   - no lock is held while a request is under way;
//   - no message holds credentials, a value of a configuration file or more than
//     a line of a stranger's text.
//
// What happens to samples, by the reason under which they are counted:
//
//	sample                               reason         treatment
//	NaN                                  nan            left out: a gap
//	+Inf, -Inf                           inf            left out: a gap
//	stale marker                         stale          left out; PromQL ends the series there: a gap
//	two at one instant                   duplicate      the higher one stays
//	older than its predecessor           out_of_order   put in its place
//	beside the grid, outside the range   off_grid       left out
//	a native histogram, not a number     histogram      left out; an error if there is nothing else
//	below 0 or above 1e15                out_of_range   left out by the Reader: no load
//	missing step                         -              a gap; leading gaps are cut off
//	late, up to LateSteps                -              read again with each delta
//	late, up to a day                    -              read again with the first read of the next UTC day
//	series vanishes                      -              gaps up to now; Series.Last tells its age
//	empty answer                         -              gaps; ErrNoSeries if the whole window is empty
//	another series takes over            -              the whole window is read again
//	two series or more                   -              ErrManySeries with up to three label sets
package history
