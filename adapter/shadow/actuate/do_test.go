package actuate

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// Each action makes of a pod what its name says.
func TestActions(t *testing.T) {
	at := started.Add(-time.Minute)
	tests := []struct {
		name  string
		pod   func(*stage) *corev1.Pod
		kind  shadow.Kind
		alter func(*shadow.Action)
		// writes is how many it takes.
		writes int
		want   func(t *testing.T, s *stage, p *corev1.Pod)
	}{
		{
			name: "a bridge has the live labels, and the pool as owner", kind: shadow.KindBridge, writes: 1,
			pod: func(s *stage) *corev1.Pod { return s.shadow(0) },
			want: func(t *testing.T, s *stage, p *corev1.Pod) {
				require.Equal(t, shadowtest.Name, p.Labels[shadowtest.AppLabel])
				require.Equal(t, "bridged", p.Labels[v1alpha1.StateLabel])
				require.True(t, metav1.IsControlledBy(p, s.pool))
				require.NotContains(t, p.Annotations, corev1.PodDeletionCost)
				require.Contains(t, p.Annotations, v1alpha1.HiddenLabelsAnnotation)
			},
		},
		{
			name: "a withdrawal hides a bridge, and it drains", kind: shadow.KindWithdraw, writes: 1,
			pod: func(s *stage) *corev1.Pod {
				return shadowtest.Shadow(s.pool, s.rs, "b", v1alpha1.ShadowBridged, func(p *corev1.Pod) {
					p.Labels[shadowtest.AppLabel] = shadowtest.Name
					p.Annotations[v1alpha1.ActivatedAtAnnotation] = at.Format(instant)
				})
			},
			want: func(t *testing.T, s *stage, p *corev1.Pod) {
				require.NotContains(t, p.Labels, shadowtest.AppLabel)
				require.Equal(t, "draining", p.Labels[v1alpha1.StateLabel])
				require.JSONEq(t, `{"app":"web"}`, p.Annotations[v1alpha1.HiddenLabelsAnnotation])
				require.Equal(t, "2026-01-02T12:02:00.000Z", p.Annotations[v1alpha1.DrainingSinceAnnotation])
				require.NotContains(t, p.Annotations, v1alpha1.ActivatedAtAnnotation)
				require.Equal(t, "true", p.Annotations[safeToEvict])
				require.True(t, metav1.IsControlledBy(p, s.pool))
			},
		},
		{
			name: "a detachment is an activation backwards, in one write", kind: shadow.KindDetach, writes: 1,
			pod: func(s *stage) *corev1.Pod { return shadowtest.Activated(s.pool, s.rs, "d", at) },
			want: func(t *testing.T, s *stage, p *corev1.Pod) {
				require.NotContains(t, p.Labels, shadowtest.AppLabel)
				require.Equal(t, "draining", p.Labels[v1alpha1.StateLabel])
				require.True(t, metav1.IsControlledBy(p, s.pool))
				require.Len(t, p.OwnerReferences, 1)
				require.NotContains(t, p.Annotations, corev1.PodDeletionCost)
				require.NotContains(t, p.Annotations, v1alpha1.ActivationAnnotation)
				require.JSONEq(t, `{"app":"web"}`, p.Annotations[v1alpha1.HiddenLabelsAnnotation])
			},
		},
		{
			name: "a settled pod has the cost of its template", kind: shadow.KindSettle, writes: 1,
			pod: func(s *stage) *corev1.Pod {
				s.rs.Spec.Template.Annotations = map[string]string{corev1.PodDeletionCost: "5"}
				return shadowtest.Activated(s.pool, s.rs, "d", at)
			},
			want: func(t *testing.T, _ *stage, p *corev1.Pod) {
				require.Equal(t, "5", p.Annotations[corev1.PodDeletionCost])
			},
		},
		{
			name: "a settled pod has no cost where its template has none", kind: shadow.KindSettle, writes: 1,
			pod: func(s *stage) *corev1.Pod { return shadowtest.Activated(s.pool, s.rs, "d", at) },
			want: func(t *testing.T, _ *stage, p *corev1.Pod) {
				require.NotContains(t, p.Annotations, corev1.PodDeletionCost)
			},
		},
		{
			name: "hiding adds to what is hidden", kind: shadow.KindHide, writes: 1,
			pod:   func(s *stage) *corev1.Pod { return s.shadow(0) },
			alter: func(a *shadow.Action) { a.Keys = []string{shadowtest.TierLabel} },
			want: func(t *testing.T, _ *stage, p *corev1.Pod) {
				require.NotContains(t, p.Labels, shadowtest.TierLabel)
				require.JSONEq(t, `{"app":"web","tier":"front"}`, p.Annotations[v1alpha1.HiddenLabelsAnnotation])
			},
		},
		{
			name: "a Ready shadow warms up", kind: shadow.KindMarkWarming, writes: 1,
			pod: func(s *stage) *corev1.Pod {
				return shadowtest.Shadow(s.pool, s.rs, "w", v1alpha1.ShadowCreating, shadowtest.Ready(at))
			},
			want: func(t *testing.T, _ *stage, p *corev1.Pod) {
				require.Equal(t, "warming", p.Labels[v1alpha1.StateLabel])
			},
		},
		{
			name: "a warm shadow has the condition, then the label", kind: shadow.KindMarkReady, writes: 2,
			pod: func(s *stage) *corev1.Pod { return shadowtest.Shadow(s.pool, s.rs, "w", v1alpha1.ShadowWarming) },
			want: func(t *testing.T, s *stage, p *corev1.Pod) {
				require.Equal(t, "ready", p.Labels[v1alpha1.StateLabel])
				c := conditionOf(p, v1alpha1.WarmedCondition)
				require.Equal(t, corev1.ConditionTrue, c.Status)
				require.Equal(t, shadow.ReasonWarm, c.Reason)
				require.True(t, c.LastTransitionTime.Time.Equal(started))
				require.NotNil(t, conditionOf(p, corev1.PodReady), "the others stay")
				require.Equal(t, []string{"status", ""}, []string{s.writes[0].Subresource, s.writes[1].Subresource})
			},
		},
		{
			name: "a warm-up that timed out says so", kind: shadow.KindMarkReady, writes: 2,
			pod:   func(s *stage) *corev1.Pod { return shadowtest.Shadow(s.pool, s.rs, "w", v1alpha1.ShadowWarming) },
			alter: func(a *shadow.Action) { a.TimedOut = true },
			want: func(t *testing.T, _ *stage, p *corev1.Pod) {
				require.Equal(t, shadow.ReasonTimedOut, conditionOf(p, v1alpha1.WarmedCondition).Reason)
			},
		},
		{
			name: "what was done before a crash is not done again", kind: shadow.KindMarkReady, writes: 1,
			pod: func(s *stage) *corev1.Pod {
				return shadowtest.Shadow(s.pool, s.rs, "w", v1alpha1.ShadowWarming, shadowtest.Warmed(at))
			},
			want: func(t *testing.T, _ *stage, p *corev1.Pod) { require.Equal(t, "ready", p.Labels[v1alpha1.StateLabel]) },
		},
		{
			name: "a drained pod is no longer warm", kind: shadow.KindRewarm, writes: 2,
			pod: func(s *stage) *corev1.Pod {
				return shadowtest.Shadow(s.pool, s.rs, "w", v1alpha1.ShadowDraining, shadowtest.Warmed(at), func(p *corev1.Pod) {
					p.Annotations[v1alpha1.DrainingSinceAnnotation] = at.Format(instant)
				})
			},
			want: func(t *testing.T, _ *stage, p *corev1.Pod) {
				require.Equal(t, "warming", p.Labels[v1alpha1.StateLabel])
				require.Equal(t, corev1.ConditionFalse, conditionOf(p, v1alpha1.WarmedCondition).Status)
				require.Contains(t, p.Annotations, v1alpha1.DrainingSinceAnnotation, "the warm-up counts from its end")
			},
		},
		{
			name: "a shadow ends under its UID and version", kind: shadow.KindDelete, writes: 1,
			pod: func(s *stage) *corev1.Pod { return s.shadow(0) },
			want: func(t *testing.T, s *stage, p *corev1.Pod) {
				require.Nil(t, p)
				w := s.writes[0]
				require.Equal(t, s.shadow(0).UID, w.UID)
				require.Equal(t, "1", w.ResourceVersion)
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var p *corev1.Pod
			s := newStage(t, 5, 1, func(s *stage) {
				if p = tt.pod(s); len(s.pods) < 5 || p != s.shadow(0) {
					s.pods = append(s.pods, p)
				}
			})
			a := s.do(tt.kind, p)
			if tt.alter != nil {
				tt.alter(&a)
			}
			r := s.act(t, a)
			require.Equal(t, ResultDone, r.Outcomes[0].Result, "%v %v", r.Outcomes[0].Err, r.Outcomes[0].Why)
			require.Len(t, s.recorder.pods(), tt.writes)
			live := find(s.recorder, p)
			tt.want(t, s, live)
			if live != nil && tt.kind != shadow.KindResize {
				require.Equal(t, "1", live.Annotations[v1alpha1.EpochAnnotation])
			}
		})
	}
}

