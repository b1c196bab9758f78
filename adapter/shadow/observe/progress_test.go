package observe_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

var _ observe.ProgressSource = observe.ReadyProgress{}

// The shadow is Ready since ten seconds after Start; warmUp.minReady is 10 s.
func TestReadyProgress(t *testing.T) {
	tests := []struct {
		name  string
		alter func(*corev1.Pod)
		at    time.Duration
		want  shadow.Progress
	}{
		{"it is not Ready", shadowtest.Unready(after(5 * time.Second)), 12 * time.Second, shadow.Progress{Stage: "NotReady"}},
		{"nobody has looked at it", func(p *corev1.Pod) { p.Status.Conditions = nil }, 12 * time.Second, shadow.Progress{Stage: "NotReady"}},
		{"it is Ready since a moment", nil, 12500 * time.Millisecond, shadow.Progress{Ratio: 0.25, Stage: "MinReady"}},
		{"just before it is warm", nil, 20*time.Second - time.Millisecond, shadow.Progress{Ratio: 0.9999, Stage: "MinReady"}},
		{"it is warm", nil, 20 * time.Second, shadow.Progress{Ratio: 1, Done: true}},
		{"it stays warm", nil, time.Hour, shadow.Progress{Ratio: 1, Done: true}},
		{"the clock of its node is ahead", nil, 5 * time.Second, shadow.Progress{Stage: "MinReady"}},
		{"it drains", annotate(v1alpha1.DrainingSinceAnnotation, "2026-01-02T12:00:50.000Z"), time.Minute, shadow.Progress{Stage: "MinReady"}},
		{
			"it has drained, 30 s, and warms up again", annotate(v1alpha1.DrainingSinceAnnotation, "2026-01-02T12:00:50.000Z"), 85 * time.Second,
			shadow.Progress{Ratio: 0.5, Stage: "MinReady"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(1)
			pod := s.shadow("a", v1alpha1.ShadowWarming)
			if tt.alter != nil {
				tt.alter(pod)
			}
			got, known := observe.ReadyProgress{}.Progress(s.Pool, pod, after(tt.at))
			require.True(t, known)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestReadyProgressOfAPoolThatCannotBeRead(t *testing.T) {
	s := newScene(1)
	s.Pool.Spec.WarmUp.MinReady = "soon"
	_, known := observe.ReadyProgress{}.Progress(s.Pool, s.shadow("a", v1alpha1.ShadowWarming), after(time.Hour))
	require.False(t, known)
}

func TestObserveTakesTheProgressThatIsMeasured(t *testing.T) {
	s := newScene(1)
	measured, timed := s.shadow("a", v1alpha1.ShadowWarming), s.shadow("b", v1alpha1.ShadowWarming)
	s.Progress = map[types.UID]shadow.Progress{measured.UID: {Ratio: 0.3, Stage: "Latency"}}
	got := observe.Observe(s.add(measured, timed).World).Pods
	require.Equal(t, shadow.Progress{Ratio: 0.3, Stage: "Latency"}, got[0].WarmUp)
	require.Equal(t, shadow.Progress{Ratio: 1, Done: true}, got[1].WarmUp)
}
