package actuate

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// A leader that stood still after it decided a lowering must not do it when the
// pool asks for more by now, or has another leader.
func TestLoweringAsksThePool(t *testing.T) {
	raise := func(p *v1alpha1.ShadowPool) { p.Spec.Replicas = new(int32(8)) }
	tests := []struct {
		name      string
		meanwhile func(*v1alpha1.ShadowPool)
		want      Result
		err       error
	}{
		{"the pool is as it was", func(p *v1alpha1.ShadowPool) { p.Status.Capacity = &v1alpha1.CapacityStatus{Note: "x"} }, ResultDone, nil},
		{"the pool was raised", raise, ResultConflict, nil},
		{"the pool was made anew", func(p *v1alpha1.ShadowPool) { p.UID = "another" }, ResultConflict, nil},
		{"the pool ends", func(p *v1alpha1.ShadowPool) { p.DeletionTimestamp = new(metav1.NewTime(started)) }, ResultConflict, nil},
		{"a later leader wrote the pool", func(p *v1alpha1.ShadowPool) { p.Status.Epoch = 2 }, ResultRefused, ErrFenced},
	}
	for _, tt := range tests {
		for _, kind := range []shadow.Kind{shadow.KindDetach, shadow.KindScale} {
			t.Run(tt.name+": "+string(kind), func(t *testing.T) {
				s, live := lowering(t)
				action := s.do(kind, live)
				action.Replicas = 4
				change(s.recorder, s.pool, tt.meanwhile)
				r, err := s.try(t, action)
				require.ErrorIs(t, err, tt.err)
				require.Equal(t, tt.want, r.Outcomes[0].Result, "%v", r.Outcomes[0].Err)
				require.Equal(t, tt.want != ResultDone, len(s.writes) == 0)
				if tt.err != nil {
					require.Equal(t, shadow.ReasonFenced, r.Outcomes[0].Why.Reason)
				}
			})
		}
	}
}

// lowering is a pool of 4 whose workload has 6, one of them a pod that was a
// shadow.
func lowering(t *testing.T) (*stage, *corev1.Pod) {
	t.Helper()
	var live *corev1.Pod
	s := newStage(t, 6, 0, func(s *stage) {
		s.pool.Spec.Replicas = new(int32(4))
		live = shadowtest.Activated(s.pool, s.rs, "old", started.Add(-statusDelay))
		s.pods = append(s.pods, live)
	})
	return s, live
}

// One read of the pool is enough for all pods that are detached.
func TestDetachReadsThePoolOnce(t *testing.T) {
	s, live := lowering(t)
	another := shadowtest.Activated(s.pool, s.rs, "other", started.Add(-statusDelay))
	s.pods = append(s.pods, another)
	s.objects[keyOf(another)] = copyOf(another)
	r := s.act(t, s.do(shadow.KindDetach, live), s.do(shadow.KindDetach, another))
	require.Equal(t, []Result{ResultDone, ResultDone}, []Result{r.Outcomes[0].Result, r.Outcomes[1].Result})
	require.Equal(t, []string{"ShadowPool/" + s.pool.Name}, s.reads)
}

// While a write of the scale was under way, the pool was raised, and a later
// leader has done it: the number of before must not come back.
func TestScaleAsksThePoolAfterAConflict(t *testing.T) {
	for _, to := range []int32{4, 7} {
		s, live := lowering(t)
		once := false
		s.arrive = func(w Write) {
			if w.Kind != shadow.KindScale || once {
				return
			}
			once = true
			change(s.recorder, s.pool, func(p *v1alpha1.ShadowPool) { p.Spec.Replicas = new(int32(8)) })
			change(s.recorder, s.dep, func(d *appsv1.Deployment) { d.Spec.Replicas = new(int32(8)) })
		}
		a := s.do(shadow.KindScale, live)
		a.Replicas = to
		r := s.act(t, a)
		require.Equal(t, ResultConflict, r.Outcomes[0].Result)
		require.Equal(t, int32(8), *find(s.recorder, s.dep).Spec.Replicas)
		require.Equal(t, lookAgain, r.Requeue, "it is planned anew")
	}
}

// Who cannot ask does not lower.
func TestLoweringNeedsAnAnswer(t *testing.T) {
	s, live := lowering(t)
	s.fail = map[string]error{keyOf(s.pool): errors.New("connection refused")}
	r, err := s.try(t, s.do(shadow.KindDetach, live), shadow.Action{Kind: shadow.KindScale, Replicas: 4})
	require.ErrorContains(t, err, "detach pod shop/"+live.Name+": read pool shop/web: connection refused")
	require.Equal(t, []Result{ResultFailed, ResultFailed}, []Result{r.Outcomes[0].Result, r.Outcomes[1].Result})
	require.Empty(t, s.recorder.pods())
}