func conditionOf(p *corev1.Pod, c corev1.PodConditionType) *corev1.PodCondition {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == c {
			return &p.Status.Conditions[i]
		}
	}
	return nil
}

// A pod that has become somebody else's is left alone.
func TestDeleteOfAPodThatWentLive(t *testing.T) {
	s := newStage(t, 5, 1)
	change(s.recorder, s.shadow(0), func(p *corev1.Pod) {
		*p = *shadowtest.Activated(s.pool, s.rs, nth(0), started)
	})
	r := s.act(t, s.do(shadow.KindDelete, s.shadow(0)))
	require.Equal(t, ResultRefused, r.Outcomes[0].Result)
	require.Equal(t, shadow.ReasonNotOwned, r.Outcomes[0].Why.Reason)
	require.NotNil(t, find(s.recorder, s.shadow(0)))
}

func TestCreate(t *testing.T) {
	create := func(s *stage) shadow.Action {
		return shadow.Action{Kind: shadow.KindCreate, Pod: "web-new", ReplicaSetUID: s.rs.UID, Reason: "Refill"}
	}
	lost := apierrors.NewTimeoutError("timed out", 1)
	tests := []struct {
		name   string
		alter  func(*stage)
		do     bool
		answer error
		admit  func(client.Object)
		want   Result
	}{
		{name: "a new pod", do: true, want: ResultDone},
		{name: "one that is there already", do: true, want: ResultAlready, alter: func(s *stage) {
			s.objects["Pod/web-new"] = shadowtest.Shadow(s.pool, s.rs, "new", v1alpha1.ShadowCreating, func(p *corev1.Pod) { p.Name = "web-new" })
		}},
		{name: "a name that somebody else took", do: true, want: ResultFailed, alter: func(s *stage) {
			s.objects["Pod/web-new"] = shadowtest.Pod(s.rs, "new", func(p *corev1.Pod) { p.Name = "web-new" })
		}},
		{name: "an answer that was lost", do: true, answer: lost, want: ResultAlready},
		{name: "a request that was lost", answer: lost, want: ResultFailed},
		{name: "a quota that is used up", answer: apierrors.NewForbidden(schema.GroupResource{}, "web-new", errors.New("exceeded quota")), want: ResultRefused},
		{name: "admission that takes the owner away", do: true, want: ResultFailed, admit: func(o client.Object) {
			if p, ok := o.(*corev1.Pod); ok {
				p.OwnerReferences = nil
			}
		}},
		{name: "admission that adds to it", do: true, want: ResultDone, admit: func(o client.Object) {
			if p, ok := o.(*corev1.Pod); ok {
				p.Labels["mesh"] = "yes"
			}
		}},
		{name: "a ReplicaSet that ends", want: ResultRefused, alter: func(s *stage) { s.rs.DeletionTimestamp = new(metav1.NewTime(started)) }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, 4, 1)
			if tt.alter != nil {
				tt.alter(s)
			}
			s.answer = func(_ int, w Write) (bool, error) {
				if w.Kind == shadow.KindCreate {
					return tt.do, tt.answer
				}
				return true, nil
			}
			s.admit = tt.admit
			r, err := s.try(t, create(s))
			require.Equal(t, tt.want, r.Outcomes[0].Result, "%v", r.Outcomes[0].Err)
			require.Equal(t, tt.want == ResultFailed, err != nil)
		})
	}
}

