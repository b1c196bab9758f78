package shadow

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// TestPlanKeepsItsPromises holds the invariants of the package's doc, and what the
// guards promise, against any observation.
func TestPlanKeepsItsPromises(t *testing.T) { rapid.Check(t, keepsItsPromises) }

// FuzzPlan does the same, and lets the fuzzer look for observations.
func FuzzPlan(f *testing.F) { f.Fuzz(rapid.MakeFuzz(keepsItsPromises)) }

func keepsItsPromises(rt *rapid.T) {
	in := worlds{rt}.observed()
	j := judgement{T: rt, in: &in, d: Plan(t0, in)}
	if j.d.Broken != "" || j.d.Fenced {
		if !reflect.DeepEqual(j.d, Decision{Broken: j.d.Broken, Fenced: j.d.Fenced}) {
			rt.Fatalf("it is fenced or broken and decides all the same: %+v", j.d)
		}
		return
	}
	for i := range j.d.Actions {
		j.action(&j.d.Actions[i])
	}
	j.once()
	j.room()
	j.creations()
	j.reasons()
}

// TestPlanIsAFunction holds that a decision depends on what was observed alone:
// not on the order of the slices, not on an earlier call; and that it writes
// nothing of it.
func TestPlanIsAFunction(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		in := worlds{rt}.observed()
		before := deepCopy(in)
		first := Plan(t0, in)
		if diff := cmp.Diff(before, in); diff != "" {
			rt.Fatalf("it wrote what it observed: %s", diff)
		}
		shuffled := deepCopy(in)
		shuffled.Pods = rapid.Permutation(in.Pods).Draw(rt, "order of pods")
		shuffled.ReplicaSets = rapid.Permutation(in.ReplicaSets).Draw(rt, "order of ReplicaSets")
		if diff := cmp.Diff(first, Plan(t0, shuffled)); diff != "" {
			rt.Fatalf("another order, another decision: %s", diff)
		}
	})
}

// TestPlanComesToRest holds that a status that was written is not written again
// while nothing changes: not at once, and not as time goes by without a reason
// to act.
func TestPlanComesToRest(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		in := deepCopy(worlds{rt}.observed())
		var last Decision
		// What was written may free further grants, and what they hold again.
		for range 3 {
			last = Plan(t0, in)
			if last.Broken != "" || last.Fenced {
				return
			}
			in.Pool.Status = last.Status
		}
		again := Plan(t0, in)
		if !equality.Semantic.DeepEqual(again.Status, last.Status) {
			rt.Fatalf("the status never rests: %s", cmp.Diff(last.Status, again.Status))
		}
		if again.Requeue == 0 {
			return
		}
		early := Plan(t0.Add(again.Requeue-1), in)
		if !equality.Semantic.DeepEqual(early.Status, last.Status) && reflect.DeepEqual(keys(&early), keys(&again)) {
			rt.Fatalf("the status changes as time goes by: %s", cmp.Diff(last.Status, early.Status))
		}
	})
}

// keys are what a decision does and withholds, without its sentences.
func keys(d *Decision) (out []string) {
	for i := range d.Actions {
		out = append(out, string(d.Actions[i].Kind)+d.Actions[i].Pod)
	}
	for i := range d.Held {
		out = append(out, heldKey(&d.Held[i]))
	}
	return append(out, fmt.Sprint(d.Terms))
}

func deepCopy(in Observed) Observed {
	in.Pool = in.Pool.DeepCopy()
	in.Pods = slices.Clone(in.Pods)
	in.ReplicaSets = slices.Clone(in.ReplicaSets)
	return in
}

// judgement holds a decision against what was observed.
type judgement struct {
	*rapid.T
	in *Observed
	d  Decision
}

func (j *judgement) pod(a *Action) *Pod {
	for i := range j.in.Pods {
		if p := &j.in.Pods[i]; p.UID == a.UID && p.Name == a.Pod {
			return p
		}
	}
	j.Fatalf("%s %s: there is no such pod", a.Kind, a.Pod)
	return nil
}

func (j *judgement) must(ok bool, a *Action, why string) {
	if !ok {
		j.Fatalf("%s %s: %s", a.Kind, a.Pod, why)
	}
}

