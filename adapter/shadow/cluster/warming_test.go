package cluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// Nothing that is watched says that a sidecar's shadow is warm.
func TestWhileWarming(t *testing.T) {
	pod := func(state v1alpha1.ShadowState) *corev1.Pod {
		return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{UID: "a", Labels: map[string]string{v1alpha1.StateLabel: string(state)}}}
	}
	for _, tt := range []struct {
		name     string
		state    v1alpha1.ShadowState
		progress map[types.UID]shadow.Progress
		requeue  time.Duration
		want     time.Duration
	}{
		{"a shadow that is measured", v1alpha1.ShadowWarming, map[types.UID]shadow.Progress{"a": {Ratio: 0.5}}, 0, readAgain},
		{"one that is looked at soon anyway", v1alpha1.ShadowWarming, map[types.UID]shadow.Progress{"a": {}}, time.Millisecond, time.Millisecond},
		{"one that is looked at much later", v1alpha1.ShadowWarming, map[types.UID]shadow.Progress{"a": {}}, time.Hour, readAgain},
		{"one that is warm", v1alpha1.ShadowWarming, map[types.UID]shadow.Progress{"a": {Done: true}}, time.Hour, time.Hour},
		{"one without a sidecar", v1alpha1.ShadowWarming, nil, time.Hour, time.Hour},
		{"one that is ready", v1alpha1.ShadowReady, map[types.UID]shadow.Progress{"a": {}}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &observe.World{Pods: []*corev1.Pod{pod(tt.state)}, Progress: tt.progress}
			require.Equal(t, tt.want, whileWarming(w, tt.requeue))
		})
	}
}
