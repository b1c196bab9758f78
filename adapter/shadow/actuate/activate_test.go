package actuate

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// The one patch of an activation holds all that the hand-over is, and nothing
// else.
func TestActivationPatch(t *testing.T) {
	s := newStage(t, 5, 1, func(s *stage) {
		s.rs.Spec.Template.Annotations = map[string]string{doNotDisrupt: "true", corev1.PodDeletionCost: "5"}
		p := s.shadow(0)
		p.Annotations[v1alpha1.TemplateAnnotation] = observe.TemplateHash(s.rs)
	})
	s.act(t, s.do(shadow.KindActivate, s.shadow(0)))

	writes := s.patches(t)
	require.Len(t, writes, 1)
	labels := map[string]any{v1alpha1.StateLabel: "active"}
	for k, v := range s.rs.Spec.Template.Labels {
		labels[k] = v
	}
	want := map[string]any{"metadata": map[string]any{
		"uid": string(s.shadow(0).UID), "resourceVersion": "1",
		"labels": labels,
		"annotations": map[string]any{
			corev1.PodDeletionCost:           "-2147483647",
			v1alpha1.ActivationAnnotation:    string(s.rs.UID) + "/1/7",
			v1alpha1.ActivatedAtAnnotation:   "2026-01-02T12:02:00.000Z",
			v1alpha1.EpochAnnotation:         "1",
			doNotDisrupt:                     "true",
			safeToEvict:                      nil,
			v1alpha1.AboutAnnotation:         nil,
			v1alpha1.HiddenLabelsAnnotation:  nil,
			v1alpha1.DrainingSinceAnnotation: nil,
		},
		"ownerReferences": []any{map[string]any{
			"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": s.rs.Name, "uid": string(s.rs.UID), "controller": true, "blockOwnerDeletion": true,
		}},
	}}
	if diff := cmp.Diff(want, writes[0]); diff != "" {
		t.Errorf("patch (-want +got):\n%s", diff)
	}
}

// patches returns the patches of pods, read.
func (s *stage) patches(t *testing.T) []map[string]any {
	t.Helper()
	var out []map[string]any
	for _, w := range s.recorder.pods() {
		require.Equal(t, VerbPatch, w.Verb)
		var doc map[string]any
		require.NoError(t, json.Unmarshal(w.Patch, &doc))
		out = append(out, doc)
	}
	return out
}

// However many shadows go live, each of them takes one write, all are under way
// at the same time, and before them there is nothing but two reads at once.
func TestActivationsAreOneSerialWrite(t *testing.T) {
	const n = 300
	synctest.Test(t, func(t *testing.T) {
		s := newStage(t, 4+n, n)
		var mu sync.Mutex
		waiting := 0
		open := make(chan struct{})
		s.arrive = func(w Write) {
			if w.Kind != shadow.KindActivate {
				return
			}
			mu.Lock()
			waiting++
			mu.Unlock()
			<-open
		}
		var actions []shadow.Action
		for i := range n {
			actions = append(actions, s.do(shadow.KindActivate, s.shadow(i)))
		}
		report, err := Report{}, errors.New("not done")
		done := make(chan struct{})
		w := s.world()
		in := observe.Observe(*w)
		d := shadow.Decision{Actions: actions, Status: s.pool.Status, Terms: shadow.Terms{Desired: 4 + n, Live: 4, Grants: n}}
		go func() {
			defer close(done)
			report, err = s.actuator.Act(t.Context(), w, &in, &d)
		}()
		synctest.Wait()
		mu.Lock()
		require.Equal(t, n, waiting, "activations under way at the same time")
		require.Empty(t, s.writes, "a write came before them")
		require.ElementsMatch(t, []string{"ReplicaSet/" + s.rs.Name, "ShadowPool/" + s.pool.Name}, s.reads)
		mu.Unlock()
		close(open)
		<-done
		require.NoError(t, err)
		require.Len(t, s.recorder.pods(), n)
		for _, o := range report.Outcomes {
			require.Equal(t, ResultDone, o.Result, "%s: %v", o.Pod, o.Err)
		}
	})
}

var errModified = apierrors.NewConflict(schema.GroupResource{}, "x", errors.New("the object has been modified"))

