package observe_test

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// startup returns a pod that has taken so long to be Ready, its container having
// been started after half of that.
func startup(name string, took time.Duration, alter ...func(*corev1.Pod)) *corev1.Pod {
	rs := shadowtest.ReplicaSet(shadowtest.Deployment(1))
	p := shadowtest.Pod(rs, name, shadowtest.Ready(after(took)))
	p.Status.ContainerStatuses[0].State.Running.StartedAt = metav1.NewTime(after(took / 2))
	for _, f := range alter {
		f(p)
	}
	return p
}

// before returns a pod as it was before it was Ready.
func before(p *corev1.Pod) *corev1.Pod {
	p = p.DeepCopy()
	p.Status = corev1.PodStatus{Phase: corev1.PodPending}
	return p
}

func see(pods ...*corev1.Pod) *observe.Learner {
	var l observe.Learner
	l.See(pods)
	return &l
}

func TestLearnerBreaksAStartDown(t *testing.T) {
	p := startup("a", 40*time.Second, shadowtest.Warmed(after(65*time.Second)), func(p *corev1.Pod) {
		p.Status.Conditions[0].LastTransitionTime = metav1.NewTime(after(5 * time.Second))  // scheduled
		p.Status.Conditions[1].LastTransitionTime = metav1.NewTime(after(17 * time.Second)) // initialised
		p.Status.InitContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			StartedAt: metav1.NewTime(after(15 * time.Second)),
		}}}}
	})
	l := see(p)
	want := &v1alpha1.LeadStatus{ColdStart: "40s", WarmUp: "25s", Scheduled: "5s", Pulled: "10s", Initialised: "2s", Ready: "23s", Samples: 1}
	if diff := cmp.Diff(want, l.Status()); diff != "" {
		t.Errorf("status (-want +got):\n%s", diff)
	}
	require.Equal(t, shadow.Leads{ColdStart: 40 * time.Second, ColdStartMin: 40 * time.Second, WarmUp: 25 * time.Second}, l.Leads())
}

func TestLearnerKnowsNothingAtFirst(t *testing.T) {
	var l observe.Learner
	require.Equal(t, shadow.Leads{}, l.Leads())
	require.Nil(t, l.Status())
	l.See([]*corev1.Pod{before(startup("a", time.Minute))})
	require.Nil(t, l.Status(), "a pod that starts has not started")
}

func TestLearnerTellsWhichStartsCount(t *testing.T) {
	unready := func(since time.Duration) func(*corev1.Pod) *corev1.Pod {
		return func(p *corev1.Pod) *corev1.Pod {
			p = p.DeepCopy()
			started := p.Status.ContainerStatuses[0].State.Running.StartedAt
			shadowtest.Unready(after(since))(p)
			p.Status.ContainerStatuses[0].State.Running.StartedAt = started
			return p
		}
	}
	tests := []struct {
		name  string
		pod   *corev1.Pod
		first func(*corev1.Pod) *corev1.Pod // as it is seen first; nil: Ready
		want  time.Duration
	}{
		{"it was seen to start", startup("a", 20*time.Second), before, 20 * time.Second},
		{"it was seen to start for long", startup("a", 50*time.Minute), before, 50 * time.Minute},
		{"it was Ready when first seen", startup("a", 20*time.Second), nil, 20 * time.Second},
		{"it was Ready when first seen, long after its container was started", startup("a", 50*time.Minute), nil, 0},
		{"it was Ready when first seen and nobody says when its container was started", startup("a", 20*time.Second, func(p *corev1.Pod) {
			p.Status.ContainerStatuses = nil
		}), nil, 0},
		{"its container was started after it was Ready", startup("a", 20*time.Second, func(p *corev1.Pod) {
			p.Status.ContainerStatuses[0].State.Running.StartedAt = metav1.NewTime(after(time.Minute))
		}), nil, 0},
		{"it is not Ready when first seen, and was before", startup("a", 40*time.Minute), unready(39 * time.Minute), 0},
		{"it is not Ready when first seen, and never was", startup("a", 40*time.Minute), unready(time.Minute), 40 * time.Minute},
		{"a container was started anew", startup("a", 20*time.Second, func(p *corev1.Pod) { p.Status.ContainerStatuses[0].RestartCount = 1 }), before, 0},
		{"it has served and drained", startup("a", 20*time.Second, annotate(v1alpha1.DrainingSinceAnnotation, "2026-01-02T12:10:00Z")), nil, 0},
		{"within one second it took up to that", startup("a", 0), before, time.Second},
		{"the clocks disagree", startup("a", -5*time.Second), before, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var l observe.Learner
			if tt.first != nil {
				l.See([]*corev1.Pod{tt.first(tt.pod)})
				require.Zero(t, l.Leads().ColdStart)
			}
			for range 3 { // it counts once
				l.See([]*corev1.Pod{tt.pod})
			}
			require.Equal(t, tt.want, l.Leads().ColdStart)
			if tt.want > 0 {
				require.EqualValues(t, 1, l.Status().Samples)
			}
		})
	}
}

