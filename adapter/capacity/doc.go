// Package capacity turns a load forecast into replicas.
//
// In goes what is known of one pool at one instant (the observed load, the
// quantile forecast, the capacity of one replica, the lead times); out comes
// the number that an autoscaler gets, with every term it was made of and a
// reason when it is held, reduced to the reactive floor, or refused. All
// functions are pure.
//
// With obs the observed load, need(d) the replicas that carry the quantile of
// the highest load within the next d, and shadowNeed(d) the same at the shadow
// quantile:
//
//	nowTerm = max( ceil( obs / (capacityPerReplica x (1 - headroom)) ), need(activationLead) )
//	value   = max( nowTerm, need(coldStartLead) - cover )
//	want    = clamp( shadowNeed(shadowLead) - nowTerm, minShadows, budget )
//
// Where resources decide beside the load, each of these is the maximum of the
// load's and theirs. One whose newest sample is older than maxAge asks for what
// it asked for last; by its age only the load refuses a value.
//
// Invariants: the value is never below the reactive floor (the first half of
// nowTerm); loss of data lowers neither it nor nowTerm nor shadowNeed; a value
// that cannot be computed is refused with a reason, never given as 0.
package capacity
