package actuate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// decide acts on a decision that is nothing but a status.
func (s *stage) decide(t *testing.T, w *observe.World, status v1alpha1.ShadowPoolStatus) (Report, error) {
	t.Helper()
	require.NoError(t, s.actuator.Refresh(t.Context(), w))
	in := observe.Observe(*w)
	return s.actuator.Act(t.Context(), w, &in, &shadow.Decision{Status: status})
}

func statusOf(ready int32) v1alpha1.ShadowPoolStatus {
	return v1alpha1.ShadowPoolStatus{Epoch: 1, Counts: &v1alpha1.ShadowCounts{Ready: ready}}
}

// A status waits for what else changes, is written once, and not again while
// nothing changes.
func TestStatusIsWrittenOnce(t *testing.T) {
	s := newStage(t, 4, 1)
	for _, ready := range []int32{1, 2, 3} {
		r, err := s.decide(t, s.fresh(), statusOf(ready))
		require.NoError(t, err)
		require.Positive(t, r.Requeue)
		s.clock.SetTime(s.clock.Now().Add(statusDelay / 4))
	}
	require.Empty(t, s.statuses(), "before the delay is over")
	s.clock.SetTime(s.clock.Now().Add(statusDelay / 4))
	r, err := s.decide(t, s.fresh(), statusOf(3))
	require.NoError(t, err)
	require.Equal(t, ResultDone, r.Status)
	require.Len(t, s.statuses(), 1)
	require.Equal(t, int32(3), find(s.recorder, s.pool).Status.Counts.Ready)
	for range 3 {
		s.clock.SetTime(s.clock.Now().Add(time.Hour))
		r, err = s.decide(t, s.fresh(), statusOf(3))
		require.NoError(t, err)
		require.Empty(t, r.Status)
		require.Zero(t, r.Requeue)
	}
	require.Len(t, s.statuses(), 1)
}

// The progress of a warm-up is written no more often than every few seconds; what
// else changes does not wait for that, and gathers as ever.
func TestProgressIsWrittenSlowly(t *testing.T) {
	s := newStage(t, 4, 1)
	status := func(ready int32, progress string) v1alpha1.ShadowPoolStatus {
		out := statusOf(ready)
		out.Shadows = []v1alpha1.ShadowStatus{{Name: "s1", State: v1alpha1.ShadowWarming, Progress: v1alpha1.Decimal(progress)}}
		return out
	}
	look := func(after time.Duration, ready int32, progress string) int {
		s.clock.SetTime(s.clock.Now().Add(after))
		_, err := s.decide(t, s.fresh(), status(ready, progress))
		require.NoError(t, err)
		return len(s.statuses())
	}
	look(0, 1, "0.1")
	require.Equal(t, 1, look(statusDelay, 1, "0.1"))
	require.Equal(t, 1, look(time.Second, 1, "0.2"))
	require.Equal(t, 1, look(progressDelay-time.Second, 1, "0.6"))
	require.Equal(t, 2, look(time.Second, 1, "0.7"))
	require.Equal(t, 2, look(progressDelay-time.Second, 1, "0.8"))
	require.Equal(t, 2, look(time.Second, 2, "0.9"), "another shadow is ready: more may change in the same second")
	require.Equal(t, 3, look(statusDelay, 2, "0.9"))
	require.Equal(t, 3, look(time.Hour, 2, "0.9"))
}

