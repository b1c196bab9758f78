package shadow

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// course plays a random course of events around the planner: raises, lowerings,
// rollouts, evictions, and controllers that take their steps in any order. Its
// planner may see the pods as they were some steps ago; what it decides is
// judged again on the pods as they are, as an actuator does.
type course struct {
	*rapid.T
	t *testing.T
	script
	seen []Observed
	// took counts how often each pod went live since it last left the traffic.
	took map[types.UID]int
	sets int
	// boosts says that new shadows have a higher CPU limit.
	boosts bool
}

func (c *course) begin() {
	c.reset()
	c.now = t0
	c.took = map[types.UID]int{}
	w := worlds{c.T}
	spec := &c.in.Pool.Spec
	spec.Activation.Policy = pick(w, "policy", v1alpha1.ActivationPolicyAll, v1alpha1.ActivationPolicyProportional)
	spec.Activation.Mode = pick(w, "activation", v1alpha1.ActivationModeAdopt, v1alpha1.ActivationModeAdopt, v1alpha1.ActivationModeBridge)
	spec.ScaleIn.Policy = pick(w, "scaleIn", v1alpha1.ScaleInTerminate, v1alpha1.ScaleInRecycle)
	*spec.ShadowPercentage = pick[int32](w, "percentage", 20, 50, 100)
	*spec.MaxShadows, *spec.MinShadows = 3+w.n("max", 5), w.n("min", 2)
	c.in.Workload.OursAsked = rapid.Bool().Draw(c.T, "ours")
	c.boosts = rapid.Bool().Draw(c.T, "boosts")
	c.rollOut()
	c.in.ReplicaSets[0].Replicas, c.in.Workload.Replicas = 4, 4
	if rapid.Bool().Draw(c.T, "own scale") {
		*spec.Replicas = 4
	}
	c.publish(4, 7)
}

func (c *course) publish(now, need int32) {
	c.in.Published = Published{Known: true, NowTerm: now, Value: max(now, need-2), ShadowNeed: need}
}

// rollOut makes a new ReplicaSet, which takes over from the last one.
func (c *course) rollOut() {
	name := fmt.Sprintf("rs%d", c.sets)
	c.sets++
	c.in.ReplicaSets = append([]ReplicaSet{{Name: name, UID: types.UID(name), Template: "t" + name, Generation: 1}}, c.in.ReplicaSets...)
	c.in.Workload.CurrentUID = types.UID(name)
}

// shift moves a rollout on by one pod; without one it does nothing.
func (c *course) shift() {
	for i := len(c.in.ReplicaSets) - 1; i > 0; i-- {
		if old := &c.in.ReplicaSets[i]; old.Replicas > 0 {
			old.Replicas--
			old.Generation++
			break
		}
	}
	c.rescale()
}

// rescale gives the newest ReplicaSet what the others do not have.
func (c *course) rescale() {
	rest := c.in.Workload.Replicas
	for i := range c.in.ReplicaSets[1:] {
		rest -= c.in.ReplicaSets[i+1].Replicas
	}
	rs := &c.in.ReplicaSets[0]
	if rest = max(0, rest); rs.Replicas != rest {
		rs.Replicas = rest
		rs.Generation++
	}
}

// happen lets one thing happen.
func (c *course) happen() {
	c.now = c.now.Add(pick(worlds{c.T}, "time", 0, time.Second, 3*time.Second, 20*time.Second, 2*time.Minute))
	switch event := pick(worlds{c.T}, "event", "plan", "plan", "plan", "plan", "rs", "rs", "pods", "pods", "scale", "scale", "load", "rollout", "shift", "evict"); event {
	case "plan":
		c.decide()
	case "rs":
		c.controllers()
	case "pods":
		c.pods()
	case "scale":
		n := rapid.Int32Range(0, 10).Draw(c.T, "replicas")
		if own := c.in.Pool.Spec.Replicas; *own > 0 {
			*own = max(1, n)
			return
		}
		c.in.Workload.Replicas = n
		c.rescale()
	case "load":
		now := rapid.Int32Range(0, 8).Draw(c.T, "now")
		c.publish(now, now+rapid.Int32Range(0, 6).Draw(c.T, "gap"))
	case "rollout":
		c.rollOut()
	case "shift":
		c.shift()
	case "evict":
		if len(c.in.Pods) > 0 {
			c.in.Pods[rapid.IntRange(0, len(c.in.Pods)-1).Draw(c.T, "whom")].Evicted = true
		}
	}
	c.seen = append(c.seen, deepCopy(c.in))
}

// pods lets kubelets do what is due.
func (c *course) pods() {
	c.in.Pods = slices.DeleteFunc(slices.Clone(c.in.Pods), func(p Pod) bool { return p.Deleting })
	c.each(func(p *Pod) {
		switch {
		case p.Evicted:
			p.Deleting = true
		case p.Phase == PhasePending:
			p.Phase, p.Node, p.Zone = PhaseRunning, "node-a", "a"
		case !p.Ready():
			p.ReadyAt = c.now
		case p.Boost == BoostEnding:
			p.Boost = BoostNone
		default:
			p.WarmUp = Progress{Ratio: 1, Done: true}
		}
	})
}

// controllers lets each ReplicaSet do its part, and holds that none of them
// ends a pod that serves and was not handed over while it has others to end.
func (c *course) controllers() {
	for i := range c.in.ReplicaSets {
		rs := &c.in.ReplicaSets[i]
		before := deepCopy(c.in)
		c.manage(rs)
		others := int32(0)
		for k := range before.Pods {
			if p := &before.Pods[k]; p.Owner == OwnerReplicaSet && p.ReplicaSetUID == rs.UID && p.Active() && p.Ready() && !p.Costed {
				others++
			}
		}
		for k := range before.Pods {
			p := &before.Pods[k]
			died := p.Owner == OwnerReplicaSet && p.Active() && c.pod(p.Name).Deleting
			if died && p.Ready() && !p.Costed && others <= rs.Replicas {
				c.Fatalf("pod %s served and was ended for one that was handed over", p.Name)
			}
		}
	}
}

