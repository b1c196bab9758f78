// Package cli holds the verbs of kubectl-foreshadow.
//
// [New] returns the command; what it reads and writes, and the clock, come in.
// Every verb is one or two reads and at most one write of the ShadowPool through
// adapter/client, and a text that is the same on a terminal and in a file. What
// a person reads is made of the same values that -o json prints.
package cli
