package rig

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// boostBugs are about the higher CPU limit of a warm-up.
func boostBugs() []Bug {
	return []Bug{
		{
			Name: "the CPU limit of a warm-up is not taken back", Breaks: "H7", Says: "has 2400m", Scene: sceneOf("a CPU boost"),
			Plant: seesPods(func(p *corev1.Pod) { takeBack(&p.Spec.Containers[0].Resources); runsAsSpecified(p) }),
		},
		{
			Name: "the CPU limit of the spec counts as that of the container", Breaks: "H7", Says: "runs with 2400m", Scene: heldByKubelets(),
			Plant: seesPods(runsAsSpecified),
		},
	}
}

// seesPods changes what a leader sees of the pods, whoever shows them.
func seesPods(change func(*corev1.Pod)) func() Tamper {
	return func() Tamper {
		return Tamper{
			World: func(w *observe.World) {
				w.Pods = slices.Clone(w.Pods)
				for i, p := range w.Pods {
					w.Pods[i] = p.DeepCopy()
					change(w.Pods[i])
				}
			},
			Read: func(live, _ client.Object) {
				if p, ok := live.(*corev1.Pod); ok {
					change(p)
				}
			},
		}
	}
}

// takeBack has a CPU limit be that of limitsCPU.
func takeBack(r *corev1.ResourceRequirements) {
	d := model.NewDeployment("", "", 0)
	limitsCPU(d)
	if _, limited := r.Limits[corev1.ResourceCPU]; limited {
		r.Limits[corev1.ResourceCPU] = d.Spec.Template.Spec.Containers[0].Resources.Limits[corev1.ResourceCPU]
	}
}

// runsAsSpecified has the kubelet say what the spec does.
func runsAsSpecified(p *corev1.Pod) {
	for i := range p.Status.ContainerStatuses {
		p.Status.ContainerStatuses[i].Resources = p.Spec.Containers[i].Resources.DeepCopy()
	}
}

// heldByKubelets is a raise on nodes that do no resize for a while: new shadows
// warm up and keep their limit.
func heldByKubelets() Scene {
	return Scene{Name: "a raise while no node resizes", Pool: boosts, Deployment: limitsCPU, Happens: func(s *Shop) {
		s.HoldResizes(corev1.PodReasonDeferred)
		s.each(func(_ int, p *corev1.Pod) { _ = s.Evict(p) })
		s.RunFor(2 * time.Minute)
		s.Scale(6)
		s.RunFor(time.Minute)
		s.HoldResizes("")
		s.RunFor(time.Minute)
	}}
}
