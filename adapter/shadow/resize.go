package shadow

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Why the API server has not restored the CPU request of a pod.
const (
	// ResizeRefused: it would refuse it again.
	ResizeRefused = "Refused"
	// ResizePostponed: what it refused it for may pass, such as a full quota.
	ResizePostponed = "Postponed"
)

// refusalMemory is how long a refusal counts after the pods that it was said of
// are gone: the server may be another one by then.
const refusalMemory = 24 * time.Hour

// resize gives pods that serve the CPU request of the template.
func (p *plan) resize() {
	for i := range p.members {
		m := &p.members[i]
		if !m.serves() || !m.Shrunk || m.fate != fateNone || m.doom != "" {
			continue
		}
		if m.Resize != "" && (m.ResizeAt.IsZero() || p.now.Before(m.ResizeAt)) {
			p.wake(m.ResizeAt)
			continue
		}
		m.fate = fateMoved
		p.do(KindResize, m, ReasonActivated, "it serves and needs the CPU request of its template")
	}
}

// serves says that a pod takes traffic.
func (m *member) serves() bool {
	return m.state == v1alpha1.ShadowActive || m.state == v1alpha1.ShadowBridged
}

// refusedResize says that the API server restores no CPU request, or takes no
// higher CPU limit back: an autoscaler on CPU would divide by the request of a
// shadow for as long as the pod lives, and a boosted shadow is never ready.
// So new shadows are made whole, until the spec of the pool is another or a
// resize of that kind goes through: a server may allow less CPU and not more.
func (p *plan) refusedResize() Reason {
	for i := range p.members {
		if m := &p.members[i]; m.boostRefused() {
			return Reason{Condition: v1alpha1.ConditionResizePending, Reason: ReasonUnboostRefused, Message: fmt.Sprintf(
				"shadow %s has the higher CPU limit of its warm-up and the API server refuses to take it back: allow resizes of its pods or remove warmUp.cpuBoost; until then new shadows have the CPU of the template. It says: %s", m.Name, m.ResizeWhy)}
		}
	}
	for i := range p.members {
		if m := &p.members[i]; m.serves() && m.Shrunk && m.Resize == ResizeRefused {
			return Reason{Condition: v1alpha1.ConditionResizePending, Reason: ReasonResizeRefused, Message: fmt.Sprintf(
				"pod %s serves with the CPU request of a shadow and the API server refuses to restore it: allow resizes of its pods or set idle.cpuPercent to 100; until then new shadows have the whole request. It says: %s", m.Name, m.ResizeWhy)}
		}
	}
	was := meta.FindStatusCondition(p.was.Conditions, v1alpha1.ConditionResizePending)
	if was == nil || was.Status != metav1.ConditionTrue || was.ObservedGeneration != p.in.Pool.Generation {
		return Reason{}
	}
	var done time.Time
	switch was.Reason {
	case ReasonResizeRefused:
		done = p.in.Resized
	case ReasonUnboostRefused:
		done = p.in.Unboosted
	default:
		return Reason{}
	}
	over := was.LastTransitionTime.Add(refusalMemory)
	if !p.now.Before(over) || done.After(was.LastTransitionTime.Time) {
		return Reason{}
	}
	p.wake(over)
	return Reason{Condition: v1alpha1.ConditionResizePending, Reason: was.Reason, Message: was.Message}
}

// exchange ends shadows that would serve with too small a request for good, one
// at a time, when the others are warm: a whole one follows each.
func (p *plan) exchange() {
	if p.whole.Reason == "" || p.have < p.out.Terms.Want || p.out.Terms.Grants > 0 || p.holdRefill().Reason != "" {
		return
	}
	for i := range p.members {
		m := &p.members[i]
		if hidden(m.state) && (m.state != v1alpha1.ShadowReady || m.fate != fateNone || m.doom != "") {
			return
		}
	}
	for _, m := range p.worstFirst() {
		if m.Shrunk {
			p.remove(m, ReasonResizeRefused)
			return
		}
	}
}

// unsized names the first pod that serves without the CPU request of its
// template.
func (p *plan) unsized() Reason {
	for i := range p.members {
		m := &p.members[i]
		if m.Resize == "" || !m.serves() {
			continue
		}
		message := fmt.Sprintf("pod %s serves with the CPU request of a shadow: node %s has no room for more, or refuses it", m.Name, m.Node)
		if m.ResizeWhy != "" {
			message = fmt.Sprintf("pod %s serves with the CPU request of a shadow, it is asked for again: %s", m.Name, m.ResizeWhy)
		}
		return Reason{Condition: v1alpha1.ConditionResizePending, Reason: "Resize" + m.Resize, Message: message}
	}
	return Reason{}
}