// A cache that lags makes nobody create twice.
func TestCreateIsRemembered(t *testing.T) {
	s := newStage(t, 4, 0)
	s.act(t, shadow.Action{Kind: shadow.KindCreate, Pod: "web-new", ReplicaSetUID: s.rs.UID})
	w := s.world()
	require.NoError(t, s.actuator.Refresh(t.Context(), w))
	require.Equal(t, "web-new", w.Pods[len(w.Pods)-1].Name)
}

func TestScale(t *testing.T) {
	act := func(s *stage) (Report, error) {
		return s.try(t, shadow.Action{Kind: shadow.KindScale, Replicas: 9})
	}
	t.Run("the workload's scale is written on the version that was seen", func(t *testing.T) {
		s := newStage(t, 4, 0)
		r, err := act(s)
		require.NoError(t, err)
		require.Equal(t, ResultDone, r.Outcomes[0].Result)
		require.Equal(t, "scale", s.writes[0].Subresource)
		require.JSONEq(t, `{"metadata":{"uid":"deployment-uid","resourceVersion":"1"},"spec":{"replicas":9}}`, string(s.writes[0].Patch))
		w := s.world()
		require.NoError(t, s.actuator.Refresh(t.Context(), w))
		require.Equal(t, int32(9), *w.Deployment.Spec.Replicas, "a cache that lags makes nobody scale twice")
	})
	t.Run("a Rollout's scale holds until the cache has it", func(t *testing.T) {
		s := newStage(t, 4, 0)
		rollout := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout",
			"metadata": map[string]any{"namespace": "shop", "name": "web", "uid": "rollout-uid", "resourceVersion": "1"},
			"spec":     map[string]any{"replicas": int64(4), "paused": false},
		}}
		s.store(rollout.DeepCopy())
		rollout.SetResourceVersion(find(s.recorder, rollout).GetResourceVersion())
		replicas := func(at *unstructured.Unstructured) int32 {
			w := s.world()
			w.Deployment, w.Rollout = nil, at
			require.NoError(t, s.actuator.Refresh(t.Context(), w))
			return replicasIn(w.Rollout)
		}
		w := s.world()
		w.Deployment, w.Rollout = nil, rollout
		in := observe.Observe(*w)
		r, err := s.actuator.Act(t.Context(), w, &in, &shadow.Decision{
			Actions: []shadow.Action{{Kind: shadow.KindScale, Replicas: 9}}, Status: w.Pool.Status,
		})
		require.NoError(t, err)
		require.Equal(t, ResultDone, r.Outcomes[0].Result)
		require.EqualValues(t, 9, replicas(rollout), "a cache that lags makes nobody scale twice")
		require.EqualValues(t, 4, replicasIn(rollout), "a cache is not written")
		live := find(s.recorder, rollout).DeepCopy()
		require.EqualValues(t, 9, replicas(live))
		require.NoError(t, unstructured.SetNestedField(live.Object, int64(5), "spec", "replicas"))
		live.SetResourceVersion("900")
		require.EqualValues(t, 5, replicas(live), "somebody has scaled it since")
		require.EqualValues(t, 4, replicas(rollout), "what the cache has shown once is not kept")
	})
	t.Run("a status that changed in between does not matter", func(t *testing.T) {
		s := newStage(t, 4, 0)
		change(s.recorder, s.dep, func(d *appsv1.Deployment) { d.Status.Replicas = 3 })
		r, err := act(s)
		require.NoError(t, err)
		require.Equal(t, ResultDone, r.Outcomes[0].Result)
	})
	t.Run("a workload that is gone", func(t *testing.T) {
		s := newStage(t, 4, 0)
		s.remove(s.dep)
		r, err := act(s)
		require.NoError(t, err)
		require.Equal(t, ResultGone, r.Outcomes[0].Result)
	})
	t.Run("a Scale is read as what it is", func(t *testing.T) {
		require.Equal(t, int32(3), replicasIn(&autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: 3}}))
	})
}