func TestActivationIsJudgedAnew(t *testing.T) {
	lost := apierrors.NewServerTimeout(schema.GroupResource{}, "patch", 1)
	tests := []struct {
		name string
		// meanwhile is what happens before the first write arrives, answer what
		// becomes of that.
		meanwhile func(*stage)
		do        bool
		answer    error
		want      Result
		why       string
		writes    int
	}{
		{name: "a status that changed: again", meanwhile: touch, do: true, want: ResultDone, writes: 2},
		{name: "no longer Ready", meanwhile: unready, do: true, want: ResultRefused, why: shadow.ReasonNotReady, writes: 1},
		{name: "written by a later leader", meanwhile: overtake, do: true, want: ResultRefused, why: shadow.ReasonFenced, writes: 1},
		{name: "being deleted", meanwhile: end, do: true, want: ResultRefused, why: shadow.ReasonDeleting, writes: 1},
		{name: "gone", meanwhile: func(s *stage) { s.remove(s.shadow(0)) }, do: true, want: ResultGone, writes: 1},
		{name: "made anew under its name", meanwhile: remake, do: true, want: ResultGone, writes: 1},
		{name: "the raise was taken back", meanwhile: lower, do: true, want: ResultRefused, why: shadow.ReasonReplicaSetLowered, writes: 1},
		{name: "the ReplicaSet is gone", meanwhile: dismiss, do: true, want: ResultRefused, why: shadow.ReasonStale, writes: 1},
		{name: "a write whose answer was lost", do: true, answer: lost, want: ResultAlready, writes: 1},
		{name: "a write that never came", answer: lost, want: ResultDone, writes: 2},
		{name: "an answer that never came", do: true, answer: errors.New("connection reset by peer"), want: ResultAlready, writes: 1},
		{name: "refused for good", answer: apierrors.NewForbidden(schema.GroupResource{}, "x", errors.New("no")), want: ResultFailed, writes: 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, 5, 1)
			s.answer = func(n int, w Write) (bool, error) {
				if n > 1 || w.Kind != shadow.KindActivate {
					return true, nil
				}
				return tt.do, tt.answer
			}
			s.arrive = func(w Write) {
				if w.Kind == shadow.KindActivate && tt.meanwhile != nil {
					f := tt.meanwhile
					tt.meanwhile = nil
					f(s)
				}
			}
			r, err := s.try(t, s.do(shadow.KindActivate, s.shadow(0)))
			o := r.Outcomes[0]
			require.Equal(t, tt.want, o.Result, "%v %v", o.Err, o.Why)
			require.Equal(t, tt.why, o.Why.Reason)
			require.Len(t, s.recorder.pods(), tt.writes)
			switch {
			case tt.want == ResultFailed:
				require.Error(t, err)
			case tt.why == shadow.ReasonFenced:
				require.ErrorIs(t, err, ErrFenced)
			default:
				require.NoError(t, err)
			}
			require.Equal(t, tt.want == ResultDone || tt.want == ResultAlready, o.Done())
		})
	}
}

func touch(s *stage) {
	change(s.recorder, s.shadow(0), func(p *corev1.Pod) { p.Status.Message = "probed" })
}

func unready(s *stage) {
	change(s.recorder, s.shadow(0), shadowtest.Unready(started))
}

func overtake(s *stage) {
	change(s.recorder, s.shadow(0), func(p *corev1.Pod) { p.Annotations[v1alpha1.EpochAnnotation] = "2" })
}

func end(s *stage) { change(s.recorder, s.shadow(0), shadowtest.Deleting) }

func remake(s *stage) {
	change(s.recorder, s.shadow(0), func(p *corev1.Pod) { p.UID = "another" })
}

func lower(s *stage) {
	touch(s)
	change(s.recorder, s.rs, func(rs *appsv1.ReplicaSet) { rs.Spec.Replicas = new(int32(4)) })
}

func dismiss(s *stage) {
	touch(s)
	s.remove(s.rs)
}

