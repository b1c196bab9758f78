// Package sources holds the servers that pools may read their load from, by the
// name that spec.load.source gives: the default, which flags configure, and
// those of a file that the operator writes.
//
// Invariants:
//
//   - a source is asked for pools of the namespaces alone that its entry lists;
//   - no credential stands in the file: it names files that hold them, which are
//     read again by themselves when they change;
//   - a version of the file that is refused leaves the last good one in use;
//   - a pool never reads on from a source that holds other data now: it is told,
//     and read anew.
package sources
