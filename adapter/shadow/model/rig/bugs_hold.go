package rig

import (
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

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
	mode := func(m v1alpha1.Mode) func(*v1alpha1.ShadowPool) {
		return func(p *v1alpha1.ShadowPool) { p.Spec.Mode = m }
	}
	return []Bug{
		{
			Name: "a pause is not heeded", Breaks: "H7", Says: "paused", Scene: change("a raise while the pool is paused", pauseAll, resumeAll),
			Plant: wrongPool(resumeAll),
		},
		{
			Name: "the mode is not heeded", Breaks: "H7", Says: "in mode",
			Scene: change("a raise while the pool only observes", mode(v1alpha1.ModeObserve), mode(v1alpha1.ModeActive)),
			Plant: wrongPool(mode(v1alpha1.ModeActive)),
		},
	}
}

func pauseAll(p *v1alpha1.ShadowPool) {
	p.Annotations = map[string]string{v1alpha1.PauseAnnotation: string(v1alpha1.PauseAll)}
}

func resumeAll(p *v1alpha1.ShadowPool) { p.Annotations = nil }