// The first look of a leader writes its epoch at once, so that the one before it
// learns to stop; what changes afterwards waits again.
func TestStatusOfANewLeaderDoesNotWait(t *testing.T) {
	second := func(t *testing.T, s *stage, ready int32, actions ...shadow.Action) Report {
		t.Helper()
		w := s.fresh()
		w.Epoch = 2
		require.NoError(t, s.actuator.Refresh(t.Context(), w))
		in := observe.Observe(*w)
		d := shadow.Decision{Actions: actions, Status: statusOf(ready), Terms: shadow.Terms{Desired: 5, Live: 4, Grants: int32(len(actions))}}
		d.Status.Epoch = 2
		r, err := s.actuator.Act(t.Context(), w, &in, &d)
		require.NoError(t, err)
		return r
	}
	t.Run("after the activations, and once", func(t *testing.T) {
		s := newStage(t, 5, 1)
		r := second(t, s, 1, s.do(shadow.KindActivate, s.shadow(0)))
		require.Equal(t, ResultDone, r.Outcomes[0].Result)
		require.Equal(t, ResultDone, r.Status)
		require.Equal(t, int64(2), find(s.recorder, s.pool).Status.Epoch)
		last := s.writes[len(s.writes)-1]
		require.Equal(t, "status", last.Subresource, "it comes last")
		r = second(t, s, 1)
		require.Empty(t, r.Status)
		r = second(t, s, 2)
		require.Empty(t, r.Status)
		require.Positive(t, r.Requeue)
		require.Len(t, s.statuses(), 1)
	})
	t.Run("a pool that has had no shadow", func(t *testing.T) {
		s := newStage(t, 4, 0, func(s *stage) { s.pool.Status = v1alpha1.ShadowPoolStatus{} })
		r := second(t, s, 1)
		require.Empty(t, r.Status)
		require.Equal(t, statusDelay, r.Requeue)
		require.Empty(t, s.statuses())
	})
}

// The status names the selector of every workload; a Rollout that refers to a
// Deployment keeps its own in its status.
func TestStatusSelector(t *testing.T) {
	for name, rollout := range map[string]map[string]any{
		"its own": {"spec": map[string]any{"selector": map[string]any{"matchLabels": map[string]any{"app": "argo"}}}},
		"in its status": {
			"spec":   map[string]any{"workloadRef": map[string]any{"name": "web"}},
			"status": map[string]any{"selector": "app=argo"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, 4, 1)
			for range 2 {
				w := s.fresh()
				w.Deployment, w.Rollout = nil, &unstructured.Unstructured{Object: rollout}
				_, err := s.decide(t, w, statusOf(1))
				require.NoError(t, err)
				s.clock.SetTime(s.clock.Now().Add(statusDelay))
			}
			require.Equal(t, "app=argo", find(s.recorder, s.pool).Status.Selector)
		})
	}
}

// What was decided goes on from the draft, but who may go live is what stands on
// the server.
func TestDraft(t *testing.T) {
	s := newStage(t, 4, 1)
	status := statusOf(1)
	status.Intent = &v1alpha1.Intent{ReplicaSetUID: "another", Epoch: 8}
	status.Deactivated = []v1alpha1.DeactivatedShadow{{Name: "web-old", Reason: "Excess"}}
	_, err := s.decide(t, s.fresh(), status)
	require.NoError(t, err)
	w := s.fresh()
	w.Pool.Status.Capacity = &v1alpha1.CapacityStatus{Note: "of the metrics role"}
	require.NoError(t, s.actuator.Refresh(t.Context(), w))
	require.Equal(t, "web-old", w.Pool.Status.Deactivated[0].Name)
	require.Equal(t, int64(7), w.Pool.Status.Intent.Epoch)
	require.Equal(t, "of the metrics role", w.Pool.Status.Capacity.Note)
}

func TestStatusConflict(t *testing.T) {
	tests := []struct {
		name      string
		meanwhile func(*v1alpha1.ShadowPool)
		want      Result
		err       error
	}{
		{"the metrics role wrote its part", func(p *v1alpha1.ShadowPool) { p.Status.Capacity = &v1alpha1.CapacityStatus{Note: "x"} }, ResultDone, nil},
		{"somebody changed the spec", func(p *v1alpha1.ShadowPool) { p.Generation++ }, ResultConflict, nil},
		{"somebody paused it", func(p *v1alpha1.ShadowPool) {
			metav1.SetMetaDataAnnotation(&p.ObjectMeta, v1alpha1.PauseAnnotation, "all")
		}, ResultConflict, nil},
		{"another leader of ours wrote an intent", func(p *v1alpha1.ShadowPool) { p.Status.Intent = &v1alpha1.Intent{Epoch: 9} }, ResultConflict, nil},
		{"a later leader wrote it", func(p *v1alpha1.ShadowPool) { p.Status.Epoch = 2 }, "", ErrFenced},
		{"it was made anew", func(p *v1alpha1.ShadowPool) { p.UID = "another" }, ResultGone, nil},
		{"it says what we want already", func(p *v1alpha1.ShadowPool) {
			p.Status.Counts = &v1alpha1.ShadowCounts{Ready: 5}
			p.Status.Intent = nil
			p.Status.Selector = "app=web"
		}, ResultAlready, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, 4, 1)
			_, err := s.decide(t, s.world(), statusOf(5))
			require.NoError(t, err)
			s.clock.SetTime(s.clock.Now().Add(statusDelay))
			change(s.recorder, s.pool, tt.meanwhile)
			r, err := s.decide(t, s.world(), statusOf(5))
			require.ErrorIs(t, err, tt.err)
			require.Equal(t, tt.want, r.Status)
		})
	}
}

