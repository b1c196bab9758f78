package actuate

import (
	"slices"
	"testing"
	"time"

	"github.com/go-kit/log"
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
		{
			"it runs, and another one is there that nobody saw", func(s *stage, _ *corev1.Pod) {
				change(s.recorder, s.rs, func(rs *appsv1.ReplicaSet) { rs.Spec.Replicas, rs.Status.Replicas = new(int32(6)), 5 })
			}, ResultRefused,
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

// What leaves no room before the first write leaves none for an activation that
// is tried again; pods that were handed over in the meantime are no others.
func TestPodsThatCameBeforeARetryLeaveNoRoom(t *testing.T) {
	replicas := func(n int32) func(*stage) {
		return func(s *stage) {
			live, _ := s.objects["ReplicaSet/"+s.rs.Name].(*appsv1.ReplicaSet)
			live.Status.Replicas = n
		}
	}
	phase := func(p corev1.PodPhase) func(*stage) {
		return func(s *stage) {
			s.clock.SetTime(s.clock.Now().Add(time.Second))
			live, _ := s.objects[keyOf(s.pods[3])].(*corev1.Pod)
			live.Status.Phase = p
		}
	}
	tests := []struct {
		name      string
		meanwhile func(*stage)
		want      Result
	}{
		{"nothing", func(*stage) {}, ResultDone},
		{"the pod that was handed over counts", replicas(5), ResultDone},
		{"another pod came", replicas(6), ResultRefused},
		{"a cold pod is Pending yet", phase(corev1.PodPending), ResultDone},
		{"a cold pod started", phase(corev1.PodRunning), ResultRefused},
		{"a cold pod ended for the one that was handed over", func(s *stage) {
			s.clock.SetTime(s.clock.Now().Add(time.Second))
			delete(s.objects, keyOf(s.pods[3]))
		}, ResultDone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			first := make(chan struct{})
			s := newStage(t, 4, 2, func(s *stage) {
				shadowtest.Pending()(s.pods[3])
				s.rs.Status.Replicas = 4
				s.alter = func(c *Config) {
					c.Logger = log.LoggerFunc(func(kv ...any) error {
						if slices.Contains(kv, any(s.shadow(0).Name)) {
							close(first) // it is done, and counted
						}
						return nil
					})
				}
			})
			s.arrive = func(w Write) {
				if w.Object.GetName() == s.shadow(1).Name {
					<-first
				}
			}
			conflict := true
			s.answer = func(_ int, w Write) (bool, error) {
				if conflict && w.Object.GetName() == s.shadow(1).Name {
					conflict = false
					tt.meanwhile(s)
					return false, errModified
				}
				return true, nil
			}
			w := s.world()
			in := observe.Observe(*w)
			a, b := s.do(shadow.KindActivate, s.shadow(0)), s.do(shadow.KindActivate, s.shadow(1))
			d := shadow.Decision{
				Actions: []shadow.Action{a, b}, Status: w.Pool.Status,
				Terms: shadow.Terms{Desired: 4, Live: 4, Pending: 1, Grants: 2},
			}
			r, err := s.actuator.Act(t.Context(), w, &in, &d)
			require.NoError(t, err)
			require.Equal(t, ResultDone, r.Outcomes[0].Result)
			require.Equal(t, tt.want, r.Outcomes[1].Result)
			if tt.want == ResultRefused {
				require.Equal(t, shadow.ReasonPodsNotSeen, r.Outcomes[1].Why.Reason)
			}
		})
	}
}
