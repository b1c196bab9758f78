package shadow

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Kind is what an action does.
type Kind string

// The kinds of actions. The numbers are the transitions of docs/lifecycle.md.
const (
	// KindActivate hands a shadow over to the ReplicaSet (T5).
	KindActivate Kind = "Activate"
	// KindBridge gives a shadow its live labels; the pool stays its owner (T8).
	KindBridge Kind = "Bridge"
	// KindScale sets the workload's replicas, where the pool owns its scale.
	KindScale Kind = "Scale"
	// KindDetach takes a live pod that was a shadow back out of the ReplicaSet
	// to be recycled: hidden labels, owner the pool, draining (T11).
	KindDetach Kind = "Detach"
	// KindWithdraw hides a bridged shadow again; it drains (T9).
	KindWithdraw Kind = "Withdraw"
	// KindHide hides a shadow from a selector that matches it.
	KindHide Kind = "Hide"
	// KindResize gives an activated pod its CPU request back.
	KindResize Kind = "Resize"
	// KindUnboost takes the higher CPU limit of its warm-up from a shadow.
	KindUnboost Kind = "Unboost"
	// KindSettle ends the hand-over of a pod: its deletion cost is restored (T7).
	KindSettle Kind = "Settle"
	// KindDelete ends a shadow (T10).
	KindDelete Kind = "Delete"
	// KindCreate makes a shadow (T1).
	KindCreate Kind = "Create"
	// KindMarkWarming and KindMarkReady write the state of a shadow (T2, T3);
	// KindMarkReady writes the condition Warmed first.
	KindMarkWarming Kind = "MarkWarming"
	KindMarkReady   Kind = "MarkReady"
	// KindRewarm ends the drain of a recycled pod: it warms up again (T12).
	KindRewarm Kind = "Rewarm"
)

// Action is one thing to do. Reason says why, in one word, Message in a sentence.
type Action struct {
	Kind Kind
	// Pod and UID name the pod; for KindCreate Pod is the name that the new one
	// gets and UID is empty.
	Pod string
	UID types.UID
	// ReplicaSetUID is the ReplicaSet that the pod joins, leaves or is made for.
	ReplicaSetUID types.UID
	// Replicas is for KindScale.
	Replicas int32
	// Keys are the labels that KindHide hides.
	Keys []string
	// Whole says that KindCreate makes a shadow with the CPU request of the
	// template, whatever the pool says.
	Whole bool
	// TimedOut says that KindMarkReady ends a warm-up by its timeout.
	TimedOut bool

	Reason, Message string
}

// Held is something that was withheld.
type Held struct {
	Kind Kind
	// Pod is empty where the whole pool is held.
	Pod string
	Reason
}

// Terms are the numbers of a decision, in replicas.
type Terms struct {
	// Want is how many shadows there should be, Budget their bound, Have those
	// that count.
	Want, Budget, Have int32
	// HeldBack is what quota and caps keep from Want.
	HeldBack int32
	// Desired is the ReplicaSet's spec.replicas, Live its active pods.
	Desired, Live int32
	// Missing = Desired - Live, may be negative; Pending are young pods that it
	// made and that do not run yet.
	Missing, Pending int32
	// Ahead is the part of a raise that was asked for ahead of time.
	Ahead int32
	// Warm are the shadows that could go live now, Grants those that do.
	Warm, Grants int32
	// Cover is what stands in for cold starts.
	Cover int32
}

// Decision is what is to be done about one pool.
type Decision struct {
	Actions []Action
	Held    []Held
	Terms   Terms
	// Status holds the fields of the status that the shadows role owns, as they
	// are to be once the actions have begun.
	Status v1alpha1.ShadowPoolStatus
	// Fenced says that a later leader has written: this one must stop.
	Fenced bool
	// Broken names an invariant that does not hold in Observed: nothing is done.
	Broken string
	// Requeue is when to look again although nothing changes; 0: not at all.
	Requeue time.Duration
}
