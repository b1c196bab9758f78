package rig

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

func writeBugs() []Bug {
	return []Bug{
		{
			Name: "an activation bears no resourceVersion", Breaks: "Rel1", Scene: raise(),
			Plant: wrongPatch(shadow.KindActivate, without("resourceVersion")),
		},
		{
			Name: "an activation bears no uid", Breaks: "Rel1", Scene: raise(),
			Plant: wrongPatch(shadow.KindActivate, without("uid")),
		},
		{
			Name: "a deletion bears no preconditions", Breaks: "H2", Says: "without uid", Scene: sceneOf("a rollout and a raise"),
			Plant: func() Tamper {
				return Tamper{Write: func(w *actuate.Write) { w.UID, w.ResourceVersion = "", "" }}
			},
		},
		{
			Name: "a pod of the ReplicaSet is deleted in place of a shadow", Breaks: "H2", Says: "its owner was ReplicaSet",
			Scene: sceneOf("a rollout and a raise"), Plant: deletesLive,
		},
		{
			Name: "something is written at rest", Breaks: "Rel9", Says: "sent at rest", Scene: raise(), Plant: writesAlways,
		},
		{
			Name: "a write bears no epoch", Breaks: "H5", Says: "epoch", Scene: raise(),
			Plant: wrongPatch(shadow.KindActivate, func(meta map[string]any) { part(meta, "annotations")[v1alpha1.EpochAnnotation] = nil }),
		},
		{
			Name: "a leader that was overtaken goes on", Breaks: "H5", Says: "epoch", Scene: overtaken(), Plant: neverFenced,
		},
	}
}

// deletesLive sends the first deletion for a live pod.
func deletesLive() Tamper {
	var victim atomic.Pointer[corev1.Pod]
	var done atomic.Bool
	return Tamper{
		World: func(w *observe.World) {
			for _, p := range w.Pods {
				if ownerOf(p).Kind == string(model.ReplicaSet) && p.DeletionTimestamp == nil {
					victim.Store(p)
				}
			}
		},
		Write: func(w *actuate.Write) {
			if p := victim.Load(); p != nil && w.Verb == actuate.VerbDelete && !done.Swap(true) {
				w.Object, w.UID, w.ResourceVersion = p, p.UID, p.ResourceVersion
			}
		},
	}
}

// writesAlways has something new to say at every look.
func writesAlways() Tamper {
	var looks atomic.Int64
	return Tamper{Decision: func(_ shadow.Observed, d *shadow.Decision) {
		d.Status.Conditions = slices.Clone(d.Status.Conditions)
		for i := range d.Status.Conditions {
			d.Status.Conditions[i].Message = fmt.Sprintf("looked %d times", looks.Add(1))
		}
		d.Requeue = time.Minute
	}}
}

// neverFenced sees no epoch but its own.
func neverFenced() Tamper {
	return Tamper{
		World: func(w *observe.World) {
			w.Pool = w.Pool.DeepCopy()
			w.Pool.Status.Epoch = min(w.Pool.Status.Epoch, w.Epoch)
			w.Pods = slices.Clone(w.Pods)
			for i, p := range w.Pods {
				w.Pods[i] = p.DeepCopy()
				delete(w.Pods[i].Annotations, v1alpha1.EpochAnnotation)
			}
		},
		Read: func(live, _ client.Object) {
			if p, ok := live.(*v1alpha1.ShadowPool); ok {
				p.Status.Epoch = 0
			}
			delete(live.GetAnnotations(), v1alpha1.EpochAnnotation)
		},
	}
}

// overtaken is a raise with two leaders, of whom one was stopped for a while.
func overtaken() Scene {
	return Scene{Name: "a raise with two leaders", Happens: func(s *Shop) {
		old := s.Leaders()[0]
		old.Pause()
		s.Lead()
		s.RunFor(5 * time.Second)
		s.Scale(5)
		s.RunFor(time.Second)
		old.Resume()
		s.RunFor(2 * time.Second)
		s.Scale(6)
		s.RunFor(30 * time.Second)
		old.Kill()
		s.RunFor(time.Minute)
	}}
}
