package invariant

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Checker takes a history and judges it. It is not safe for concurrent use.
type Checker struct {
	cfg    Config
	events []Event
	writes []Write
	rests  []span
	away   []span

	w     *world
	now   time.Time
	found []Violation
	seen  map[Violation]bool
	// Excused counts pods that died although they had served, by an order of
	// things that nobody can prevent: they were not Ready when the ReplicaSet
	// looked.
	Excused int
	// Exposed counts shadows that a selector matched which was made later.
	Exposed int
	// Activations counts the pods that were handed over.
	Activations int
}

type span struct {
	from, to time.Time
	judged   bool
}

// New returns a checker without history.
func New(cfg Config) *Checker {
	return &Checker{cfg: cfg.withDefaults(), w: newWorld(), seen: map[Violation]bool{}}
}

// Observe takes an event, in any order.
func (c *Checker) Observe(e Event) { c.events = append(c.events, e) }

// ObserveWrite takes a write, in any order. Without writes H2, Rel1 and Rel9
// cannot be judged.
func (c *Checker) ObserveWrite(w Write) { c.writes = append(c.writes, w) }

// Rest says that nothing happened from one instant to another that would have
// asked for a write of ours.
func (c *Checker) Rest(from, to time.Time) { c.rests = append(c.rests, span{from: from, to: to}) }

// Away says that nobody led from one instant to another: what has to be put right
// within a time may take that much longer.
func (c *Checker) Away(from, to time.Time) { c.away = append(c.away, span{from: from, to: to}) }

// awaySince is for how long nobody led since an instant.
func (c *Checker) awaySince(from time.Time) (d time.Duration) {
	for _, s := range c.away {
		begin, end := s.from, s.to
		if begin.Before(from) {
			begin = from
		}
		if end.After(c.now) {
			end = c.now
		}
		d += max(0, end.Sub(begin))
	}
	return d
}

// Finish judges the history and returns what it breaks, in order of time. The
// history ends with the last event or at end, whichever is later.
func (c *Checker) Finish(end time.Time) []Violation {
	c.sort()
	for _, e := range c.events {
		c.reachRests(e.Time)
		c.now = e.Time
		c.w.now = e.Time
		c.expire()
		c.step(e)
	}
	if end.After(c.now) {
		c.reachRests(end)
		c.now = end
	}
	c.expire()
	c.atEnd()
	c.judgeWrites()
	slices.SortStableFunc(c.found, func(a, b Violation) int { return a.Time.Compare(b.Time) })
	return c.found
}

// sort puts the events in the order of their resourceVersions, and makes the
// times agree with it: what was seen late happened no later than what followed.
func (c *Checker) sort() {
	slices.SortStableFunc(c.events, func(a, b Event) int { return cmp.Compare(a.Sequence(), b.Sequence()) })
	for i := len(c.events) - 2; i >= 0; i-- {
		if next := c.events[i+1].Time; next.Before(c.events[i].Time) {
			c.events[i].Time = next
		}
	}
	slices.SortStableFunc(c.writes, func(a, b Write) int { return a.Time.Compare(b.Time) })
}

func (c *Checker) step(e Event) {
	gone := e.Type == Deleted
	switch o := e.Object.(type) {
	case *corev1.Pod:
		c.stepPod(o, gone)
	case *appsv1.ReplicaSet:
		c.stepReplicaSet(o, gone)
	case *appsv1.Deployment:
		c.w.deployments.put(o, gone, c.now)
		c.stepSelector("Deployment", o, deploymentSelector(o), gone)
	case *v1alpha1.ShadowPool:
		c.stepPool(o, gone)
	case *discoveryv1.EndpointSlice:
		c.stepSlice(o, gone)
	case *corev1.Service:
		c.w.services.put(o, gone, c.now)
		c.stepSelector("Service", o, serviceSelector(o), gone)
	case *policyv1.PodDisruptionBudget:
		c.stepSelector("PodDisruptionBudget", o, labelSelector(o.Spec.Selector), gone)
	case *autoscalingv2.HorizontalPodAutoscaler:
		c.stepHPA(o, gone)
	}
}

// broken notes a violation, once for each sentence.
func (c *Checker) broken(invariant, object, message string) {
	key := Violation{Invariant: invariant, Object: object, Message: message}
	if c.seen[key] {
		return
	}
	c.seen[key] = true
	key.Time = c.now
	c.found = append(c.found, key)
}
