// Package observe turns the Kubernetes objects around a pool into what the
// planner sees. It reads objects that were handed to it and asks nobody: World
// goes in, shadow.Observed comes out, and what goes in is never written, for it
// may belong to a cache.
//
// The parts that others need stand apart: View looks at one pod again with all
// that was found of the rest, HideKeys finds the labels that a shadow may not
// bear, Drift compares a shadow with a live pod, Twins writes the policies that
// shadows lack, Learner learns how long pods take to start.
//
// Invariants: the same World gives the same Observed, whatever the order of its
// slices; nothing that cannot be read from an object is taken for true (a pod is
// warm only if its condition says so and no container has been started since); a
// refusal names the object and the remedy.
package observe
