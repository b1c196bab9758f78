// Package scrape reads from the sidecars of shadows how warm they are: a look
// returns at once with what was read last, and has it read anew in the
// background, with bounds on the number of reads at once, their time and their
// size.
//
// What a sidecar says is evidence and no proof. It counts only for a pod that the
// kubelet calls Ready and that is labelled as warming up, and only where it
// is of this warm-up, has enough requests behind it and contradicts itself nowhere.
package scrape
