package rig

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
)

// readBugs take what the cache shows for what a live read does.
func readBugs() []Bug {
	return []Bug{
		{
			Name: "a raise that was taken back is not noticed", Breaks: "H5", Says: "no room", Scene: takenBack(),
			Plant: staleRead(func(live, cached *appsv1.ReplicaSet) { live.Spec = cached.Spec }),
		},
		{
			Name: "pods that the cache lacks are not noticed", Breaks: "H5", Says: "no room", Scene: filled(),
			Plant: staleRead(func(live, cached *appsv1.ReplicaSet) { live.Status = cached.Status }),
		},
		{
			Name: "pods that have started are not noticed", Breaks: "H5", Says: "no room", Scene: started(),
			Plant: staleRead(func(live, cached *corev1.Pod) { live.Status = cached.Status }),
		},
		{
			Name: "a later leader is not noticed", Breaks: "H5", Says: "no room", Scene: answered(),
			Plant: staleRead(func(live, cached *v1alpha1.ShadowPool) { live.Status = cached.Status }),
		},
	}
}

// staleRead changes what is read of one kind, given what the cache shows of it.
func staleRead[T client.Object](change func(live, cached T)) func() Tamper {
	return func() Tamper {
		return Tamper{Read: func(live, cached client.Object) {
			l, ok := live.(T)
			c, known := cached.(T)
			if ok && known && l.GetUID() == c.GetUID() {
				cp, _ := c.DeepCopyObject().(T)
				change(l, cp)
			}
		}}
	}
}

// takenBack is a raise after which the leader stands still, and that is taken
// back meanwhile.
func takenBack() Scene {
	return Scene{Name: "a raise that a leader sleeps through and that is taken back", Happens: func(s *Shop) {
		old := s.Leaders()[0]
		s.Scale(7)
		old.Await(time.Second, s.asksFor(7))
		old.Pause()
		s.Scale(4)
		s.RunFor(5 * time.Second)
		old.Resume()
		s.RunFor(time.Minute)
	}}
}

// amidPause lets something happen while the pool is paused, and returns the
// leader that looks at it when the pause is over.
func (s *Shop) amidPause(happens func(old *Leader)) *Leader {
	old := s.Leaders()[0]
	s.ChangePool(pauseAll)
	s.RunFor(5 * time.Second)
	happens(old)
	s.RunFor(5 * time.Second)
	s.ChangePool(resumeAll)
	s.RunFor(2 * time.Second)
	return old
}

// filled is a raise while the pool is paused, after which the leader's watches of
// ReplicaSets and pods hang: it knows what is asked for, and not what is there.
func filled() Scene {
	return Scene{Name: "a raise amid a pause and watches that hang", Happens: func(s *Shop) {
		s.amidPause(func(old *Leader) {
			old.Watch(false, model.Pod)
			s.Scale(7)
			old.Await(time.Second, s.asksFor(7))
			old.Watch(false, model.ReplicaSet)
		}).Kill()
		s.RunFor(time.Minute)
	}}
}

// started is a raise while the pool is paused, after which the leader's watch of
// pods hangs: it shows a pod Pending that runs by now.
func started() Scene {
	return Scene{Name: "a raise amid a pause and a watch that hangs", Happens: func(s *Shop) {
		s.amidPause(func(old *Leader) {
			s.Scale(5)
			old.Await(time.Second, func(c *model.Cache) bool { return len(s.unplaced(c)) > 0 })
			old.Watch(false, model.Pod)
		}).Watch(true)
		s.RunFor(time.Minute)
	}}
}

// answered is a raise that a later leader answers, and an earlier one that sees
// the ReplicaSet and neither pods nor pools. Before it, a pod came back in another
// zone, so that the later leader takes another shadow first.
func answered() Scene {
	return Scene{Name: "a raise that a later leader answers", Happens: func(s *Shop) {
		old := s.Leaders()[0]
		old.Watch(false, model.Pod, model.Pool)
		s.Lead()
		s.ChangePool(pauseAll)
		s.RunFor(5 * time.Second)
		for _, p := range s.Live() {
			if p.Spec.NodeName == "node-2" {
				_ = s.Evict(p)
			}
		}
		s.RunFor(30 * time.Second)
		s.ChangePool(resumeAll)
		s.RunFor(5 * time.Second)
		s.Lag(true) // or the ReplicaSet says that it has a pod more
		s.Scale(5)
		s.RunFor(300 * time.Millisecond)
		s.Lag(false)
		s.RunFor(time.Second)
		old.Kill()
		s.RunFor(time.Minute)
	}}
}

// asksFor says that a ReplicaSet in a cache asks for so many pods.
func (s *Shop) asksFor(n int32) func(*model.Cache) bool {
	return func(c *model.Cache) bool {
		for _, o := range c.List(model.ReplicaSet, s.Namespace) {
			if rs, ok := o.(*appsv1.ReplicaSet); ok && *rs.Spec.Replicas == n {
				return true
			}
		}
		return false
	}
}

// unplaced returns the pods of ReplicaSets in a cache that have no node yet.
func (s *Shop) unplaced(c *model.Cache) (out []*corev1.Pod) {
	for _, o := range c.List(model.Pod, s.Namespace) {
		if p, ok := o.(*corev1.Pod); ok && p.Spec.NodeName == "" && ownerOf(p).Kind == string(model.ReplicaSet) {
			out = append(out, p)
		}
	}
	return out
}
