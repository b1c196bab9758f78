package rig

import (
	"fmt"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/invariant"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
)

// Report is what became of a run.
type Report struct {
	Violations []invariant.Violation
	// Unsettled says how the end differs from what it should be; empty if not.
	Unsettled string
	// Log is what was done to the shop.
	Log []string
	// Writes and Activations count what the product did, Excused and Exposed
	// what the checker let pass.
	Writes, Activations, Excused, Exposed int
	// WarmUp are those of the writes that came before the story.
	WarmUp int
}

// OK says that nothing was broken.
func (r Report) OK() bool { return len(r.Violations) == 0 && r.Unsettled == "" }

const (
	// settling is how long a run has to come to rest once the faults have
	// stopped, resting how long nothing may be written then.
	settling = 8 * time.Minute
	resting  = 10 * time.Minute
	// maxWrites is several times what a run needs.
	maxWrites = 2000
)

// Random lets one run happen in which everything is drawn: timing, faults,
// trouble. A tamper makes the product wrong.
func Random(wait func(), choice model.Choice, tamper Tamper) Report {
	r := newTrial(wait, choice, tamper)
	defer r.Close()
	r.chaos = NewChaos(r.Shop, choice, []int{0, 0, 5, 15}[r.loop.IntN(4)])
	for range 3 + r.loop.IntN(10) {
		r.chaos.Do()
		if r.loop.Chance(2) {
			r.RunFor(r.loop.Between(0, 400*time.Millisecond))
		} else {
			r.RunFor(r.loop.Between(0, 12*time.Second))
		}
	}
	r.chaos.Calm()
	return r.end(r.chaos)
}

// trial is a shop with warm shadows, to which anything may happen.
type trial struct {
	*Shop
	chaos *Chaos
}

// newTrial draws a shop and how fast everything is.
func newTrial(wait func(), choice model.Choice, tamper Tamper) *trial {
	out := &trial{}
	opts := Options{
		Wait: wait, Choice: choice, Timing: model.Usual(), Watch: 100 * time.Millisecond,
		Request: model.Range{Low: time.Millisecond, High: 10 * time.Millisecond}, Answer: model.Range{High: 5 * time.Millisecond},
		Restart: 2 * time.Second,
		Leads:   shadow.Leads{ColdStart: 10 * time.Second, ColdStartMin: 3 * time.Second, WarmUp: 3 * time.Second, Refresh: time.Minute},
		Tamper:  tamper, MaxWrites: maxWrites,
		Check: invariant.Config{Lag: MaxHang + 3*time.Second, EndpointLag: 3 * time.Second, HideWithin: 2*time.Second + MaxHang},
		Fault: func(n int, w actuate.Write) Fault {
			if out.chaos == nil {
				return None
			}
			return out.chaos.Fault(n, w)
		},
	}
	opts.Timing.NodeGone, opts.Timing.Tolerate = 10*time.Second, 30*time.Second
	r := New(opts)
	r.vary()
	r.AddNodes(8)
	var alter func(*v1alpha1.ShadowPool)
	var deploy func(*appsv1.Deployment)
	if r.loop.Chance(4) {
		alter, deploy = boosts, limitsCPU
	}
	out.Shop = r.NewShop("shop", int32(3+r.loop.IntN(4)), alter, deploy)
	if r.loop.Chance(3) {
		out.Publish(Need{Floor: 3, Now: 3, Value: 3, Shadow: 7})
	}
	r.Lead()
	r.Await(2*time.Minute, func() bool { return out.Summary().Intended >= 3 })
	return out
}

// vary draws the speeds of a run.
func (r *Rig) vary() {
	t := &r.opts.Timing
	if r.loop.Chance(3) { // a fast app
		t.Pull, t.Start = model.Range{Low: 50 * time.Millisecond, High: 300 * time.Millisecond}, model.Range{Low: 100 * time.Millisecond, High: time.Second}
	}
}

// end waits for rest and judges the run.
func (s *Shop) end(chaos *Chaos) Report {
	s.RunFor(settling)
	s.Checker.Rest(s.Now(), s.Now().Add(resting))
	s.RunFor(resting)
	out := Report{Unsettled: s.unsettled(), Writes: s.writes}
	if chaos != nil {
		out.Log = chaos.Log()
	}
	out.Violations = s.Checker.Finish(s.Now())
	out.Activations, out.Excused, out.Exposed = s.Checker.Activations, s.Checker.Excused, s.Checker.Exposed
	return out
}

// unsettled compares the shop with what it should be once everything is done.
func (s *Shop) unsettled() string {
	got := s.Summary()
	want := Summary{Wanted: got.Wanted, Live: got.Wanted, Serving: got.Wanted}
	want.Images, want.ShadowImages = "[]", "[]"
	if d := s.Deployment(); d != nil {
		image := fmt.Sprint([]string{d.Spec.Template.Spec.Containers[0].Image})
		if got.Wanted > 0 {
			want.Images = image
		}
		if p := s.Pool(); p != nil {
			want.Shadows = wanted(p, got.Wanted)
		}
		if want.Shadows > 0 {
			want.ShadowImages = image
		}
	}
	want.Warm, want.Intended = want.Shadows, want.Shadows
	return cmp.Diff(want, got)
}

// wanted is how many shadows a pool should have, from its spec and what is
// published.
func wanted(p *v1alpha1.ShadowPool, replicas int) int {
	least := int(*p.Spec.MinShadows)
	c := p.Status.Capacity
	if c == nil || c.ShadowReplicas == nil {
		return min(least, int(*p.Spec.MaxShadows))
	}
	share := (replicas*int(*p.Spec.ShadowPercentage) + 99) / 100
	budget := min(int(*p.Spec.MaxShadows), max(least, share))
	return max(least, min(int(*c.ShadowReplicas-*c.NowReplicas), budget))
}
