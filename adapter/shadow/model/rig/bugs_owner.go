package rig

import (
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

func ownerBugs() []Bug {
	return []Bug{
		{
			Name: "an activation orphans the pod for the ReplicaSet to adopt it", Breaks: "H4", Says: "no owner", Scene: raise(),
			Plant: wrongPatch(shadow.KindActivate, func(meta map[string]any) { meta["ownerReferences"] = []any{} }),
		},
		{
			Name: "the pool stays an owner of the pods that it hands over", Breaks: "H4", Says: "2 owners", Scene: raise(), Plant: keepsPool,
		},
		{
			Name: "the ReplicaSet becomes an owner and no controller", Breaks: "H4", Says: "controls", Scene: raise(),
			Plant: wrongPatch(shadow.KindActivate, wrongOwner(func(o map[string]any) { delete(o, "controller") })),
		},
		{
			Name: "an owner's foreground deletion does not wait for the pod", Breaks: "H9", Says: "foreground", Scene: raise(),
			Plant: wrongPatch(shadow.KindActivate, wrongOwner(func(o map[string]any) { delete(o, "blockOwnerDeletion") })),
		},
		{
			Name: "a shadow has no owner", Breaks: "Rel8", Scene: raise(), Plant: disowns,
		},
		{
			Name: "the Deployment owns the shadows, too", Breaks: "Rel8", Scene: sceneOf("a pool that is deleted when a raise has settled"), Plant: sharesShadows,
		},
		{
			Name: "a pod leaves its ReplicaSet by its labels alone", Breaks: "H4", Says: "does not select it", Scene: recycling(),
			Plant: wrongPatch(shadow.KindDetach, without("ownerReferences")),
		},
	}
}

// keepsPool adds the pool to the owners of a pod that is handed over.
func keepsPool() Tamper {
	var pool atomic.Pointer[v1alpha1.ShadowPool]
	out := wrongPatch(shadow.KindActivate, func(meta map[string]any) {
		owners, _ := meta["ownerReferences"].([]any)
		p := pool.Load()
		meta["ownerReferences"] = append(owners, metav1.OwnerReference{
			APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.Kind, Name: p.Name, UID: p.UID,
		})
	})()
	out.World = func(w *observe.World) { pool.Store(w.Pool) }
	return out
}

// disowns makes one shadow that nobody owns.
func disowns() Tamper {
	var done atomic.Bool
	return wrongPod(func(p *corev1.Pod) {
		if !done.Swap(true) {
			p.OwnerReferences = nil
		}
	})()
}

// sharesShadows makes the Deployment a second owner of new shadows.
func sharesShadows() Tamper {
	var owner atomic.Pointer[appsv1.Deployment]
	out := wrongPod(func(p *corev1.Pod) {
		d := owner.Load()
		p.OwnerReferences = append(p.OwnerReferences, metav1.OwnerReference{APIVersion: "apps/v1", Kind: string(model.Deployment), Name: d.Name, UID: d.UID})
	})()
	out.World = func(w *observe.World) { owner.Store(w.Deployment) }
	return out
}

// recycling is a pool that owns the scale of its workload and uses pods again.
func recycling() Scene {
	return Scene{
		Name: "a scale-in that recycles",
		Pool: func(p *v1alpha1.ShadowPool) {
			p.Spec.Replicas = new(int32(4))
			p.Spec.ScaleIn = v1alpha1.ScaleIn{Policy: v1alpha1.ScaleInRecycle, Drain: "1s"}
		},
		Happens: func(s *Shop) {
			s.ChangePool(func(p *v1alpha1.ShadowPool) { p.Spec.Replicas = new(int32(6)) })
			s.RunFor(time.Second)
			s.ChangePool(func(p *v1alpha1.ShadowPool) { p.Spec.Replicas = new(int32(4)) })
			s.RunFor(time.Minute)
		},
	}
}