// A leader that was stopped for a while may know a raise and not yet who has
// answered it.
func TestOvertakenLeaderHandsNothingOver(t *testing.T) {
	for _, kind := range []shadow.Kind{shadow.KindActivate, shadow.KindBridge} {
		t.Run(string(kind), func(t *testing.T) {
			s := newStage(t, 5, 2)
			actions := []shadow.Action{s.do(kind, s.shadow(0)), s.do(kind, s.shadow(1))}
			change(s.recorder, s.pool, func(p *v1alpha1.ShadowPool) { p.Status.Epoch = 2 })
			r, err := s.try(t, actions...)
			require.ErrorIs(t, err, ErrFenced)
			for _, o := range r.Outcomes {
				require.Equal(t, ResultRefused, o.Result)
				require.Equal(t, shadow.ReasonFenced, o.Why.Reason)
			}
			require.Empty(t, s.recorder.pods())
		})
	}
}

func TestOvertakenLeaderMakesNothing(t *testing.T) {
	s := newStage(t, 4, 0)
	change(s.recorder, s.pool, func(p *v1alpha1.ShadowPool) { p.Status.Epoch = 2 })
	r, err := s.try(t, shadow.Action{Kind: shadow.KindCreate, Pod: "new", ReplicaSetUID: s.rs.UID})
	require.ErrorIs(t, err, ErrFenced)
	require.Equal(t, shadow.ReasonFenced, r.Outcomes[0].Why.Reason)
	require.Empty(t, s.recorder.pods())
}

// What a live read of the ReplicaSet shows counts, not what the cache knew.
func TestActivationsFollowTheLiveReplicaSet(t *testing.T) {
	tests := []struct {
		name string
		live func(*stage)
		want []Result
		why  string
	}{
		{
			"one replica less", func(s *stage) {
				change(s.recorder, s.rs, func(rs *appsv1.ReplicaSet) { rs.Spec.Replicas = new(int32(6)) })
			},
			[]Result{ResultDone, ResultDone, ResultRefused},
			shadow.ReasonReplicaSetLowered,
		},
		{
			"lowered to what it was", func(s *stage) {
				change(s.recorder, s.rs, func(rs *appsv1.ReplicaSet) { rs.Spec.Replicas = new(int32(4)) })
			},
			[]Result{ResultRefused, ResultRefused, ResultRefused},
			shadow.ReasonReplicaSetLowered,
		},
		{
			"with a pod that the cache does not show", func(s *stage) {
				change(s.recorder, s.rs, func(rs *appsv1.ReplicaSet) { rs.Status.Replicas = 5 })
			},
			[]Result{ResultDone, ResultDone, ResultRefused},
			shadow.ReasonPodsNotSeen,
		},
		{
			"with all pods that it asks for", func(s *stage) {
				change(s.recorder, s.rs, func(rs *appsv1.ReplicaSet) { rs.Status.Replicas = 7 })
			},
			[]Result{ResultRefused, ResultRefused, ResultRefused},
			shadow.ReasonPodsNotSeen,
		},
		{
			"gone", func(s *stage) { s.remove(s.rs) },
			[]Result{ResultRefused, ResultRefused, ResultRefused},
			shadow.ReasonReplicaSetDeleting,
		},
		{
			"being deleted", func(s *stage) {
				change(s.recorder, s.rs, func(rs *appsv1.ReplicaSet) { rs.DeletionTimestamp = new(metav1.NewTime(started)) })
			},
			[]Result{ResultRefused, ResultRefused, ResultRefused},
			shadow.ReasonReplicaSetDeleting,
		},
		{
			"of another template", func(s *stage) {
				change(s.recorder, s.rs, func(rs *appsv1.ReplicaSet) { rs.Spec.Template.Spec.Containers[0].Image = "example.org/web:2" })
			},
			[]Result{ResultRefused, ResultRefused, ResultRefused},
			shadow.ReasonStale,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, 7, 3)
			tt.live(s)
			r := s.act(t, s.do(shadow.KindActivate, s.shadow(0)), s.do(shadow.KindActivate, s.shadow(1)), s.do(shadow.KindActivate, s.shadow(2)))
			var got []Result
			why := ""
			for _, o := range r.Outcomes {
				got = append(got, o.Result)
				if o.Result == ResultRefused {
					why = o.Why.Reason
				}
			}
			require.Equal(t, tt.want, got)
			require.Equal(t, tt.why, why)
			require.Positive(t, r.Requeue)
		})
	}
}