func podOf(in shadow.Observed, p *corev1.Pod) shadow.Pod {
	for i := range in.Pods {
		if in.Pods[i].UID == p.UID {
			return in.Pods[i]
		}
	}
	return shadow.Pod{}
}

// A decision that must not be done is not.
func TestActRefuses(t *testing.T) {
	s := newStage(t, 5, 1)
	w := s.world()
	in := observe.Observe(*w)
	for _, tt := range []struct {
		name string
		d    shadow.Decision
		want error
	}{
		{"a fenced leader", shadow.Decision{Fenced: true, Actions: []shadow.Action{s.do(shadow.KindDelete, s.shadow(0))}}, ErrFenced},
		{"a broken invariant", shadow.Decision{Broken: "a pod is there twice", Actions: []shadow.Action{s.do(shadow.KindDelete, s.shadow(0))}}, ErrBroken},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.actuator.Act(t.Context(), w, &in, &tt.d)
			require.ErrorIs(t, err, tt.want)
		})
	}
	t.Run("a pool that ends", func(t *testing.T) {
		w := s.world()
		w.Pool = w.Pool.DeepCopy()
		w.Pool.DeletionTimestamp = new(metav1.NewTime(started))
		_, err := s.actuator.Act(t.Context(), w, &in, &shadow.Decision{Actions: []shadow.Action{s.do(shadow.KindDelete, s.shadow(0))}})
		require.NoError(t, err)
	})
	require.Empty(t, s.writes)
}

