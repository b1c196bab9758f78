package observe_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// A pool that asks for a sidecar where nobody named its image is told which flag to
// set.
func TestObserveSidecarMissing(t *testing.T) {
	warned := []shadow.Reason{{
		Condition: v1alpha1.ConditionSidecarMissing, Reason: "NoSidecarImage",
		Message: "spec.warmUp.appPort asks for a sidecar that warms shadows up, and the shadows role has no image of it: start it with " +
			"--shadows.sidecar-image, or leave appPort out; until then a shadow is warm when it has been Ready for warmUp.minReady",
	}}
	for name, tt := range map[string]struct {
		alter func(*scene)
		want  []shadow.Reason
	}{
		"no image":               {func(*scene) {}, warned},
		"an image":               {func(s *scene) { s.NoSidecar = false }, nil},
		"no port":                {func(s *scene) { s.Pool.Spec.WarmUp.AppPort = nil }, nil},
		"a pool without shadows": {func(s *scene) { s.Pool.Spec.Mode = v1alpha1.ModePredict }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(4)
			s.Pool.Spec.WarmUp.AppPort, s.NoSidecar = new(int32(8080)), true
			tt.alter(s)
			require.Equal(t, tt.want, observe.Observe(s.World).Warnings)
		})
	}
}
