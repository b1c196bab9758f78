package shadow

import (
	"fmt"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// hold returns the first thing that stands against shadows of the whole pool;
// without reason if nothing does. noTarget is why there is no ReplicaSet to
// join, if so.
func (p *plan) hold(noTarget Reason) Reason {
	for _, check := range []func(*plan) Reason{holdPaused, holdMode, holdWorkload, holdRefused} {
		if r := check(p); r.Reason != "" {
			return r
		}
	}
	return noTarget
}

func holdPaused(p *plan) Reason {
	switch {
	case p.in.Paused:
		return Reason{Reason: ReasonPaused, Message: "the whole installation is paused"}
	case p.in.Pool.ShadowsPaused():
		return Reason{Reason: ReasonPaused, Message: fmt.Sprintf(
			"pool %s has the annotation %s: remove it to go on", p.in.Pool.Name, v1alpha1.PauseAnnotation)}
	}
	return Reason{}
}

func holdMode(p *plan) Reason {
	if p.spec.Mode == v1alpha1.ModeActive {
		return Reason{}
	}
	return Reason{Reason: ReasonModeNotActive, Message: fmt.Sprintf(
		"pool %s is in mode %s: write mode Active to keep shadows", p.in.Pool.Name, p.spec.Mode)}
}

func holdWorkload(p *plan) Reason {
	w := &p.in.Workload
	switch {
	case !w.Exists:
		return Reason{Reason: ReasonWorkloadGone, Message: fmt.Sprintf(
			"there is no %s %s: create it, or name another in scaleTargetRef", p.spec.ScaleTargetRef.Kind, p.spec.ScaleTargetRef.Name)}
	case w.Deleting:
		return Reason{Reason: ReasonWorkloadGone, Message: fmt.Sprintf("%s %s is being deleted", w.Kind, w.Name)}
	}
	return Reason{}
}

func holdRefused(p *plan) Reason {
	if len(p.in.Refusals) > 0 {
		return p.in.Refusals[0]
	}
	return Reason{}
}

// refused says that no shadow of this workload may be: neither made nor kept.
func (p *plan) refused() bool { return len(p.in.Refusals) > 0 }
