package actuate

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

func TestResize(t *testing.T) {
	shrunk := func(s *stage) {
		p := shadowtest.Activated(s.pool, s.rs, "small", started.Add(-time.Minute))
		idle, err := shrink(&p.Spec, 10)
		require.NoError(t, err)
		p.Annotations[v1alpha1.IdleAnnotation] = idle
		s.pods = append(s.pods, p)
	}
	t.Run("the requests of the template come back", func(t *testing.T) {
		s := newStage(t, 5, 0, shrunk)
		p := s.pods[4]
		r := s.act(t, s.do(shadow.KindResize, p))
		require.Equal(t, ResultDone, r.Outcomes[0].Result)
		require.Equal(t, "resize", s.writes[0].Subresource)
		if diff := cmp.Diff(s.rs.Spec.Template.Spec.Containers, find(s.recorder, p).Spec.Containers); diff != "" {
			t.Errorf("containers (-template +resized):\n%s", diff)
		}
	})
	refuse := func(s *stage, err error) {
		s.answer = func(_ int, w Write) (bool, error) {
			if w.Kind == shadow.KindResize {
				return false, err
			}
			return true, nil
		}
	}
	look := func(t *testing.T, s *stage) (shadow.Observed, shadow.Pod) {
		t.Helper()
		w := s.world()
		require.NoError(t, s.actuator.Refresh(t.Context(), w))
		in := observe.Observe(*w)
		return in, podOf(in, s.pods[4])
	}
	forbidden := func(why string) error {
		return apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "small", errors.New(why))
	}
	for name, err := range map[string]error{
		"invalid":          apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "small", nil),
		"forbidden":        forbidden("nothing is resized here"),
		"no such resource": apierrors.NewGenericServerResponse(http.StatusNotFound, "patch", schema.GroupResource{}, "small", "", 0, false),
		"no such method":   apierrors.NewMethodNotSupported(schema.GroupResource{Resource: "pods"}, "patch"),
	} {
		t.Run("refused for good: "+name, func(t *testing.T) {
			s := newStage(t, 5, 0, shrunk)
			refuse(s, err)
			r := s.act(t, s.do(shadow.KindResize, s.pods[4]))
			require.Equal(t, ResultRefused, r.Outcomes[0].Result)
			require.NotZero(t, r.Requeue)
			_, p := look(t, s)
			require.Equal(t, shadow.ResizeRefused, p.Resize)
			require.Equal(t, s.clock.Now().Add(askServer), p.ResizeAt)
			require.NotEmpty(t, p.ResizeWhy)

			s.pool.Generation++
			_, p = look(t, s)
			require.Empty(t, p.Resize, "another spec begins anew")
		})
	}
	t.Run("what may pass is asked for again, ever more slowly", func(t *testing.T) {
		s := newStage(t, 5, 0, shrunk)
		refuse(s, forbidden("exceeded quota: team, requested: requests.cpu=450m"))
		for _, wait := range []float64{1, 2, 4, 8, 16, 32, 60, 60} {
			s.act(t, s.do(shadow.KindResize, s.pods[4]))
			_, p := look(t, s)
			require.Equal(t, shadow.ResizePostponed, p.Resize)
			require.InDelta(t, wait, p.ResizeAt.Sub(s.clock.Now()).Seconds(), 0)
			s.clock.SetTime(p.ResizeAt)
		}
	})
	t.Run("one that goes through ends a refusal", func(t *testing.T) {
		s := newStage(t, 5, 0, shrunk)
		refuse(s, forbidden("nothing is resized here"))
		s.act(t, s.do(shadow.KindResize, s.pods[4]))
		s.answer = nil
		s.act(t, s.do(shadow.KindResize, s.pods[4]))
		in, p := look(t, s)
		require.Equal(t, s.clock.Now(), in.Resized)
		require.False(t, p.Shrunk)
		refuse(s, forbidden("not any more"))
		s.act(t, s.do(shadow.KindResize, s.pods[4]))
		in, _ = look(t, s)
		require.Zero(t, in.Resized)
	})
	t.Run("a pod that is gone is gone", func(t *testing.T) {
		s := newStage(t, 5, 0, shrunk)
		do := s.do(shadow.KindResize, s.pods[4])
		s.arrive = func(Write) { s.remove(s.pods[4]) }
		r := s.act(t, do)
		require.Equal(t, ResultGone, r.Outcomes[0].Result)
	})
	t.Run("a refusal stands in the world", func(t *testing.T) {
		s := newStage(t, 5, 0, shrunk)
		s.answer = func(_ int, w Write) (bool, error) {
			if w.Kind == shadow.KindResize {
				return false, apierrors.NewInvalid(schema.GroupKind{Kind: "Pod"}, "x", nil)
			}
			return true, nil
		}
		r := s.act(t, s.do(shadow.KindResize, s.pods[4]))
		require.Equal(t, ResultRefused, r.Outcomes[0].Result)
		w := s.world()
		require.NoError(t, s.actuator.Refresh(t.Context(), w))
		require.True(t, w.ResizesRefused[observe.Resize{UID: s.pods[4].UID, Kind: shadow.KindResize}].Final)
		require.Equal(t, "Refused", podOf(observe.Observe(*w), s.pods[4]).Resize)
	})
}

