// Package shadow decides what becomes of the shadows of a pool.
//
// In goes Observed, what one look at the cluster found: the pool, its workload,
// the ReplicaSets, the pods, what is published, how warm each shadow is. Out
// comes a Decision: actions in the order in which they are to be done, the
// status to write, what was withheld, and a reason for each. Plan is a pure
// function: no request, no clock, no goroutine, no log, nothing kept between two
// calls. The pods are the truth; what cannot be read from them stands in the
// pool's status.
//
// The packages below it do the rest: observe turns Kubernetes objects into
// Observed, actuate turns actions into writes and does them, cluster watches and
// leads. model is a control plane in memory, and invariant judges any recorded
// history, the model's or a real one's.
//
// Invariants of each Decision: an activation only in mode Active, of a pod that
// is Ready and warm, of the ReplicaSet that is the only active one, listed in
// the written intent, and never more of them than the ReplicaSet lacks or has
// Pending; a deletion only of a pod that the pool owns; no creation beside an
// activation.
package shadow
