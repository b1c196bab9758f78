package rig

import (
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// Bugs returns the bugs that the checker has to find.
func Bugs() []Bug {
	return slices.Concat(costBugs(), writeBugs(), ownerBugs(), labelBugs(), grantBugs(), holdBugs(), poolBugs(), leftBugs())
}

// sceneOf returns one of Scenes.
func sceneOf(name string) Scene {
	all := Scenes()
	return all[slices.IndexFunc(all, func(s Scene) bool { return s.Name == name })]
}

// raise is the story of most bugs.
func raise() Scene { return sceneOf("a raise") }

func costBugs() []Bug {
	cost := []string{"annotations", corev1.PodDeletionCost}
	return []Bug{
		{
			Name: "the deletion cost has the wrong sign", Breaks: "H1", Says: "had served and was deleted",
			Plant: wrongPatch(shadow.KindActivate, func(meta map[string]any) { part(meta, cost[0])[cost[1]] = "1000" }),
		},
		{
			Name: "there is no deletion cost", Breaks: "H1", Says: "had served and was deleted",
			Plant: wrongPatch(shadow.KindActivate, without(cost...)),
		},
		{
			Name: "the deletion cost comes in a second write", Breaks: "H1", Says: "cost", Scene: raise(),
			Plant: inTwo(without(cost...)),
		},
		{
			Name: "the deletion cost stays after the surplus", Breaks: "Rel9", Says: "deletion cost", Scene: raise(),
			Plant: never(shadow.KindSettle),
		},
		{
			Name: "the CPU request is not given back", Breaks: "Rel9", Says: "CPU", Scene: sceneOf("an idle CPU"),
			Plant: never(shadow.KindResize),
		},
	}
}

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
	return Tamper{World: func(w *observe.World) {
		w.Pool = w.Pool.DeepCopy()
		w.Pool.Status.Epoch = min(w.Pool.Status.Epoch, w.Epoch)
		w.Pods = slices.Clone(w.Pods)
		for i, p := range w.Pods {
			w.Pods[i] = p.DeepCopy()
			delete(w.Pods[i].Annotations, v1alpha1.EpochAnnotation)
		}
	}}
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

func grantBugs() []Bug {
	return []Bug{
		{
			Name: "shadows join before the ReplicaSet is raised", Breaks: "H5", Says: "no room", Scene: raise(), Plant: beforeRaise,
		},
		{
			Name: "more shadows join than there is room for", Breaks: "H5", Says: "no room", Scene: raise(), Plant: allAtOnce,
		},
		{
			Name: "a shadow joins that no written intent lists", Breaks: "H5", Says: "no intent", Scene: raise(), Plant: noIntent,
		},
		{
			Name: "an intent lists a pod twice", Breaks: "H5", Says: "twice", Scene: raise(),
			Plant: func() Tamper {
				return Tamper{Write: wrongStatus(func(s *v1alpha1.ShadowPoolStatus) {
					if i := s.Intent; i != nil && len(i.PodUIDs) > 0 {
						i.PodUIDs = append(slices.Clip(i.PodUIDs), i.PodUIDs[0])
					}
				})}
			},
		},
		{
			Name: "a shadow joins that is not Ready", Breaks: "H7", Says: "not Ready", Scene: unready(),
			Plant: wrongShadows(func(_ *shadow.Observed, p *shadow.Pod) {
				if p.Label == v1alpha1.ShadowReady {
					p.Phase, p.ReadyAt = shadow.PhaseRunning, p.CreatedAt
				}
			}),
		},
		{
			Name: "a shadow joins that is not warm", Breaks: "H7", Says: "warm", Scene: sceneOf("two raises"),
			Plant: wrongShadows(func(_ *shadow.Observed, p *shadow.Pod) {
				if p.Ready() {
					p.Label, p.WarmedAt = v1alpha1.ShadowReady, p.CreatedAt
				}
			}),
		},
		{
			Name: "a shadow of the old template joins", Breaks: "H7", Says: "template", Scene: rolled(),
			Plant: wrongShadows(func(in *shadow.Observed, p *shadow.Pod) {
				if rs := current(in); rs != nil {
					p.ReplicaSetUID, p.Template, p.Drift = rs.UID, rs.Template, ""
				}
			}),
		},
		{
			Name: "shadows join amid a rollout", Breaks: "H7", Says: "was active, too", Scene: rolling(), Plant: seesOneReplicaSet,
		},
	}
}

// beforeRaise hands one shadow over for a raise that is yet to come, and does not
// ask what the ReplicaSet says by now.
func beforeRaise() Tamper {
	return Tamper{
		World: func(w *observe.World) {
			if i := w.Pool.Status.Intent; i != nil && len(i.PodUIDs) >= 3 {
				w.ReplicaSets = raised(w.ReplicaSets)
			}
		},
		Decision: func(_ shadow.Observed, d *shadow.Decision) { d.Terms.Desired = 0 },
	}
}

// allAtOnce hands every listed shadow over once one is.
func allAtOnce() Tamper {
	return Tamper{Decision: func(in shadow.Observed, d *shadow.Decision) {
		i := slices.IndexFunc(d.Actions, func(a shadow.Action) bool { return a.Kind == shadow.KindActivate })
		if i < 0 {
			return
		}
		for _, p := range in.Pods {
			again := slices.ContainsFunc(d.Actions, func(a shadow.Action) bool { return a.UID == p.UID })
			if p.Owner == shadow.OwnerPool && !again && slices.Contains(in.Pool.Status.Intent.PodUIDs, p.UID) {
				a := d.Actions[i]
				a.Pod, a.UID = p.Name, p.UID
				d.Actions = slices.Insert(d.Actions, i, a)
				d.Terms.Grants++
			}
		}
	}}
}

// noIntent writes no intent and takes all warm shadows for listed.
func noIntent() Tamper {
	return Tamper{
		World: func(w *observe.World) {
			if len(w.ReplicaSets) != 1 {
				return
			}
			w.Pool = w.Pool.DeepCopy()
			w.Pool.Status.Intent = &v1alpha1.Intent{Epoch: 1, ReplicaSetUID: w.ReplicaSets[0].UID, PodUIDs: []types.UID{}}
			for _, p := range w.Pods {
				if p.Labels[v1alpha1.StateLabel] == string(v1alpha1.ShadowReady) {
					w.Pool.Status.Intent.PodUIDs = append(w.Pool.Status.Intent.PodUIDs, p.UID)
				}
			}
		},
		Write: wrongStatus(func(s *v1alpha1.ShadowPoolStatus) { s.Intent = nil }),
	}
}

// unready is a raise while no shadow answers its probes.
func unready() Scene {
	return Scene{Name: "a raise while the probes fail", Happens: func(s *Shop) {
		s.each(func(_ int, p *corev1.Pod) { s.Flap(p, 20*time.Second) })
		s.RunFor(500 * time.Millisecond)
		s.Scale(6)
		s.RunFor(time.Minute)
	}}
}

// rolling is a raise while two ReplicaSets are active.
func rolling() Scene {
	return Scene{Name: "a raise amid a rollout", Happens: func(s *Shop) {
		s.Roll("example.org/web:2")
		s.RunFor(3 * time.Second)
		s.Scale(10)
		s.RunFor(3 * time.Minute)
	}}
}

// rolled is a raise just after a rollout.
func rolled() Scene {
	return Scene{Name: "a raise after a rollout", Happens: func(s *Shop) {
		s.Roll("example.org/web:2")
		s.RunFor(time.Second)
		s.Await(3*time.Minute, func() bool { return s.active() == 1 })
		s.Scale(7)
		s.RunFor(3 * time.Minute)
	}}
}

// active counts the ReplicaSets that are to have pods.
func (s *Shop) active() (n int) {
	for _, rs := range s.ReplicaSets() {
		if *rs.Spec.Replicas > 0 {
			n++
		}
	}
	return n
}

// seesOneReplicaSet takes the greatest of the ReplicaSets for the only one.
func seesOneReplicaSet() Tamper {
	return Tamper{Observed: func(in *shadow.Observed) {
		most := -1
		for i := range in.ReplicaSets {
			if most < 0 || in.ReplicaSets[i].Replicas > in.ReplicaSets[most].Replicas {
				most = i
			}
		}
		for i := range in.ReplicaSets {
			if i == most {
				in.Workload.CurrentUID = in.ReplicaSets[i].UID
			} else {
				in.ReplicaSets[i].Replicas = 0
			}
		}
	}}
}

func holdBugs() []Bug {
	change := func(name string, hold, release func(*v1alpha1.ShadowPool)) Scene {
		return Scene{Name: name, Happens: func(s *Shop) {
			s.ChangePool(hold)
			s.RunFor(10 * time.Second)
			s.Scale(6)
			s.RunFor(30 * time.Second)
			s.ChangePool(release)
			s.RunFor(time.Minute)
		}}
	}
	pause := func(p *v1alpha1.ShadowPool) {
		p.Annotations = map[string]string{v1alpha1.PauseAnnotation: string(v1alpha1.PauseAll)}
	}
	resume := func(p *v1alpha1.ShadowPool) { p.Annotations = nil }
	mode := func(m v1alpha1.Mode) func(*v1alpha1.ShadowPool) {
		return func(p *v1alpha1.ShadowPool) { p.Spec.Mode = m }
	}
	return []Bug{
		{
			Name: "a pause is not heeded", Breaks: "H7", Says: "paused", Scene: change("a raise while the pool is paused", pause, resume),
			Plant: wrongPool(resume),
		},
		{
			Name: "the mode is not heeded", Breaks: "H7", Says: "in mode",
			Scene: change("a raise while the pool only observes", mode(v1alpha1.ModeObserve), mode(v1alpha1.ModeActive)),
			Plant: wrongPool(mode(v1alpha1.ModeActive)),
		},
	}
}

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
