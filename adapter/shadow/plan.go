package shadow

import (
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Plan decides what is to be done about a pool now. The same look at the same
// instant gives the same decision, in whatever order its slices come.
//
// The decision shares memory with the status that was read: neither is written.
//
// The actions stand in the order in which they are to be done: what serves
// sooner comes first, what makes new pods last. Where the decision is Fenced or
// Broken it holds nothing else.
func Plan(now time.Time, in Observed) Decision {
	if broken := in.check(); broken != "" {
		return Decision{Broken: broken}
	}
	if in.fenced() {
		return Decision{Fenced: true}
	}
	p, broken := newPlan(now, &in)
	if broken != "" {
		return Decision{Broken: broken}
	}
	p.reckon()
	p.raiseScale()
	p.activate()
	p.lowerScale()
	if p.acts() {
		p.withdraw()
		p.hide()
		p.resize()
		p.settle()
		p.rewarm()
		p.warm()
		p.unboostReady()
		p.retire()
		p.remember()
		p.refill()
	} else {
		p.remember()
	}
	p.arrange()
	p.report()
	return p.out
}

// arrange puts the actions in their order, those of one kind side by side so that
// they can be done at the same time.
func (p *plan) arrange() {
	slices.SortStableFunc(p.out.Actions, func(a, b Action) int { return p.turn(&a) - p.turn(&b) })
}

// turn is when an action is done: a raise of the scale first, for all else waits
// for it, and a lowering after the pods have left that are used again.
func (p *plan) turn(a *Action) int {
	switch a.Kind {
	case KindScale:
		if a.Replicas > p.in.Workload.Replicas {
			return 0
		}
		return 3
	case KindActivate, KindBridge:
		return 1
	case KindDetach:
		return 2
	case KindWithdraw:
		return 4
	case KindHide:
		return 5
	case KindResize:
		return 6
	case KindSettle:
		return 7
	case KindUnboost:
		return 8
	case KindMarkReady:
		return 9
	case KindMarkWarming:
		return 10
	case KindRewarm:
		return 11
	case KindDelete:
		return 12
	case KindCreate:
		return 13
	}
	return 14
}

// plan is one decision in the making.
type plan struct {
	now  time.Time
	in   *Observed
	spec *v1alpha1.ShadowPoolSpec
	was  *v1alpha1.ShadowPoolStatus
	// The durations of the spec, and those that follow from the leads.
	minReady, timeout, drain time.Duration
	leads                    leads

	sets    []tally
	members []member
	byUID   map[types.UID]int32
	// target is the ReplicaSet that shadows join; nil if there is none, for the
	// reason in held, the first hold that applies to the whole pool.
	target *tally
	held   Reason
	// whole is why new shadows get the whole CPU request of the template.
	whole Reason
	// zones counts the pods that serve, by zone.
	zones map[string]int32

	numbers
	judged Claim
	due    time.Time
	out    Decision
}

// member is a pod and what this decision makes of it.
type member struct {
	*Pod
	state v1alpha1.ShadowState
	fate  fate
	// doom is why a shadow has to end; empty if it need not.
	doom string
	// timedOut says that this decision ends the warm-up of a shadow by its timeout.
	timedOut bool
	// place is where a shadow stands in the order of those that go live.
	place int32
}

// becomes is the state that a pod has once the decision is carried out, as far as
// pods join or leave the traffic; other writes count when they are seen.
func (p *plan) becomes(m *member) v1alpha1.ShadowState {
	switch m.fate {
	case fateGranted:
		if p.bridges() {
			return v1alpha1.ShadowBridged
		}
		return v1alpha1.ShadowActive
	case fateDetached, fateWithdrawn:
		return v1alpha1.ShadowDraining
	case fateDeleted:
		return v1alpha1.ShadowDeactivated
	case fateNone, fateMoved:
	}
	return m.state
}

// fate is what a decision does to a pod beyond leaving it where it is.
type fate uint8

const (
	fateNone fate = iota
	fateGranted
	fateDetached
	fateWithdrawn
	fateDeleted
	fateMoved // any other write
)

// newPlan sorts what was observed. It names what cannot be.
func newPlan(now time.Time, in *Observed) (p *plan, broken string) {
	p = &plan{now: now, in: in, spec: &in.Pool.Spec, was: &in.Pool.Status}
	if err := p.readSpec(); err != nil {
		return nil, err.Error()
	}
	p.out.Status.ExcessSince = p.was.ExcessSince
	p.judged = Claim{Now: now, Epoch: in.Epoch, Pool: in.Pool}
	p.leads = leadsOf(in.Leads, p.minReady)
	p.sets = sortedSets(in)
	var why Reason
	p.target, why = findTarget(&in.Workload, p.sets)
	p.held = p.hold(why)
	p.members = sortedPods(in.Pods)
	p.byUID = make(map[types.UID]int32, len(p.members))
	for i := range p.members {
		p.byUID[p.members[i].UID] = int32(i)
	}
	if len(p.byUID) != len(p.members) {
		return nil, "a pod is there twice"
	}
	p.whole = p.refusedResize()
	return p, ""
}

// sortedPods returns the pods by name.
func sortedPods(pods []Pod) []member {
	sorted := make([]*Pod, len(pods))
	for i := range pods {
		sorted[i] = &pods[i]
	}
	slices.SortFunc(sorted, func(a, b *Pod) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(string(a.UID), string(b.UID))
	})
	out := make([]member, len(pods))
	for i, p := range sorted {
		out[i] = member{Pod: p, state: p.State()}
	}
	return out
}

// named returns where in the members the first pod of a name is, or would be.
// from is where it is if names are looked up in their order.
func (p *plan) named(name string, from int) (i int, found bool) {
	if from < len(p.members) && p.members[from].Name == name {
		return from, true
	}
	return slices.BinarySearchFunc(p.members, name, func(m member, name string) int { return strings.Compare(m.Name, name) })
}

// acts says that the shadows of the pool may be touched at all.
func (p *plan) acts() bool { return !p.in.Paused && !p.in.Pool.ShadowsPaused() }

// bridges says that shadows go live under the pool's ownership.
func (p *plan) bridges() bool { return p.spec.Activation.Mode == v1alpha1.ActivationModeBridge }

// recycles says that pods which no longer serve become shadows again.
func (p *plan) recycles() bool { return p.spec.ScaleIn.Policy == v1alpha1.ScaleInRecycle }

// do adds an action to the decision.
func (p *plan) do(kind Kind, m *member, reason, message string) *Action {
	p.out.Actions = append(p.out.Actions, Action{Kind: kind, Reason: reason, Message: message})
	a := &p.out.Actions[len(p.out.Actions)-1]
	if m != nil {
		a.Pod, a.UID, a.ReplicaSetUID = m.Name, m.UID, m.ReplicaSetUID
	}
	return a
}

// withhold adds to what is withheld.
func (p *plan) withhold(kind Kind, pod string, why Reason) {
	p.out.Held = append(p.out.Held, Held{Kind: kind, Pod: pod, Reason: why})
}

// wake asks to look again at an instant, unless that is past.
func (p *plan) wake(at time.Time) {
	if at.After(p.now) && (p.due.IsZero() || at.Before(p.due)) {
		p.due = at
	}
}

// claim returns what the guards judge of a pod. It holds until the next call.
func (p *plan) claim(m *member) *Claim {
	p.judged.Pod, p.judged.ReplicaSet = m.Pod, nil
	if rs := find(p.sets, m.ReplicaSetUID); rs != nil {
		p.judged.ReplicaSet = rs.ReplicaSet
	}
	return &p.judged
}
