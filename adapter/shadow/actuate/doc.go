// Package actuate turns the planner's actions into writes, each conditional on
// what was judged, and does them. It decides nothing.
//
// An action is judged with the guards of package shadow, written, and the object
// that comes back compared with what was asked for: a write without an error is
// no proof. A conflict, or an answer that never came, leads to a live read: what
// is found there is done already, gone, or judged anew.
//
// Activations go first, all at once, after one live read of their ReplicaSet and
// one of the pool at the same time, and with no write before them. New shadows
// wait for a live read of the pool, too: what else a leader writes that was
// overtaken, the version of the object refuses. The status comes last.
//
// The Overlay holds what our writes returned until the caches show it, so that a
// cache that lags makes nobody act twice.
package actuate
