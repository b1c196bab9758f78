// Package invariant judges a recorded history of Kubernetes objects by the
// promises of the lifecycle: who owned which pod when, what served, what was
// deleted. It knows no planner and no actuator, only objects as a watch shows
// them and, where it can be had, the log of writes; so the same Checker judges
// scripts, random orders, simulations and real clusters.
//
// In go events in any order; Finish sorts them by resourceVersion, which counts
// the changes of all kinds on one API server, and returns what was broken.
//
// Tolerances, and why they are needed. A watch has no global order in time, so
// an event is taken to have happened no later than any event of a higher
// resourceVersion was seen. Nobody can act on what has not reached him yet:
// Config.Lag is how old that may be, and a promise about two objects holds
// within it. A promise about one object is exact, for a write on it is atomic.
//
// What each name means:
//
//	H1   no pod that served before an activation is deleted to make room for it;
//	     who is handed over would be the first of the Ready ones to go
//	H2   we delete only pods of the pool, with uid and resourceVersion
//	H3   a ReplicaSet has no more pods than it asks for and was handed;
//	     shadows stay within their budget
//	H4   a pod has one owner, and labels that go with it
//	H5   a shadow is in one intent, goes live once, from the intent, into room
//	     that was there; an earlier leader never overwrites a later one
//	H6   no Service but ours, no budget and no autoscaler selects a shadow
//	H7   an activation is of a warm, Ready pod, into the only active ReplicaSet, with
//	     the template it was made from and no higher CPU limit than that
//	H8   nothing of ours holds up a pod: no gate, no finalizer
//	H9   what was owned goes with its owner, and not after it where that waits
//	H10  an autoscaler stays active, and does not take the surplus for load
//	Rel1 a write on a pod is conditional on the version that was judged
//	Rel4 what is published is never below what the load needs now
//	Rel8 no shadow without an owner
//	Rel9 at rest nothing is written, and a pod that serves bears nothing more of
//	     its hand-over
//
// H11 and Rel5 to Rel7 speak of requests and answers, which no watch shows. Rel2
// is H6, and Rel3 is H3, in other words.
package invariant
