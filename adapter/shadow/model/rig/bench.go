package rig

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/invariant"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
)

// BurstResult is what many activations at once cost.
type BurstResult struct {
	// Took is the time on the virtual clock from the raise of the ReplicaSet to
	// the last activation.
	Took time.Duration
	// Activated are the pods that went live, Writes what was written until the
	// last of them did, conflicts included.
	Activated, Writes, Conflicts int
	// DoubleBindings are pods that were handed over twice.
	DoubleBindings int
	Violations     []invariant.Violation
}

// WritesPerPod is the cost of one of them.
func (b BurstResult) WritesPerPod() float64 { return float64(b.Writes) / float64(max(1, b.Activated)) }

// Burst raises a Deployment by n where n shadows are warm, on a server that
// takes a given time for each write. Some of the shadows change while the first
// writes are under way: these meet a conflict.
func Burst(wait func(), choice model.Choice, n, changed int32, latency time.Duration) (BurstResult, error) {
	s := newBurst(wait, choice, n, latency)
	defer s.Close()
	if !s.Await(time.Hour, func() bool { return s.intended() == int(n) }) {
		return BurstResult{}, fmt.Errorf("warm up %d shadows: %+v", n, s.Summary())
	}
	s.RunFor(time.Minute)
	first, shadows := len(s.log), s.Shadows()
	s.Scale(2 * n)
	if !s.Await(time.Minute, func() bool { return s.wants(2 * n) }) {
		return BurstResult{}, fmt.Errorf("raise the ReplicaSet to %d", 2*n)
	}
	raised, looks := s.Now(), s.looks
	if !s.loop.RunUntil(time.Minute, func() bool { return s.looks > looks }) {
		return BurstResult{}, errors.New("look at the raise")
	}
	for _, p := range shadows[:changed] {
		s.Touch(p)
	}
	if !s.Await(time.Minute, func() bool { return len(s.Shadows()) == 0 }) {
		return BurstResult{}, fmt.Errorf("activate %d shadows: %+v", n, s.Summary())
	}
	out := count(s.log[first:], raised)
	s.RunFor(time.Minute)
	out.Violations = s.Checker.Finish(s.Now())
	return out, nil
}

// newBurst makes a Deployment of n pods with room for n shadows. Nothing but the
// write is left to chance between the raise and the last activation.
func newBurst(wait func(), choice model.Choice, n int32, latency time.Duration) *Shop {
	slow := model.Range{Low: 25 * time.Second, High: 25 * time.Second}
	queue := model.Range{Low: time.Millisecond, High: time.Millisecond}
	timing := model.Usual()
	timing.Pull, timing.Start = slow, slow
	timing.ControllerQPS = 0 // how fast the ReplicaSet makes cold pods is not the question
	r := New(Options{
		Wait: wait, Choice: choice, Timing: timing, Request: model.Range{Low: latency, High: latency}, Restart: time.Second,
		Gather: 25 * time.Millisecond, Queue: &queue,
		Leads: shadow.Leads{ColdStart: time.Minute, ColdStartMin: 40 * time.Second, WarmUp: 3 * time.Second, Refresh: time.Minute},
	})
	r.AddNodes(30)
	s := r.NewShop("shop", n, func(p *v1alpha1.ShadowPool) { p.Spec.MinShadows, p.Spec.MaxShadows = &n, &n }, nil)
	r.RunFor(2 * time.Minute)
	r.Lead()
	return s
}

// intended is how many shadows the intent lists.
func (s *Shop) intended() int {
	if p := s.Pool(); p != nil && p.Status.Intent != nil {
		return len(p.Status.Intent.PodUIDs)
	}
	return 0
}

// count sums up the writes up to the last activation.
func count(log []Entry, from time.Time) BurstResult {
	var out BurstResult
	bound := map[string]int{}
	for _, e := range log {
		out.Writes++
		if e.Err != nil {
			out.Conflicts++
		}
		if e.Write.Kind == shadow.KindActivate && e.Changed {
			out.Activated++
			bound[e.Write.Object.GetName()]++
			out.Took = e.At.Sub(from)
		}
	}
	for _, n := range bound {
		out.DoubleBindings += n - 1
	}
	return out
}

// wants says that a ReplicaSet of the shop asks for so many pods.
func (s *Shop) wants(n int32) bool {
	for _, rs := range s.ReplicaSets() {
		if *rs.Spec.Replicas == n {
			return true
		}
	}
	return false
}

// RestResult is what many pools at rest cost.
type RestResult struct {
	Pools int
	// Writes is what was written within the hour, Looks how often a pool was
	// looked at.
	Writes, Looks int
	// Kinds are what was written, for who wants to know why.
	Kinds []string
}

// between is how often AtRest has every pool looked at.
const between = 10 * time.Minute

// AtRest lets many pools under constant load be for a while of virtual time. Now
// and then each of them is looked at, as for an event that changes nothing.
func AtRest(wait func(), choice model.Choice, pools int, d time.Duration) (RestResult, error) {
	r := New(Options{
		Wait: wait, Choice: choice, Timing: model.Usual(), Request: model.Range{Low: time.Millisecond, High: time.Millisecond}, Restart: time.Second,
		Leads: shadow.Leads{ColdStart: 20 * time.Second, ColdStartMin: 5 * time.Second, WarmUp: 3 * time.Second, Refresh: time.Minute},
	})
	defer r.Close()
	r.Checker = nil
	r.AddNodes(8)
	shops := make([]*Shop, pools)
	for i := range shops {
		shops[i] = r.NewShop(fmt.Sprintf("shop-%d", i), 2, func(p *v1alpha1.ShadowPool) { p.Spec.MinShadows = new(int32(1)) }, nil)
		shops[i].Publish(Need{Floor: 2, Now: 2, Value: 2, Shadow: 3})
	}
	leader := r.Lead()
	r.RunFor(30 * time.Minute)
	for _, s := range shops {
		if diff := s.unsettled(); diff != "" {
			return RestResult{}, fmt.Errorf("bring %s to rest (-want +got):\n%s", s.Namespace, diff)
		}
	}
	before, looks := len(r.log), r.looks
	for end := r.Now().Add(d); r.Now().Before(end); {
		leader.wake()
		r.RunFor(min(between, end.Sub(r.Now())))
	}
	out := RestResult{Pools: pools, Writes: len(r.log) - before, Looks: r.looks - looks}
	for _, e := range r.log[before:] {
		out.Kinds = append(out.Kinds, fmt.Sprintf("%s %s/%s", e.Write.Verb, kindName(e.Write.Object), e.Write.Subresource))
	}
	slices.Sort(out.Kinds)
	out.Kinds = slices.Compact(out.Kinds)
	return out, nil
}
