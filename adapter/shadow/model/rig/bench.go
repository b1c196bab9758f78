package rig

import (
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
// takes a given time for each write. Some of the shadows change under the
// writes, so that conflicts are part of it.
func Burst(wait func(), choice model.Choice, n int32, latency time.Duration) (BurstResult, error) {
	timing := model.Usual()
	timing.Pull, timing.Start = model.Range{Low: 20 * time.Second, High: 30 * time.Second}, model.Range{Low: 20 * time.Second, High: 30 * time.Second}
	timing.ControllerQPS = 0 // how fast the ReplicaSet makes cold pods is not the question
	r := New(Options{
		Wait: wait, Choice: choice, Timing: timing, Request: model.Range{Low: latency, High: latency}, Restart: time.Second,
		Leads: shadow.Leads{ColdStart: 60 * time.Second, ColdStartMin: 40 * time.Second, WarmUp: 3 * time.Second, Refresh: time.Minute},
	})
	defer r.Close()
	r.AddNodes(30)
	s := r.NewShop("shop", n, func(p *v1alpha1.ShadowPool) { p.Spec.MinShadows, p.Spec.MaxShadows = &n, &n })
	r.RunFor(2 * time.Minute)
	r.Lead()
	if !r.Await(time.Hour, func() bool { return s.Summary().Intended == int(n) }) {
		return BurstResult{}, fmt.Errorf("warm up %d shadows: %+v", n, s.Summary())
	}
	r.RunFor(time.Minute)
	first := len(r.log)
	s.Scale(2 * n)
	if !r.Await(time.Minute, func() bool { return s.wants(2 * n) }) {
		return BurstResult{}, fmt.Errorf("raise the ReplicaSet to %d", 2*n)
	}
	raised := r.Now()
	// One shadow in fifty has a change of its status on the way.
	for i, p := range s.Shadows() {
		if i%50 == 0 {
			r.Touch(p)
		}
	}
	if !r.Await(time.Minute, func() bool { return len(s.Shadows()) == 0 }) {
		return BurstResult{}, fmt.Errorf("activate %d shadows: %+v", n, s.Summary())
	}
	out := count(r.log[first:], raised)
	r.RunFor(time.Minute)
	out.Violations = r.Checker.Finish(r.Now())
	return out, nil
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

// AtRest lets many pools under constant load be for a while of virtual time.
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
		shops[i] = r.NewShop(fmt.Sprintf("shop-%d", i), 2, func(p *v1alpha1.ShadowPool) { p.Spec.MinShadows = new(int32(1)) })
		shops[i].Publish(Need{Floor: 2, Now: 2, Value: 2, Shadow: 3})
	}
	r.Lead()
	r.RunFor(30 * time.Minute)
	for _, s := range shops {
		if diff := s.unsettled(); diff != "" {
			return RestResult{}, fmt.Errorf("bring %s to rest (-want +got):\n%s", s.Namespace, diff)
		}
	}
	before, looks := len(r.log), r.looks
	r.RunFor(d)
	out := RestResult{Pools: pools, Writes: len(r.log) - before, Looks: r.looks - looks}
	for _, e := range r.log[before:] {
		out.Kinds = append(out.Kinds, fmt.Sprintf("%s %s/%s", e.Write.Verb, kindName(e.Write.Object), e.Write.Subresource))
	}
	slices.Sort(out.Kinds)
	out.Kinds = slices.Compact(out.Kinds)
	return out, nil
}
