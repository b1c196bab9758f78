package actuate

import (
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// A pod that runs and is not Ready yet is worth as much to its ReplicaSet as one
// that fails its probe: in its place there is no room, whatever the cache shows.
func TestPodsThatStartedUnseenLeaveNoRoom(t *testing.T) {
	tests := []struct {
		name string
		live func(*stage, *corev1.Pod)
		want Result
	}{
		{"it is Pending", func(s *stage, p *corev1.Pod) { change(s.recorder, p, shadowtest.Pending()) }, ResultDone},
		{"it runs", func(*stage, *corev1.Pod) {}, ResultRefused},
		{"it is gone", func(s *stage, p *corev1.Pod) { s.remove(p) }, ResultRefused},
		{
			"it runs, and the ReplicaSet is not done", func(s *stage, _ *corev1.Pod) {
				change(s.recorder, s.rs, func(rs *appsv1.ReplicaSet) { rs.Status.Replicas = 3 })
			}, ResultDone,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, 4, 1)
			change(s.recorder, s.rs, func(rs *appsv1.ReplicaSet) { rs.Status.Replicas = 4 })
			w := s.world()
			cold := w.Pods[3]
			tt.live(s, cold)
			w.Pods[3] = cold.DeepCopy()
			shadowtest.Pending()(w.Pods[3])
			in := observe.Observe(*w)
			d := shadow.Decision{
				Actions: []shadow.Action{s.do(shadow.KindActivate, s.shadow(0))}, Status: w.Pool.Status,
				Terms: shadow.Terms{Desired: 4, Live: 4, Pending: 1, Grants: 1},
			}
			r, err := s.actuator.Act(t.Context(), w, &in, &d)
			require.NoError(t, err)
			require.Equal(t, tt.want, r.Outcomes[0].Result)
			if tt.want == ResultRefused {
				require.Equal(t, shadow.ReasonPodsNotSeen, r.Outcomes[0].Why.Reason)
			}
		})
	}
}
