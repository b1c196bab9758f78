package actuate

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// A server that refuses shadows is asked again ever more seldom, and the pool
// says what it said.
func TestDenial(t *testing.T) {
	s := newStage(t, 4, 0)
	s.pool.Status.Conditions = []metav1.Condition{{
		Type: v1alpha1.ConditionShadowsReady, Status: metav1.ConditionTrue, Reason: "ShadowsKept", LastTransitionTime: metav1.NewTime(started),
	}}
	s.recorder = newRecorder(s.pool, s.dep, s.rs)
	s.actuator.Server, s.actuator.Reader = s.recorder, s.recorder
	refuse := true
	s.answer = func(_ int, w Write) (bool, error) {
		if w.Kind == shadow.KindCreate && refuse {
			return false, apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "web-new", errors.New("a webhook says no"))
		}
		return true, nil
	}
	create := shadow.Action{Kind: shadow.KindCreate, Pod: "web-new", ReplicaSetUID: s.rs.UID}
	asked := func() int { return len(s.of(func(w Write) bool { return w.Kind == shadow.KindCreate })) }

	var waits []time.Duration
	for range 8 {
		r := s.act(t, create)
		require.Equal(t, ResultRefused, r.Outcomes[0].Result)
		before := asked()
		r = s.act(t, create)
		require.Equal(t, shadow.ReasonBackingOff, r.Outcomes[0].Why.Reason)
		require.Equal(t, before, asked(), "while it backs off")
		_, wait := s.actuator.overlay.denied(s.pool.Key())
		waits = append(waits, wait)
		s.clock.SetTime(s.clock.Now().Add(wait))
	}
	require.Equal(t, []time.Duration{1, 2, 4, 8, 16, 32, 60, 60}, inSeconds(waits))
	c := meta.FindStatusCondition(find(s.recorder, s.pool).Status.Conditions, v1alpha1.ConditionShadowsReady)
	require.Equal(t, metav1.ConditionFalse, c.Status)
	require.Equal(t, ReasonCreateRefused, c.Reason)
	require.Contains(t, c.Message, "a webhook says no")

	refuse = false
	require.Equal(t, ResultDone, s.act(t, create).Outcomes[0].Result)
	message, wait := s.actuator.overlay.denied(s.pool.Key())
	require.Empty(t, message)
	require.Zero(t, wait)
}

func inSeconds(all []time.Duration) []time.Duration {
	out := make([]time.Duration, len(all))
	for i, d := range all {
		out[i] = d / time.Second
	}
	return out
}
