package rig

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

func poolBugs() []Bug {
	return []Bug{
		{
			Name: "there are more shadows than maxShadows", Breaks: "H3", Says: "budget", Scene: raise(),
			Plant: wrongPool(func(p *v1alpha1.ShadowPool) { p.Spec.MinShadows, p.Spec.MaxShadows = new(int32(8)), new(int32(8)) }),
		},
		{
			Name: "shadows are made twice where the cache lags", Breaks: "H3", Says: "budget", Scene: raise(), Plant: createsTwice,
		},
	}
}

// createsTwice takes what the cache shows for all there is, and gives new names
// at every look; that the runs end, only for some looks.
func createsTwice() Tamper {
	var looks atomic.Int64
	out := wrongPod(func(p *corev1.Pod) { p.Name = fmt.Sprintf("%s-%d", p.Name, looks.Load()) })()
	out.World = func(w *observe.World) {
		if looks.Add(1) > 20 {
			return
		}
		w.Pods = slices.DeleteFunc(slices.Clone(w.Pods), func(p *corev1.Pod) bool {
			return ownerOf(p).Kind == v1alpha1.Kind && w.Now.Sub(p.CreationTimestamp.Time) < 2*time.Second
		})
	}
	return out
}

func leftBugs() []Bug {
	return []Bug{
		{
			Name: "a shadow's deletion waits for us", Breaks: "H8", Says: "deletion", Scene: raise(),
			Plant: wrongPod(func(p *corev1.Pod) { p.Finalizers = append(p.Finalizers, v1alpha1.Group+"/drain") }),
		},
		{
			Name: "a shadow's readiness waits for us", Breaks: "H8", Says: "readiness", Scene: raise(),
			Plant: wrongPod(func(p *corev1.Pod) {
				p.Spec.ReadinessGates = append(p.Spec.ReadinessGates, corev1.PodReadinessGate{ConditionType: v1alpha1.Group + "/active"})
			}),
		},
	}
}
