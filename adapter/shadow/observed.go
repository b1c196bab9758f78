package shadow

import (
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Observed is what one look found of a pool and its workload. Slices may come in
// any order and are not written.
type Observed struct {
	// Pool is the defaulted pool with its status as it was read; its intent and
	// epoch count, the rest of the status is what Plan compares with.
	Pool *v1alpha1.ShadowPool
	// Epoch is that of the leader who looks; it grows with each leader.
	Epoch int64
	// Paused says that the whole installation is paused.
	Paused bool

	Workload    Workload
	ReplicaSets []ReplicaSet
	// Pods are those of the ReplicaSets and those that the pool owns or made.
	Pods []Pod

	Published Published
	// Leads are what was learnt, zero where nothing was.
	Leads Leads
	// Room bounds how many more shadows may exist.
	Room Room
	// Refusals say why shadows of this workload are refused or held, the
	// gravest first; empty if nothing stands against them.
	Refusals []Reason
	// Warnings become conditions and hold nothing.
	Warnings []Reason
	// Resized is when this leader last gave a pod its CPU request back, Unboosted
	// when it last took a higher CPU limit back; zero if never.
	Resized, Unboosted time.Time
}

// Reason is why something is refused, held or done: one word for conditions and
// metrics, and a sentence that names the object and the remedy.
type Reason struct {
	// Condition is the type of the condition that shows it; empty where it is
	// only a reason of ConditionShadowsReady.
	Condition string
	Reason    string
	Message   string
}

// Workload is what the pool serves.
type Workload struct {
	// Kind is Deployment, ReplicaSet or Rollout; Exists is false if it is gone.
	Kind, Name       string
	UID              types.UID
	Exists, Deleting bool
	// Replicas is its spec.replicas.
	Replicas int32
	// MaxSurge is how many pods a rollout adds at once.
	MaxSurge int32
	// Stable says that the workload's controller has seen its newest spec and
	// is done with it: for a Rollout that it is Healthy.
	Stable bool
	// CurrentUID is the ReplicaSet of the newest template, empty if it is not
	// there yet.
	CurrentUID types.UID
	// OursAsked says that an autoscaler of the workload reads our metric.
	OursAsked bool
}

// ReplicaSet is one of the workload's.
type ReplicaSet struct {
	Name     string
	UID      types.UID
	Deleting bool
	// Replicas is its spec.replicas.
	Replicas int32
	// Generation and ObservedGeneration are those of the object and its status.
	Generation, ObservedGeneration int64
	// Template is the hash of its pod template, as v1alpha1.TemplateAnnotation
	// of a shadow holds it.
	Template string
	// Failing is why it cannot make pods (its condition ReplicaFailure), if so.
	Failing string
}

// Active says that the ReplicaSet is meant to have pods.
func (r *ReplicaSet) Active() bool { return r.Replicas > 0 }

// Owner says who controls a pod.
type Owner string

// The owners that matter to a pool.
const (
	OwnerPool       Owner = "Pool"
	OwnerReplicaSet Owner = "ReplicaSet" // one of Observed.ReplicaSets
	OwnerNone       Owner = "None"
	OwnerOther      Owner = "Other"
)

// Phase is the phase of a pod as far as it matters.
type Phase string

// The phases.
const (
	PhasePending  Phase = "Pending"
	PhaseRunning  Phase = "Running"
	PhaseFinished Phase = "Finished" // Succeeded or Failed
)

// Boost is what a pod has of the higher CPU limit of its warm-up.
type Boost string

// The boosts. While one ends, the pod's spec has the template's limit again and
// nothing says that its containers have it.
const (
	BoostNone   Boost = ""
	BoostOn     Boost = "On"
	BoostEnding Boost = "Ending"
)

// Pod is one pod of the workload, live or shadow.
type Pod struct {
	Name  string
	UID   types.UID
	Owner Owner
	// ReplicaSetUID is the owning ReplicaSet's, or the one that a shadow is for.
	ReplicaSetUID types.UID
	// Template is the hash of the template that a shadow was made from.
	Template string
	// Label is the state that the pod's label says; empty for a pod that the
	// ReplicaSet made itself. What the state is now, State derives.
	Label v1alpha1.ShadowState
	// Live says that the pod's labels are those of its ReplicaSet's template.
	Live bool
	// Exposed names the objects whose selectors match the pod although it is a
	// shadow, such as "Service/web"; HideKeys are the label keys whose removal
	// ends that, empty if nothing does.
	Exposed  []string
	HideKeys []string
	// Drift names the first field in which admission made the shadow other than
	// a live pod; empty if none.
	Drift string

	Phase Phase
	// Node and Zone are where it runs; empty before it is scheduled.
	Node, Zone string
	// NodeGone says that its node is not Ready or no longer there.
	NodeGone bool
	// NodeGrace is until when a node that is not there may be one that the cache
	// does not show yet: a shadow on it does not go live, but stays. Zero where
	// the node is known not to be Ready.
	NodeGrace time.Time
	Deleting  bool
	// Evicted says that somebody disrupts or disrupted it: eviction, preemption,
	// drain, node pressure.
	Evicted  bool
	Restarts int32

	CreatedAt time.Time
	// ReadyAt is since when the pod is Ready; zero while it is not.
	ReadyAt time.Time
	// UnreadyAt is since when the pod is not Ready; zero while it is, or where
	// nobody says.
	UnreadyAt time.Time
	// WarmedAt is since when the pod is warm; zero while it is not, or has been
	// started anew since.
	WarmedAt time.Time
	// ActivatedAt is when it was handed over, DrainingSince when it left the
	// traffic again; zero if neither.
	ActivatedAt, DrainingSince time.Time
	// Costed says that the very low deletion cost of the hand-over is still set.
	Costed bool
	// Shrunk says that its CPU request is below the template's; Resize is why it
	// stays so ("Deferred", "Infeasible", ResizeRefused), empty while nothing was
	// asked or it is done.
	Shrunk bool
	Resize string
	// ResizeWhy is what the API server said when it refused, ResizeAt when it is
	// asked again; zero: not at all.
	ResizeWhy string
	ResizeAt  time.Time
	// Boost is how far the higher CPU limit of its warm-up is from being gone.
	Boost Boost

	// TimedOut says that the pod counts as warm by the timeout of its warm-up.
	TimedOut bool
	// WarmUp is the progress of a warming shadow.
	WarmUp Progress
	// Epoch is that of the leader that wrote the pod last, 0 if none did.
	Epoch int64
}

// Ready says that the pod is Ready now.
func (p *Pod) Ready() bool { return !p.ReadyAt.IsZero() }

// Active says that the pod counts for a ReplicaSet: neither finished nor ending.
func (p *Pod) Active() bool { return p.Phase != PhaseFinished && !p.Deleting }

// Progress is how warm a shadow is.
type Progress struct {
	// Ratio is 0 to 1.
	Ratio float64
	// Stage is the condition that is still missing, in one word; empty at 1.
	Stage string
	// Done says that the shadow is warm.
	Done bool
}

// Published is what the metrics role says in the pool's status.
type Published struct {
	// Known is false while there is no forecast to go by, or the role is down:
	// the pool then keeps minShadows, and every raise is taken as needed now.
	Known bool
	// Value is what the autoscaler is given, NowTerm the part needed now.
	Value, NowTerm int32
	// ShadowNeed is the need at shadowQuantile within the shadows' lead.
	ShadowNeed int32
}

// Leads are the learnt start-up times, zero where not known.
type Leads struct {
	// ColdStart is the 0.95 quantile from creation to Ready, ColdStartMin the
	// shortest one seen; WarmUp the quantile from Ready to warm.
	ColdStart, ColdStartMin, WarmUp time.Duration
	// Refresh is the time between two forecasts.
	Refresh time.Duration
}

// Room is what quotas and caps leave, in pods.
type Room struct {
	// Pods is how many more pods like a shadow may be created; negative if
	// nothing bounds it.
	Pods int32
	// By names what bounds it, such as "ResourceQuota/team (pods)".
	By string
	// Caps is how many more shadows the caps of the installation and of the
	// namespace leave, where CapsBy names one of them. Live pods need no part
	// of it, so nothing of it is kept back.
	Caps   int32
	CapsBy string
}
