package rig

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	quantity "k8s.io/apimachinery/pkg/api/resource"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/invariant"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
)

// Scene is a short story about a shop, told without chance: what happens to it
// once its shadows are warm.
type Scene struct {
	Name string
	// Pool changes the pool before it is made.
	Pool func(*v1alpha1.ShadowPool)
	// Deployment changes the workload before it is made.
	Deployment func(*appsv1.Deployment)
	// Happens is the story.
	Happens func(*Shop)
}

// Scenes returns the stories.
func Scenes() []Scene {
	return append([]Scene{
		{Name: "a raise", Happens: func(s *Shop) {
			s.Scale(6)
			s.RunFor(40 * time.Second)
		}},
		{Name: "a raise that is taken back", Happens: func(s *Shop) {
			s.Scale(7)
			s.RunFor(60 * time.Millisecond)
			s.Scale(4)
			s.RunFor(40 * time.Second)
		}},
		{Name: "two raises", Happens: func(s *Shop) {
			s.Scale(5)
			s.RunFor(3 * time.Second)
			s.Scale(7)
			s.RunFor(time.Minute)
		}},
		{Name: "a rollout and a raise", Happens: func(s *Shop) {
			s.Roll("example.org/web:2")
			s.RunFor(100 * time.Millisecond)
			s.Scale(6)
			s.RunFor(3 * time.Minute)
		}},
		{Name: "a later selector", Happens: func(s *Shop) {
			s.Make(model.NewService(s.Namespace, "late", map[string]string{"tier": "front"}))
			s.RunFor(30 * time.Second)
		}},
		{Name: "a forecast that falls", Happens: func(s *Shop) {
			s.Publish(Need{Floor: 4, Now: 4, Value: 4, Shadow: 8})
			s.RunFor(time.Minute)
			s.Publish(Need{Floor: 4, Now: 4, Value: 4, Shadow: 4})
			s.RunFor(5 * time.Minute)
		}},
		{Name: "shadows that die", Happens: func(s *Shop) {
			s.each(func(i int, p *corev1.Pod) {
				if i == 0 {
					_ = s.Evict(p)
				} else {
					s.Crash(p)
				}
			})
			s.RunFor(time.Minute)
		}},
		// Not sooner: the leaders here look at pools that exist, and what is left of
		// one that is gone is the controller's.
		{Name: "a pool that is deleted when a raise has settled", Happens: func(s *Shop) {
			s.Scale(6)
			s.RunFor(time.Minute)
			_ = s.Delete("user", model.Pool, model.Key(s.Namespace, name), model.DeleteOptions{})
			s.RunFor(time.Minute)
		}},
		{Name: "a Deployment that is deleted after a raise", Happens: func(s *Shop) {
			s.Scale(6)
			s.RunFor(50 * time.Millisecond)
			_ = s.Delete("user", model.Deployment, model.Key(s.Namespace, name), model.DeleteOptions{})
			s.RunFor(time.Minute)
		}},
	}, resizeScenes()...)
}

// resizeScenes are about shadows with another CPU than live pods.
func resizeScenes() []Scene {
	return []Scene{
		{Name: "an idle CPU", Pool: func(p *v1alpha1.ShadowPool) { p.Spec.Idle.CPUPercent = new(int32(20)) }, Happens: func(s *Shop) {
			s.Scale(6)
			s.RunFor(time.Minute)
		}},
		{Name: "a CPU boost", Pool: boosts, Deployment: limitsCPU, Happens: func(s *Shop) {
			s.Scale(6)
			s.RunFor(time.Minute)
		}},
	}
}

// boosts gives the shadows of a pool four times the CPU limit while they warm up,
// and a fifth of the request until they serve.
func boosts(p *v1alpha1.ShadowPool) {
	p.Spec.Idle.CPUPercent, p.Spec.WarmUp.CPUBoost.LimitPercent = new(int32(20)), new(int32(400))
}

// limitsCPU gives a workload a CPU limit.
func limitsCPU(d *appsv1.Deployment) {
	d.Spec.Template.Spec.Containers[0].Resources.Limits[corev1.ResourceCPU] = quantity.MustParse("600m")
}

// each calls f for every shadow.
func (s *Shop) each(f func(i int, p *corev1.Pod)) {
	for i, p := range s.Shadows() {
		f(i, p)
	}
}

// Tell lets a scene happen and judges it. The fault, which may be nil, is asked
// for each write of ours, from the first shadow on.
func (sc Scene) Tell(wait func(), choice model.Choice, tamper Tamper, fault func(n int, w actuate.Write) Fault) (Report, Summary) {
	opts := Options{
		Wait: wait, Choice: choice, Timing: model.Usual(), Watch: 20 * time.Millisecond,
		Request: model.Range{Low: time.Millisecond, High: 4 * time.Millisecond}, Answer: model.Range{High: time.Millisecond}, Restart: 500 * time.Millisecond,
		Leads:  shadow.Leads{ColdStart: 10 * time.Second, ColdStartMin: 3 * time.Second, WarmUp: 3 * time.Second, Refresh: time.Minute},
		Tamper: tamper, Fault: fault, MaxWrites: maxWrites,
		Check: invariant.Config{Lag: time.Second, EndpointLag: time.Second},
	}
	r := New(opts)
	defer r.Close()
	r.AddNodes(8)
	s := r.NewShop("shop", 4, sc.Pool, sc.Deployment)
	r.RunFor(time.Minute)
	r.Lead()
	r.Await(2*time.Minute, func() bool { return s.Summary().Intended >= 3 })
	r.RunFor(3 * time.Second)
	before := s.writes
	sc.Happens(s)
	out := s.end(nil)
	out.WarmUp = before
	return out, s.Summary()
}