func (j *judgement) action(a *Action) {
	j.must(a.Reason != "" && a.Message != "", a, "it has no reason")
	paused := j.in.Paused || j.in.Pool.ShadowsPaused()
	j.must(!paused || a.Kind == KindScale, a, "the pool is paused")
	switch a.Kind {
	case KindScale:
		j.must(a.Replicas == *j.in.Pool.Spec.Replicas && a.Replicas > 0, a, "that is not the order")
	case KindCreate:
		j.must(j.in.Pool.Spec.Mode == v1alpha1.ModeActive, a, "the mode is not Active")
		j.must(a.UID == "" && a.ReplicaSetUID == j.onlyActive(true), a, "it is not for the target")
	case KindActivate:
		j.handOver(a)
		j.must(a.ReplicaSetUID == j.onlyActive(false), a, "it is not of the only active ReplicaSet")
		j.must(j.in.Pool.Spec.Activation.Mode == v1alpha1.ActivationModeAdopt, a, "the pool bridges")
		i := j.in.Pool.Status.Intent
		j.must(i != nil && i.ReplicaSetUID == a.ReplicaSetUID && slices.Contains(i.PodUIDs, a.UID), a, "it is not in the written intent")
		k := j.d.Status.Intent
		j.must(k != nil && slices.Contains(k.PodUIDs, a.UID), a, "it left the intent before it is seen to be active")
	case KindBridge:
		j.handOver(a)
		j.must(j.in.Pool.Spec.Activation.Mode == v1alpha1.ActivationModeBridge, a, "the pool adopts")
	case KindDelete, KindHide, KindWithdraw, KindMarkWarming, KindMarkReady, KindRewarm:
		p := j.pod(a)
		j.must(p.Owner == OwnerPool, a, "it is not the pool's")
		j.must(!p.Deleting, a, "it is being deleted")
		j.must(a.Kind == KindDelete || a.Kind == KindHide || a.Kind == KindWithdraw || p.Ready(), a, "it is not Ready")
		j.must(a.Kind != KindMarkReady || p.Boost == BoostNone, a, "it has a higher CPU limit than its template")
	case KindDetach:
		p := j.pod(a)
		j.must(p.Owner == OwnerReplicaSet && !p.ActivatedAt.IsZero() && p.Restarts == 0, a, "it is not fit")
		last := j.d.Actions[slices.IndexFunc(j.d.Actions, func(b Action) bool { return b.Kind == KindScale })]
		j.must(last.Replicas < j.in.Workload.Replicas, a, "the workload is not lowered")
	case KindSettle:
		p := j.pod(a)
		j.must(p.Owner == OwnerReplicaSet && p.Costed && t0.Sub(p.ActivatedAt) >= settleAfter, a, "it has not settled")
	case KindUnboost:
		p := j.pod(a)
		j.must(p.Owner == OwnerPool && !p.Deleting && p.Boost == BoostOn && p.Ready(), a, "it has no higher limit to lose now")
	case KindResize:
		p := j.pod(a)
		j.must(p.Shrunk && (p.Owner == OwnerReplicaSet || p.State() == v1alpha1.ShadowBridged), a, "it does not serve")
	}
}

// handOver judges a pod that goes live.
func (j *judgement) handOver(a *Action) {
	p := j.pod(a)
	j.must(j.in.Pool.Spec.Mode == v1alpha1.ModeActive, a, "the mode is not Active")
	j.must(len(j.in.Refusals) == 0 && j.in.Workload.Exists && !j.in.Workload.Deleting, a, "the workload is refused, or gone")
	j.must(p.Owner == OwnerPool && p.Ready() && p.Phase == PhaseRunning && !p.Deleting && !p.Evicted && !p.NodeGone, a, "it is not fit to serve")
	j.must(!p.WarmedAt.IsZero() && t0.Sub(p.WarmedAt) >= warmRest, a, "it is not warm")
	j.must(p.Drift == "", a, "it drifted")
	j.must(p.Boost == BoostNone, a, "it has a higher CPU limit than its template")
	for i := range j.in.ReplicaSets {
		if rs := &j.in.ReplicaSets[i]; rs.UID == p.ReplicaSetUID {
			j.must(rs.Active() && !rs.Deleting && rs.Template == p.Template, a, "it is stale")
			return
		}
	}
	j.must(false, a, "its ReplicaSet is not there")
}

