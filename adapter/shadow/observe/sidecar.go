package observe

import (
	"slices"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// ReasonNoSidecarImage is the reason of the condition SidecarMissing.
const ReasonNoSidecarImage = "NoSidecarImage"

// warnings lists what is not as it should be and holds nothing.
func (v *View) warnings() []shadow.Reason {
	if v.w.Pool.Spec.Mode != v1alpha1.ModeActive {
		return nil
	}
	return slices.Concat(v.tolerances(), v.sidecarMissing(), v.boostIgnored())
}

// sidecarMissing warns of a pool whose shadows nobody warms up.
func (v *View) sidecarMissing() []shadow.Reason {
	if v.w.Pool.Spec.WarmUp.AppPort == nil || !v.w.NoSidecar {
		return nil
	}
	return []shadow.Reason{{
		Condition: v1alpha1.ConditionSidecarMissing, Reason: ReasonNoSidecarImage,
		Message: "spec.warmUp.appPort asks for a sidecar that warms shadows up, and the shadows role has no image of it: start it with " +
			"--shadows.sidecar-image, or leave appPort out; until then a shadow is warm when it has been Ready for warmUp.minReady",
	}}
}