// What matters more ends what is left to do between two writes.
func TestUrgentRaise(t *testing.T) {
	urgent := false
	s := newStage(t, 4, 2, func(s *stage) {
		s.alter = func(c *Config) { c.Urgent = func(Pool) bool { return urgent } }
	})
	s.arrive = func(Write) { urgent = true }
	r := s.act(t, s.do(shadow.KindMarkWarming, s.shadow(0)), s.do(shadow.KindDelete, s.shadow(1)))
	require.Equal(t, ResultDone, r.Outcomes[0].Result)
	require.Equal(t, ResultPending, r.Outcomes[1].Result)
	require.Empty(t, s.statuses())
}

// What can wait for the pods that go live does, for a second.
func TestQuiet(t *testing.T) {
	s := newStage(t, 5, 2)
	create := shadow.Action{Kind: shadow.KindCreate, Pod: "web-new", ReplicaSetUID: s.rs.UID}
	r := s.act(t, s.do(shadow.KindActivate, s.shadow(0)), s.do(shadow.KindDelete, s.shadow(1)), create)
	require.Equal(t, []Result{ResultDone, ResultDone, ResultPending}, []Result{r.Outcomes[0].Result, r.Outcomes[1].Result, r.Outcomes[2].Result})
	require.Equal(t, quiet, r.Requeue)
	s.clock.SetTime(s.clock.Now().Add(quiet - time.Nanosecond))
	require.Equal(t, ResultPending, s.act(t, create).Outcomes[0].Result)
	s.clock.SetTime(s.clock.Now().Add(time.Nanosecond))
	require.Equal(t, ResultDone, s.act(t, create).Outcomes[0].Result)
}