// onlyActive returns the only active ReplicaSet; where there is none, and that
// is allowed, the target of a scale from zero.
func (j *judgement) onlyActive(orNewest bool) types.UID {
	var out []types.UID
	for i := range j.in.ReplicaSets {
		if j.in.ReplicaSets[i].Active() {
			out = append(out, j.in.ReplicaSets[i].UID)
		}
	}
	if len(out) == 0 && orNewest {
		if len(j.in.ReplicaSets) == 1 && j.in.Workload.CurrentUID == "" {
			return j.in.ReplicaSets[0].UID
		}
		return j.in.Workload.CurrentUID
	}
	if len(out) != 1 {
		return "none"
	}
	return out[0]
}

// once holds that no pod is the subject of two actions.
func (j *judgement) once() {
	seen := map[string]Kind{}
	for i := range j.d.Actions {
		a := &j.d.Actions[i]
		before, twice := seen[a.Pod]
		j.must(!twice || a.Kind == KindScale || a.Kind == KindResize, a, "it is the subject of "+string(before)+", too")
		seen[a.Pod] = a.Kind
	}
}

// room holds that no more goes live than the ReplicaSet lacks or has Pending.
func (j *judgement) room() {
	granted := int32(0)
	for i := range j.d.Actions {
		if j.d.Actions[i].Kind == KindActivate {
			granted++
		}
	}
	if granted == 0 {
		return
	}
	target := j.onlyActive(false)
	room := int32(0)
	for i := range j.in.ReplicaSets {
		if j.in.ReplicaSets[i].UID == target {
			room = j.in.ReplicaSets[i].Replicas
		}
	}
	for i := range j.in.Pods {
		if p := &j.in.Pods[i]; p.Owner == OwnerReplicaSet && p.ReplicaSetUID == target && p.Active() && p.Phase != PhasePending {
			room--
		}
	}
	if granted > room || granted != j.d.Terms.Grants {
		j.Fatalf("%d shadows go live into room for %d; the terms say %d", granted, room, j.d.Terms.Grants)
	}
}

// creations holds that new shadows have names of their own, stay within every
// bound, and wait for activations.
func (j *judgement) creations() {
	var made []string
	for i := range j.d.Actions {
		if j.d.Actions[i].Kind == KindCreate {
			made = append(made, j.d.Actions[i].Pod)
		}
	}
	if len(made) == 0 {
		return
	}
	exist := int32(len(made))
	for i := range j.in.Pods {
		p := &j.in.Pods[i]
		if slices.Contains(made, p.Name) {
			j.Fatalf("Create %s: the name is taken", p.Name)
		}
		if p.Owner == OwnerPool && p.Active() && p.State() != v1alpha1.ShadowBridged {
			exist++
		}
	}
	slices.Sort(made)
	if len(slices.Compact(made)) != len(made) {
		j.Fatalf("two new shadows have one name: %v", made)
	}
	if exist > *j.in.Pool.Spec.MaxShadows || exist > j.d.Terms.Budget {
		j.Fatalf("there would be %d shadows of %d, with a budget of %d", exist, *j.in.Pool.Spec.MaxShadows, j.d.Terms.Budget)
	}
	if j.d.Terms.Grants > 0 {
		j.Fatalf("shadows are made beside an activation")
	}
}

// reasons holds that whoever could have gone live and does not has a reason.
func (j *judgement) reasons() {
	for i := range j.d.Held {
		h := &j.d.Held[i]
		if h.Reason.Reason == "" || h.Message == "" {
			j.Fatalf("hold %s %s: it has no reason", h.Kind, h.Pod)
		}
	}
	target := j.onlyActive(false)
	lack, shadows := int32(0), int32(0)
	for i := range j.in.ReplicaSets {
		if j.in.ReplicaSets[i].UID == target {
			lack = j.in.ReplicaSets[i].Replicas
		}
	}
	for i := range j.in.Pods {
		p := &j.in.Pods[i]
		if p.Owner == OwnerReplicaSet && p.ReplicaSetUID == target && p.Active() && p.Phase != PhasePending {
			lack--
		}
		if p.State() == v1alpha1.ShadowReady {
			shadows++
		}
	}
	if j.in.Pool.Spec.Activation.Mode == v1alpha1.ActivationModeBridge {
		return
	}
	held := slices.ContainsFunc(j.d.Held, func(h Held) bool { return h.Kind == KindActivate })
	if j.d.Terms.Grants < min(lack, shadows) && !held {
		j.Fatalf("%d of %d shadows go live where %d pods are lacking, and nothing says why: %+v", j.d.Terms.Grants, shadows, lack, j.d)
	}
}
