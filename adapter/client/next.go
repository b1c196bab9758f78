package client

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// reasonDrift is the reason of a ready shadow that may not go live.
const reasonDrift = "AdmissionDrift"

// next says in one sentence what happens next to the shadows of a defaulted
// pool, and why.
func next(p *v1alpha1.ShadowPool) string {
	for _, say := range []func(*v1alpha1.ShadowPool) string{nextRefused, nextPaused, nextUnseen, nextHeld, nextWaits, nextGrowing, nextRaise} {
		if s := say(p); s != "" {
			return strings.TrimSuffix(s, ".") + "."
		}
	}
	return nextNothing(p)
}

func nextRefused(p *v1alpha1.ShadowPool) string {
	if c := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionRefused); c != nil && c.Status == metav1.ConditionTrue {
		return "Nothing, the pool is refused: " + c.Message
	}
	return ""
}

func nextPaused(p *v1alpha1.ShadowPool) string {
	if !p.ShadowsPaused() {
		return ""
	}
	return fmt.Sprintf("Nothing, the pool is paused (%s=%s): \"kubectl foreshadow resume %s -n %s\" lets it go on",
		v1alpha1.PauseAnnotation, p.Annotations[v1alpha1.PauseAnnotation], p.Name, p.Namespace)
}

// nextUnseen is of a pool, or a change of it, that the controller has not seen.
func nextUnseen(p *v1alpha1.ShadowPool) string {
	c := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionShadowsReady)
	switch {
	case c == nil && len(p.Status.Shadows) > 0:
		return "" // there are some: it has, and has not written it yet
	case c == nil && p.Spec.Mode != v1alpha1.ModeActive:
		return fmt.Sprintf("Nothing, a pool in mode %s keeps no shadows: \"kubectl foreshadow create pool/%s -n %s\" asks for them", p.Spec.Mode, p.Name, p.Namespace)
	case c == nil:
		return "The controller looks at the pool, which it has not done yet: if this stays so, see that foreshadow-adapter runs with --roles=shadows"
	case c.ObservedGeneration < p.Generation:
		return fmt.Sprintf("The controller takes in the latest change of the pool (generation %d, it has seen %d)", p.Generation, c.ObservedGeneration)
	}
	return ""
}

func nextHeld(p *v1alpha1.ShadowPool) string {
	if c := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionShadowsReady); c != nil && c.Status == metav1.ConditionFalse {
		return fmt.Sprintf("Nothing (%s): %s", c.Reason, c.Message)
	}
	return ""
}

// nextWaits is of something that the last decision withheld: such a decision
// stands until what it waits for has happened.
func nextWaits(p *v1alpha1.ShadowPool) string {
	d := p.Status.LastDecision
	if d == nil || len(d.Held) == 0 {
		return ""
	}
	// The message has the whole sentence, the list a shortened one.
	if _, why, found := strings.Cut(d.Message, "what waits: "); found {
		return "It waits: " + why
	}
	if why, found := strings.CutPrefix(d.Message, "waits: "); found {
		return "It waits: " + why
	}
	return "It waits: " + d.Held[0]
}

func nextGrowing(p *v1alpha1.ShadowPool) string {
	n := p.Status.Counts
	if n == nil || n.Creating+n.Warming+n.Draining == 0 {
		return ""
	}
	var parts []string
	for _, c := range []struct {
		n     int32
		state v1alpha1.ShadowState
	}{{n.Creating, v1alpha1.ShadowCreating}, {n.Warming, v1alpha1.ShadowWarming}, {n.Draining, v1alpha1.ShadowDraining}} {
		if c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.state))
		}
	}
	return fmt.Sprintf("The shadows on their way (%s) become ready: each is warm when it has been Ready for %s and its warm-up is complete, or after %s",
		strings.Join(parts, ", "), p.Spec.WarmUp.MinReady, p.Spec.WarmUp.Timeout)
}

func nextRaise(p *v1alpha1.ShadowPool) string {
	warm := int32(0)
	for i := range p.Status.Shadows {
		if s := &p.Status.Shadows[i]; s.State == v1alpha1.ShadowReady && s.Reason != reasonDrift {
			warm++
		}
	}
	if warm == 0 {
		return ""
	}
	ref := &p.Spec.ScaleTargetRef
	if p.Spec.Activation.Policy == v1alpha1.ActivationPolicyProportional {
		return fmt.Sprintf("The next raise of %s %s takes %d%% of its pods from %s: that is activation.policy Proportional", ref.Kind, ref.Name, *p.Spec.ShadowPercentage, warmOnes(warm))
	}
	return fmt.Sprintf("The next raise of %s %s that the load needs now takes %s first: each goes live by one write", ref.Kind, ref.Name, warmOnes(warm))
}

// nextNothing is of a pool without any shadow that could go live.
func nextNothing(p *v1alpha1.ShadowPool) string {
	c := p.Status.Capacity
	wanted, known := *p.Spec.MinShadows, c != nil && c.NowReplicas != nil && c.ShadowReplicas != nil
	if known {
		wanted = max(wanted, *c.ShadowReplicas-*c.NowReplicas)
	}
	switch {
	case min(wanted, *p.Spec.MaxShadows) > 0:
		return fmt.Sprintf("The controller makes shadows, as far as the budget goes: %d are wanted and none is on its way.", min(wanted, *p.Spec.MaxShadows))
	case *p.Spec.MaxShadows == 0:
		return "Nothing: maxShadows is 0, so that there is no shadow."
	case !known:
		return "Nothing: minShadows is 0 and there is no forecast to ask for more."
	}
	return fmt.Sprintf("Nothing, no shadow is wanted: the load needs %d replicas now and %d at shadowQuantile %s, and minShadows is 0.",
		*c.NowReplicas, *c.ShadowReplicas, p.Spec.Prediction.ShadowQuantile)
}

func warmOnes(n int32) string {
	if n == 1 {
		return "the warm shadow"
	}
	return fmt.Sprintf("the %d warm shadows", n)
}
