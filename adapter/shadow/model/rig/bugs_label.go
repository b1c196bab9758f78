package rig

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

func labelBugs() []Bug {
	late := Scene{Name: "a later budget", Happens: func(s *Shop) {
		s.Make(model.NewBudget(s.Namespace, "late", map[string]string{"tier": "front"}, 1))
		s.RunFor(30 * time.Second)
	}}
	return []Bug{
		{
			Name: "a shadow bears the label that its Service selects", Breaks: "H6", Says: "Service", Scene: raise(),
			Plant: wrongPod(func(p *corev1.Pod) { p.Labels[model.AppLabel] = name }),
		},
		{
			Name: "a Service that comes later is not hidden from", Breaks: "H6", Says: "Service", Scene: sceneOf("a later selector"),
			Plant: never(shadow.KindHide),
		},
		{
			Name: "budgets are not looked at", Breaks: "H6", Says: "PodDisruptionBudget", Scene: late,
			Plant: func() Tamper {
				return Tamper{World: func(w *observe.World) { w.PodDisruptionBudgets = nil }}
			},
		},
		{
			Name: "an activation leaves a label of the template out", Breaks: "H4", Says: "tier", Scene: raise(),
			Plant: wrongPatch(shadow.KindActivate, func(meta map[string]any) { part(meta, "labels")["tier"] = nil }),
		},
		{
			Name: "an activation leaves the state of the pod as it was", Breaks: "H4", Says: "label says", Scene: raise(),
			Plant: wrongPatch(shadow.KindActivate, without("labels", v1alpha1.StateLabel)),
		},
		{
			Name: "an activation gives the labels before the owner", Breaks: "H4", Says: "live labels", Scene: raise(),
			Plant: inTwo(without("ownerReferences")),
		},
		{
			Name: "an activation gives the owner before the labels", Breaks: "H4", Says: "does not select it", Scene: raise(),
			Plant: inTwo(without("labels")),
		},
	}
}