// A ReplicaSet that nobody observed was not lowered: there is none.
func TestActivationsNeedAReplicaSet(t *testing.T) {
	s := newStage(t, 5, 1)
	a := s.do(shadow.KindActivate, s.shadow(0))
	a.ReplicaSetUID = "another"
	r := s.act(t, a)
	require.Equal(t, ResultRefused, r.Outcomes[0].Result)
	require.Equal(t, shadow.ReasonNoReplicaSet, r.Outcomes[0].Why.Reason)
	require.Empty(t, s.writes)
}

// A raise that is taken back while some activations are tried again leaves room
// for no more than it still asks for.
func TestRetriesFitTheLoweredReplicaSet(t *testing.T) {
	s := newStage(t, 7, 3)
	conflicts := 0
	s.answer = func(_ int, w Write) (bool, error) {
		if w.Kind == shadow.KindActivate && conflicts < 3 {
			if conflicts++; conflicts == 3 {
				live, _ := s.objects["ReplicaSet/"+s.rs.Name].(*appsv1.ReplicaSet)
				live.Spec.Replicas = new(int32(5))
			}
			return false, errModified
		}
		return true, nil
	}
	r := s.act(t, s.do(shadow.KindActivate, s.shadow(0)), s.do(shadow.KindActivate, s.shadow(1)), s.do(shadow.KindActivate, s.shadow(2)))
	live := 0
	for _, o := range r.Outcomes {
		if o.Done() {
			live++
		}
	}
	require.LessOrEqual(t, live, 3)
	active := 0
	for _, o := range s.objects {
		if p, ok := o.(*corev1.Pod); ok && p.Labels[v1alpha1.StateLabel] == "active" {
			active++
		}
	}
	require.Equal(t, live, active)
}

// No error is no proof: what comes back is compared.
func TestActivationIsCompared(t *testing.T) {
	tests := []struct {
		name  string
		admit func(*corev1.Pod)
		field string
	}{
		{"a label is taken away", func(p *corev1.Pod) { delete(p.Labels, shadowtest.AppLabel) }, ".metadata.labels." + shadowtest.AppLabel},
		{"the owner stays", func(p *corev1.Pod) { p.OwnerReferences = nil }, ".metadata.ownerReferences"},
		{"the cost is dropped", func(p *corev1.Pod) { delete(p.Annotations, corev1.PodDeletionCost) }, ".metadata.annotations." + corev1.PodDeletionCost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newStage(t, 5, 1)
			s.admit = func(o client.Object) {
				if p, ok := o.(*corev1.Pod); ok {
					tt.admit(p)
				}
			}
			r, err := s.try(t, s.do(shadow.KindActivate, s.shadow(0)))
			require.Equal(t, ResultFailed, r.Outcomes[0].Result)
			require.EqualError(t, err, fmt.Sprintf("activate pod shop/%s: the server has another %s than was written", s.shadow(0).Name, tt.field))
		})
	}
}

// An intent that was not written does not let anybody go live.
func TestActivationNeedsTheWrittenIntent(t *testing.T) {
	s := newStage(t, 5, 1, func(s *stage) { s.pool.Status.Intent.PodUIDs = nil })
	r := s.act(t, s.do(shadow.KindActivate, s.shadow(0)))
	require.Equal(t, ResultRefused, r.Outcomes[0].Result)
	require.Equal(t, shadow.ReasonNotInIntent, r.Outcomes[0].Why.Reason)
	require.Empty(t, s.recorder.pods())
}

// A server that asks to be asked later is.
func TestThrottledActivation(t *testing.T) {
	s := newStage(t, 5, 1)
	s.answer = func(int, Write) (bool, error) { return false, apierrors.NewTooManyRequests("later", 3) }
	r, err := s.try(t, s.do(shadow.KindActivate, s.shadow(0)))
	require.NoError(t, err)
	require.Equal(t, ResultFailed, r.Outcomes[0].Result)
	require.Equal(t, 3*time.Second, r.Requeue)
	require.Len(t, s.recorder.pods(), 1)
}