// boostedPod is a shadow that warms up with a higher CPU limit; the template of
// its ReplicaSet gets one.
func boostedPod(t *testing.T, s *stage) *corev1.Pod {
	t.Helper()
	s.rs.Spec.Template.Spec.Containers[0].Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("600m")}
	for _, p := range s.pods {
		if _, ours := p.Annotations[v1alpha1.TemplateAnnotation]; ours {
			p.Annotations[v1alpha1.TemplateAnnotation] = observe.TemplateHash(s.rs)
		}
	}
	p := shadowtest.Shadow(s.pool, s.rs, "fast", v1alpha1.ShadowWarming)
	boosted, err := boost(&p.Spec, 400)
	require.NoError(t, err)
	require.NotEmpty(t, boosted)
	p.Annotations[v1alpha1.BoostAnnotation] = boosted
	return p
}

func TestUnboost(t *testing.T) {
	var s *stage
	begin := func(t *testing.T) *corev1.Pod {
		t.Helper()
		s = newStage(t, 4, 0, func(s *stage) { s.pods = append(s.pods, boostedPod(t, s)) })
		return s.pods[4]
	}
	look := func(t *testing.T) shadow.Pod {
		t.Helper()
		w := s.world()
		require.NoError(t, s.actuator.Refresh(t.Context(), w))
		return podOf(observe.Observe(*w), s.pods[4])
	}
	t.Run("the limit of the template comes back, and counts when the kubelet has it", func(t *testing.T) {
		p := begin(t)
		require.Equal(t, shadow.BoostOn, look(t).Boost)
		r := s.act(t, s.do(shadow.KindMarkReady, p))
		require.Equal(t, ResultRefused, r.Outcomes[0].Result)
		require.Equal(t, shadow.ReasonBoosted, r.Outcomes[0].Why.Reason)
		r = s.act(t, s.do(shadow.KindUnboost, p))
		require.Equal(t, ResultDone, r.Outcomes[0].Result)
		require.True(t, slices.ContainsFunc(s.writes, func(w Write) bool { return w.Kind == shadow.KindUnboost && w.Subresource == "resize" }))
		if diff := cmp.Diff(s.rs.Spec.Template.Spec.Containers, find(s.recorder, p).Spec.Containers); diff != "" {
			t.Errorf("containers (-template +resized):\n%s", diff)
		}
		require.Equal(t, shadow.BoostEnding, look(t).Boost)
		r = s.act(t, s.do(shadow.KindMarkReady, p))
		require.Equal(t, ResultRefused, r.Outcomes[0].Result)
	})
	t.Run("a server that will not is asked no more, and named", func(t *testing.T) {
		p := begin(t)
		s.answer = func(_ int, w Write) (bool, error) {
			if w.Kind != shadow.KindUnboost {
				return true, nil
			}
			return false, apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "fast", errors.New("nothing is resized here"))
		}
		r := s.act(t, s.do(shadow.KindUnboost, p))
		require.Equal(t, ResultRefused, r.Outcomes[0].Result)
		got := look(t)
		require.Equal(t, shadow.BoostOn, got.Boost)
		require.Equal(t, shadow.ResizeRefused, got.Resize)
		require.Contains(t, got.ResizeWhy, "nothing is resized here")
		require.Equal(t, shadow.ReasonUnboostRefused, r.Outcomes[0].Why.Reason)
	})
}

// A server that takes a limit back may have no room for a request, and the other
// way round: each is asked for by itself.
func TestOneResizeSaysNothingOfTheOther(t *testing.T) {
	for _, refused := range []shadow.Kind{shadow.KindResize, shadow.KindUnboost} {
		t.Run(string(refused)+" is refused", func(t *testing.T) {
			s := newStage(t, 5, 0, func(s *stage) {
				boosted := boostedPod(t, s)
				p := shadowtest.Activated(s.pool, s.rs, "small", started.Add(-time.Minute))
				idle, err := shrink(&p.Spec, 10)
				require.NoError(t, err)
				p.Annotations[v1alpha1.IdleAnnotation] = idle
				s.pods = append(s.pods, p, boosted)
			})
			s.answer = func(_ int, w Write) (bool, error) {
				if w.Kind == refused {
					return false, apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "x", errors.New("not this one"))
				}
				return true, nil
			}
			asked, other := s.pods[4], s.pods[5]
			done := shadow.KindUnboost
			if refused == shadow.KindUnboost {
				asked, other, done = other, asked, shadow.KindResize
			}
			require.Equal(t, ResultRefused, s.act(t, s.do(refused, asked)).Outcomes[0].Result)
			require.Equal(t, ResultDone, s.act(t, s.do(done, other)).Outcomes[0].Result)
			w := s.world()
			require.NoError(t, s.actuator.Refresh(t.Context(), w))
			in := observe.Observe(*w)
			require.Equal(t, shadow.ResizeRefused, podOf(in, asked).Resize)
			require.Empty(t, podOf(in, other).Resize)
			require.Equal(t, map[shadow.Kind]time.Time{done: s.clock.Now()}, w.Resized)
			require.Equal(t, done == shadow.KindResize, in.Resized.Equal(s.clock.Now()))
			require.Equal(t, done == shadow.KindUnboost, in.Unboosted.Equal(s.clock.Now()))
		})
	}
}
