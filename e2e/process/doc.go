// Package process starts the programs that the end-to-end tests run and owns
// them until they have ended.
//
// In goes a path, its arguments and a folder for logs; out comes a Process.
// Invariants: a child dies with the test binary even if that is killed; every
// wait has a deadline; an error about a child carries the end of its log; ports
// are free ones, never fixed.
package process
