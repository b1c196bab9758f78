package shadow

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// slowTerms computes want, budget and grants the long way round: it counts up
// and down and tries, where the planner calculates. It speaks of a pool that
// nothing holds, with one ReplicaSet, that adopts.
type slowTerms struct {
	in               *Observed
	occupied, joined int32
}

// budget tries sizes: the largest one that every bound lets pass.
func (s slowTerms) budget() int32 {
	best := int32(0)
	for n := int32(1); n <= 1000; n++ {
		if s.allows(n) {
			best = n
		}
	}
	return best
}

// share says that n shadows are within the percentage, which is rounded up: one
// shadow fewer would still be below it.
func (s slowTerms) share(n int32) bool {
	return n <= *s.in.Pool.Spec.MinShadows || (n-1)*100 < s.in.ReplicaSets[0].Replicas**s.in.Pool.Spec.ShadowPercentage
}

func (s slowTerms) allows(n int32) bool {
	spec := &s.in.Pool.Spec
	if n > *spec.MaxShadows || !s.share(n) {
		return false
	}
	if r := s.in.Room; r.Pods >= 0 {
		// With n shadows there, a raise that takes all of them makes n pods that
		// are one too many for a moment, beside the surge of a rollout.
		left := r.Pods - (n - s.occupied)
		if left < n+s.in.Workload.MaxSurge {
			return false
		}
	}
	return s.in.Room.CapsBy == "" || n-s.occupied <= s.in.Room.Caps
}

// want counts up from nothing while another shadow has a reason.
func (s slowTerms) want() (n int32) {
	budget := s.budget()
	for n < budget {
		useful := s.in.Published.Known && s.in.Published.NowTerm+n < s.in.Published.ShadowNeed
		if !useful && n >= *s.in.Pool.Spec.MinShadows {
			return n
		}
		n++
	}
	return n
}

// grants hands over one by one, as long as another one is needed now, has a pod
// to take the place of, and the policy lets it.
func (s slowTerms) grants(warm, missing, pending, settling int32) (n int32) {
	needed := missing + pending
	if s.in.Workload.OursAsked && s.in.Published.Known {
		// Above nowTerm and up to our own value, replicas were asked for ahead.
		for r := s.in.Published.NowTerm + 1; r <= s.in.ReplicaSets[0].Replicas && r <= s.in.Published.Value; r++ {
			needed--
		}
	}
	raise := max(0, needed) + settling + s.joined
	for n < warm && n < needed {
		if s.in.Pool.Spec.Activation.Policy == v1alpha1.ActivationPolicyProportional &&
			(n+settling)*100 >= raise**s.in.Pool.Spec.ShadowPercentage {
			return n
		}
		n++
	}
	return n
}

// TestTermsAgreeWithTheLongWay compares the arithmetic of the planner with the
// slow one.
func TestTermsAgreeWithTheLongWay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := worlds{rt}
		s, missing, pending, settling := w.arithmetic()
		in := &s.in
		slow := slowTerms{in: in}
		warm := int32(0)
		for i := range in.Pods {
			p := &in.Pods[i]
			if p.Owner == OwnerPool {
				slow.occupied++
				warm++
			}
		}
		if in.ReplicaSets[0].Replicas == 0 {
			warm = 0 // nobody could go live beside an empty ReplicaSet
		}
		got := Plan(t0, *in).Terms
		if want := slow.budget(); got.Budget != want {
			rt.Fatalf("budget %d, the long way %d", got.Budget, want)
		}
		if want := slow.want(); got.Want != want {
			rt.Fatalf("want %d, the long way %d", got.Want, want)
		}
		if got.Missing != missing || got.Pending != pending || got.Warm != warm {
			rt.Fatalf("missing %d, pending %d, warm %d; there are %d, %d and %d", got.Missing, got.Pending, got.Warm, missing, pending, warm)
		}
		if want := slow.grants(warm, missing, pending, settling); got.Grants != want {
			rt.Fatalf("grants %d, the long way %d", got.Grants, want)
		}
	})
}

// arithmetic draws a world in which nothing but numbers matters.
func (w worlds) arithmetic() (s script, missing, pending, settling int32) {
	s.reset()
	in := &s.in
	spec := &in.Pool.Spec
	spec.Activation.Policy = pick(w, "policy", v1alpha1.ActivationPolicyAll, v1alpha1.ActivationPolicyProportional)
	*spec.ShadowPercentage = w.n("percentage", 100)
	*spec.MaxShadows = w.n("max", 40)
	*spec.MinShadows = min(*spec.MaxShadows, w.n("min", 10))
	in.Workload.MaxSurge, in.Workload.OursAsked = w.n("surge", 5), rapid.Bool().Draw(w.T, "ours")
	in.Published = Published{Known: !w.rare("unknown"), Value: w.n("value", 40), NowTerm: w.n("nowTerm", 40), ShadowNeed: w.n("need", 60)}
	in.Room = Room{Pods: pick[int32](w, "room", -1, 0, 1, 7, 30), By: "quota"}
	if rapid.Bool().Draw(w.T, "caps") {
		in.Room.Caps, in.Room.CapsBy = w.n("caps left", 20), "--shadows.max"
	}
	in.ReplicaSets = []ReplicaSet{{Name: "web", UID: "web", Template: "t", Generation: 1, ObservedGeneration: 1, Replicas: w.n("replicas", 40)}}
	rs := &in.ReplicaSets[0]
	live := min(w.n("live", 40), 40)
	pending = w.n("pending", 10)
	settling = w.n("settling", 5)
	for range live {
		s.addLive(rs, "live", t0.Add(-3600e9), "a")
	}
	for range pending {
		s.addLive(rs, "pending", t0, "a")
	}
	for i := range settling {
		p := shadowPod(rs, 100+int(i))
		p.Owner, p.Live, p.Label, p.Costed, p.ActivatedAt = OwnerReplicaSet, true, v1alpha1.ShadowActive, true, t0.Add(-10e9)
		in.Pods = append(in.Pods, p)
	}
	in.Pool.Status.Intent = &v1alpha1.Intent{ReplicaSetUID: rs.UID, Epoch: 1}
	for i := range w.n("shadows", 12) {
		p := shadowPod(rs, int(i))
		in.Pods = append(in.Pods, p)
		in.Pool.Status.Intent.PodUIDs = append(in.Pool.Status.Intent.PodUIDs, p.UID)
	}
	return s, rs.Replicas - live - pending - settling, pending, settling
}