// decide plans on what was seen some steps ago and does what still may be done.
func (c *course) decide() {
	c.last = Plan(c.now, c.view())
	if c.last.Broken != "" {
		return // a pod of a ReplicaSet that is not seen yet
	}
	c.carryOut()
}

// view is what the planner sees: the ReplicaSets and their own pods as they were
// some steps ago, and what it wrote itself as it is, for an actuator remembers
// that until its cache shows it.
func (c *course) view() Observed {
	in := deepCopy(c.in)
	if len(c.seen) == 0 {
		return in
	}
	old := c.seen[max(0, len(c.seen)-1-pick(worlds{c.T}, "lag", 0, 0, 0, 1, 3))]
	in.ReplicaSets = slices.Clone(old.ReplicaSets)
	written := func(p Pod) bool { return p.Epoch > 0 }
	in.Pods = slices.DeleteFunc(in.Pods, func(p Pod) bool { return !written(p) })
	for _, p := range old.Pods {
		if !written(p) {
			in.Pods = append(in.Pods, p)
		}
	}
	return in
}

// carryOut does a decision as an actuator does: each action judged anew.
func (c *course) carryOut() {
	left := int32(-1)
	for i := range c.last.Actions {
		a := &c.last.Actions[i]
		switch a.Kind {
		case KindScale:
			c.in.Workload.Replicas = a.Replicas
			c.rescale()
			continue
		case KindCreate:
			c.create(a)
			continue
		case KindActivate:
			if left < 0 {
				left = c.last.Terms.GrantsAt(c.replicaSet(a.ReplicaSetUID).Replicas)
			}
			if left--; left < 0 {
				continue
			}
		case KindBridge, KindDetach, KindWithdraw, KindHide, KindResize, KindSettle, KindDelete, KindMarkWarming, KindMarkReady, KindRewarm, KindUnboost:
		}
		c.doAgain(a)
	}
	c.in.Pool.Status = c.last.Status
}

func (c *course) replicaSet(uid types.UID) *ReplicaSet { return c.set(string(uid)) }

func (c *course) create(a *Action) {
	if c.pod(a.Pod) == nil {
		c.act(c.t, a)
		if c.boosts && !a.Whole {
			c.pod(a.Pod).Boost = BoostOn
		}
	}
	have := int32(0)
	c.each(func(p *Pod) {
		if p.Owner == OwnerPool && p.Active() && p.State() != v1alpha1.ShadowBridged {
			have++
		}
	})
	if have > *c.in.Pool.Spec.MaxShadows {
		c.Fatalf("%d shadows where maxShadows is %d", have, *c.in.Pool.Spec.MaxShadows)
	}
}

func (c *course) doAgain(a *Action) {
	p := c.pod(a.Pod)
	if p == nil || p.UID != a.UID {
		return
	}
	claim := Claim{Now: c.now, Epoch: c.in.Epoch, Pool: c.in.Pool, Pod: p, ReplicaSet: c.replicaSet(a.ReplicaSetUID)}
	if _, ok := claim.Judge(a.Kind); !ok {
		return
	}
	if a.Kind == KindActivate {
		if p.Boost != BoostNone {
			c.Fatalf("pod %s goes live with a higher CPU limit", p.Name)
		}
		if c.took[p.UID]++; c.took[p.UID] > 1 {
			c.Fatalf("pod %s goes live twice", p.Name)
		}
	}
	if a.Kind == KindDetach {
		c.took[p.UID] = 0
	}
	c.act(c.t, a)
}

// TestPlanConverges lets anything happen for a while and then nothing more: the
// planner finds as many warm shadows as wanted, no hand-over half done, and
// nothing left to write.
func TestPlanConverges(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := course{T: rt, t: t}
		c.begin()
		for range rapid.IntRange(0, 40).Draw(rt, "events") {
			c.happen()
		}
		c.calm()
	})
}

// calm lets nothing more happen and judges where it ends.
func (c *course) calm() {
	c.seen = nil
	var acted int
	for range 200 {
		c.now = c.now.Add(15 * time.Second)
		for range c.in.ReplicaSets {
			c.shift()
		}
		c.controllers()
		c.pods()
		c.in.Pods = slices.DeleteFunc(slices.Clone(c.in.Pods), func(p Pod) bool { return p.Deleting })
		c.last = Plan(c.now, deepCopy(c.in))
		if acted = len(c.last.Actions); c.last.Broken != "" {
			c.Fatalf("broken: %s", c.last.Broken)
		}
		c.carryOut()
	}
	terms := &c.last.Terms
	if acted > 0 {
		c.Fatalf("it never comes to rest: %+v", c.last.Actions)
	}
	if terms.Have != terms.Want || c.last.Status.Counts.Ready != terms.Want {
		c.Fatalf("%d shadows, %d of them ready, and %d wanted; held: %+v", terms.Have, c.last.Status.Counts.Ready, terms.Want, c.last.Held)
	}
	c.each(func(p *Pod) {
		if p.Costed || p.State() == v1alpha1.ShadowBridged {
			c.Fatalf("pod %s never settled: %+v", p.Name, *p)
		}
	})
	again := Plan(c.now.Add(time.Hour), deepCopy(c.in))
	if diff := cmp.Diff(c.last.Status, again.Status); diff != "" {
		c.Fatalf("the status changes an hour later: %s", diff)
	}
}
