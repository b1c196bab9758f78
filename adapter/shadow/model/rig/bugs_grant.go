package rig

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

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