// The process may end at every point; nothing is written afterwards.
func TestFailpoints(t *testing.T) {
	crash := errors.New("the end")
	first := map[shadow.Kind]string{shadow.KindMarkReady: pointWarmed, shadow.KindRewarm: pointCooled}
	pointOf := func(w Write) string {
		if w.Subresource == "status" && w.Kind != "" {
			return first[w.Kind]
		}
		return map[shadow.Kind]string{
			shadow.KindActivate: pointActivate, shadow.KindBridge: pointBridge, shadow.KindHide: pointHide, shadow.KindWithdraw: pointWithdraw,
			shadow.KindDetach: pointDetach, shadow.KindSettle: pointSettle, shadow.KindMarkWarming: pointMarkWarming, shadow.KindMarkReady: pointMarkReady,
			shadow.KindRewarm: pointRewarm, shadow.KindResize: pointResize, shadow.KindUnboost: pointUnboost, shadow.KindCreate: pointCreate, shadow.KindDelete: pointDelete, shadow.KindScale: pointScale,
		}[w.Kind]
	}
	for _, point := range Points() {
		t.Run(point, func(t *testing.T) {
			hit := ""
			s := newStage(t, 5, 8, func(s *stage) {
				s.alter = func(c *Config) {
					c.Failpoint = func(p string) error {
						if p == point {
							hit = p
							return crash
						}
						return nil
					}
				}
				s.pods = append(s.pods, shadowtest.Activated(s.pool, s.rs, "old", started.Add(-time.Minute)),
					shadowtest.Shadow(s.pool, s.rs, "drained", v1alpha1.ShadowDraining, shadowtest.Warmed(started)),
					shadowtest.Shadow(s.pool, s.rs, "warm", v1alpha1.ShadowWarming))
				small := shadowtest.Activated(s.pool, s.rs, "small", started.Add(-time.Minute))
				idle, err := shrink(&small.Spec, 10)
				require.NoError(t, err)
				small.Annotations[v1alpha1.IdleAnnotation] = idle
				bridge := shadowtest.Shadow(s.pool, s.rs, "bridge", v1alpha1.ShadowBridged, func(p *corev1.Pod) {
					p.Labels[shadowtest.AppLabel] = shadowtest.Name
				})
				s.pods = append(s.pods, small, bridge, boostedPod(t, s))
			})
			old, drained, warm, small, bridge, fast := s.pods[12], s.pods[13], s.pods[14], s.pods[15], s.pods[16], s.pods[17]
			hide := s.do(shadow.KindHide, s.shadow(2))
			hide.Keys = []string{shadowtest.TierLabel}
			actions := []shadow.Action{
				{Kind: shadow.KindScale, Replicas: 6},
				s.do(shadow.KindActivate, s.shadow(0)), s.do(shadow.KindBridge, s.shadow(1)),
				s.do(shadow.KindDetach, old), s.do(shadow.KindWithdraw, bridge), hide, s.do(shadow.KindResize, small), s.do(shadow.KindSettle, small),
				s.do(shadow.KindRewarm, drained), s.do(shadow.KindMarkWarming, s.shadow(3)), s.do(shadow.KindMarkReady, warm), s.do(shadow.KindUnboost, fast),
				s.do(shadow.KindDelete, s.shadow(4)),
				{Kind: shadow.KindCreate, Pod: "web-new", ReplicaSetUID: s.rs.UID},
			}
			var wait []shadow.Action
			for _, a := range actions {
				if canWait(a.Kind) {
					wait = append(wait, a)
				}
			}
			s.pool.Status.Epoch = 0 // so that there is a status to write
			_, err := s.try(t, actions...)
			for range 2 { // what can wait, and the status, come a second later
				if err == nil {
					s.clock.SetTime(s.clock.Now().Add(max(statusDelay, quiet)))
					_, err = s.try(t, wait...)
				}
			}
			require.Equal(t, point, hit)
			require.ErrorIs(t, err, crash)
			for _, w := range s.writes {
				stopped := strings.HasPrefix(point, before)
				require.False(t, stopped && pointOf(w) == strings.TrimPrefix(point, before), "it was written all the same")
			}
		})
	}
}