// The Service that lists warming shadows is made once, follows the template's
// ports, and is left alone if it is somebody else's.
func TestService(t *testing.T) {
	s := newStage(t, 4, 1)
	_, err := s.decide(t, s.world(), statusOf(1))
	require.NoError(t, err)
	made := find(s.recorder, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web-shadow"}})
	require.Equal(t, map[string]string{v1alpha1.PoolLabel: "web", v1alpha1.StateLabel: "warming"}, made.Spec.Selector)
	require.Equal(t, corev1.ClusterIPNone, made.Spec.ClusterIP)
	require.Equal(t, int32(8080), made.Spec.Ports[0].Port)
	require.True(t, metav1.IsControlledBy(made, s.pool))

	applies := func() int {
		return len(s.of(func(w Write) bool { _, ok := w.Object.(*corev1.Service); return ok }))
	}
	_, err = s.decide(t, s.world(), statusOf(1))
	require.NoError(t, err)
	require.Equal(t, 1, applies(), "while the cache does not show it yet")
	w := s.world()
	w.Services = append(w.Services, made)
	s.clock.SetTime(s.clock.Now().Add(time.Hour))
	_, err = s.decide(t, w, statusOf(1))
	require.NoError(t, err)
	require.Equal(t, 1, applies(), "when it shows it")

	made = made.DeepCopy()
	made.Spec.Ports = nil
	w = s.world()
	w.Services = append(w.Services, made)
	_, err = s.decide(t, w, statusOf(1))
	require.NoError(t, err)
	require.Equal(t, 2, applies(), "when its ports are others")

	made.OwnerReferences = nil
	w = s.world()
	w.Services = append(w.Services, made)
	s.clock.SetTime(s.clock.Now().Add(time.Hour))
	_, err = s.decide(t, w, statusOf(1))
	require.NoError(t, err)
	require.Equal(t, 2, applies(), "when it is somebody else's")
}

func TestShadowServicePorts(t *testing.T) {
	s := shadowService(shadowtest.Pool(), []corev1.Container{
		{Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 80}, {ContainerPort: 81}}},
		{Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 82}, {ContainerPort: 80}}},
	})
	var got []string
	for _, p := range s.Spec.Ports {
		got = append(got, p.Name)
	}
	require.Equal(t, []string{"http", "port-2", "port-3"}, got)
}

// What the metrics role writes is its own: a profile of the pods that comes, or is
// another one, is no reason to write.
func TestStatusLeavesWhatIsMeasuredAlone(t *testing.T) {
	s := newStage(t, 4, 1)
	s.pool.Status.Counts, s.pool.Status.Selector = &v1alpha1.ShadowCounts{Ready: 1}, observe.ScaleSelector(s.world())
	for hour, median := range []v1alpha1.Decimal{"0.4", "0.5"} {
		w := s.world()
		pool := s.pool.DeepCopy()
		pool.Status.Forecast = &v1alpha1.ForecastStatus{ObservedLoad: median}
		pool.Status.Capacity = &v1alpha1.CapacityStatus{PerReplica: median}
		pool.Status.Profile = &v1alpha1.ProfileStatus{Dimensions: []v1alpha1.ProfileDimension{{Name: "cpu", Median: median}}}
		w.Pool = pool
		want := statusOf(1)
		want.Intent, want.Selector = pool.Status.Intent, pool.Status.Selector
		s.clock.SetTime(started.Add(time.Duration(hour) * time.Hour))
		r, err := s.decide(t, w, want)
		require.NoError(t, err)
		require.Zero(t, r.Requeue)
		require.Empty(t, s.statuses())
	}
}