func TestLearnerTellsWhichWarmUpsCount(t *testing.T) {
	warm := func(d time.Duration) func(*corev1.Pod) { return shadowtest.Warmed(after(20*time.Second + d)) }
	drained := annotate(v1alpha1.DrainingSinceAnnotation, "2026-01-02T12:10:00Z")
	served := annotate(v1alpha1.ActivatedAtAnnotation, "2026-01-02T12:05:00Z")
	tests := []struct {
		name string
		seen []*corev1.Pod
		want time.Duration
	}{
		{"it is seen warm", []*corev1.Pod{startup("a", 20*time.Second, warm(30*time.Second))}, 30 * time.Second},
		{"it is seen to become warm", []*corev1.Pod{startup("a", 20*time.Second), startup("a", 20*time.Second, warm(30*time.Second))}, 30 * time.Second},
		{"it is not warm yet", []*corev1.Pod{startup("a", 20*time.Second)}, 0},
		{"it was Ready again after it was warm", []*corev1.Pod{startup("a", 20*time.Second, warm(-5*time.Second))}, 0},
		{"it has served, and is warm again", []*corev1.Pod{startup("a", 20*time.Second, drained), startup("a", 20*time.Second, warm(30*time.Minute))}, 0},
		{"it serves", []*corev1.Pod{startup("a", 20*time.Second, warm(30*time.Second), served)}, 0},
		{"no warm-up lasts for hours", []*corev1.Pod{startup("a", 20*time.Second, warm(3*time.Hour))}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var l observe.Learner
			for _, p := range tt.seen {
				l.See([]*corev1.Pod{p})
			}
			require.Equal(t, tt.want, l.Leads().WarmUp)
		})
	}
}

func TestLearnerTakesTheLatestStarts(t *testing.T) {
	var l observe.Learner
	for i := range 100 {
		took := time.Minute
		if i >= 40 {
			took = 10 * time.Second
		}
		l.See([]*corev1.Pod{startup(strconv.Itoa(i), took)})
	}
	require.Equal(t, shadow.Leads{ColdStart: 10 * time.Second, ColdStartMin: 10 * time.Second}, l.Leads())
	require.EqualValues(t, 60, l.Status().Samples)
}

func TestLearnerQuantile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		took := rapid.SliceOfN(rapid.IntRange(1, 500), 1, 60).Draw(t, "seconds")
		var pods []*corev1.Pod
		for i, s := range took {
			pods = append(pods, startup(strconv.Itoa(i), time.Duration(s)*time.Second))
		}
		got := see(pods...).Leads()
		atMost := 0
		for _, s := range took {
			if time.Duration(s)*time.Second <= got.ColdStart {
				atMost++
			}
		}
		require.GreaterOrEqual(t, atMost*100, 95*len(took), "at least that share is as quick")
		require.Contains(t, took, int(got.ColdStart/time.Second), "it is one that was seen")
		require.Equal(t, time.Duration(slices.Min(took))*time.Second, got.ColdStartMin)
	})
}

func TestRestoreLearner(t *testing.T) {
	was := &v1alpha1.LeadStatus{ColdStart: "2m", WarmUp: "20s", Scheduled: "1s", Pulled: "30s", Initialised: "9s", Ready: "1m20s", Samples: 40}
	l := observe.RestoreLearner(was)
	require.Equal(t, was, l.Status())
	require.Equal(t, shadow.Leads{ColdStart: 2 * time.Minute, WarmUp: 20 * time.Second}, l.Leads(), "nobody has seen the shortest start")

	l.See([]*corev1.Pod{startup("a", 5*time.Second)})
	require.Equal(t, 2*time.Minute, l.Leads().ColdStart, "one quick start undoes nothing")
	require.Equal(t, 5*time.Second, l.Leads().ColdStartMin)
	for i := range 60 {
		l.See([]*corev1.Pod{startup(strconv.Itoa(i), 5*time.Second)})
	}
	require.Equal(t, 5*time.Second, l.Leads().ColdStart, "it is outgrown")

	none := observe.RestoreLearner(nil)
	require.Nil(t, none.Status())
	broken := observe.RestoreLearner(&v1alpha1.LeadStatus{ColdStart: "?", Samples: 3})
	require.Nil(t, broken.Status())
}

// A Learner that sees pods come and go for ever does not grow for ever, and
// counts none of them twice.
func TestLearnerForgetsPodsThatAreGone(t *testing.T) {
	var l observe.Learner
	stays := startup("stays", time.Minute)
	for i := range 500 {
		l.See([]*corev1.Pod{stays, startup(strconv.Itoa(i), 10*time.Second)})
	}
	require.Equal(t, 10*time.Second, l.Leads().ColdStart, "the one that stays was counted once, long ago")
	require.Less(t, observe.Met(&l), 100)
}

func TestLearnerStatusDoesNotChangeByItself(t *testing.T) {
	pods := []*corev1.Pod{startup("a", 20*time.Second), startup("b", 30*time.Second, func(p *corev1.Pod) { p.UID = types.UID("b") })}
	l := see(pods...)
	was := l.Status()
	for range 10 {
		l.See(pods)
		require.Equal(t, was, l.Status())
	}
}
