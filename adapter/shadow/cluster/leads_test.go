package cluster

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// startedIn returns a live pod that is Ready after so many seconds, and was
// scheduled after 1, pulled after 3, initialised after 4.
func startedIn(s *shop, suffix string, seconds int) *corev1.Pod {
	at := func(n int) metav1.Time { return metav1.NewTime(shadowtest.Start().Add(time.Duration(n) * time.Second)) }
	return shadowtest.Pod(s.rs, suffix, shadowtest.Ready(at(seconds).Time), func(p *corev1.Pod) {
		p.UID = types.UID("uid-of-" + suffix)
		conditionOf(p, corev1.PodScheduled).LastTransitionTime = at(1)
		conditionOf(p, corev1.PodInitialized).LastTransitionTime = at(4)
		p.Status.ContainerStatuses[0].State.Running.StartedAt = at(3)
	})
}

func look(l *learner, pods ...*corev1.Pod) int {
	cold, _ := l.look(&observe.World{Pods: pods})
	return len(cold)
}

func TestLearner(t *testing.T) {
	s := newShop(3, 0, 0)
	l := newLearner(nil)
	require.Nil(t, l.status())
	require.Equal(t, shadow.Leads{Refresh: time.Minute}, l.leads(time.Minute))

	starting := shadowtest.Pod(s.rs, "a", shadowtest.Pending(), func(p *corev1.Pod) { p.UID = "uid-of-a" })
	require.Zero(t, look(l, starting))
	require.Equal(t, 1, look(l, startedIn(s, "a", 20)), "it was seen starting")
	require.Zero(t, look(l, startedIn(s, "a", 20)), "it counts once")
	require.Zero(t, look(l, startedIn(s, "a", 20), startedIn(s, "b", 10)), "nobody saw it start")
	want := &v1alpha1.LeadStatus{ColdStart: "20s", Scheduled: "1s", Pulled: "2s", Initialised: "1s", Ready: "16s", Samples: 2}
	if diff := cmp.Diff(want, l.status()); diff != "" {
		t.Errorf("leads after one start (-want +got):\n%s", diff)
	}
	require.Equal(t, shadow.Leads{ColdStart: 20 * time.Second, ColdStartMin: 10 * time.Second, Refresh: time.Minute}, l.leads(time.Minute))
}

func TestLearnerIgnores(t *testing.T) {
	s := newShop(3, 0, 0)
	tests := []struct {
		name string
		pod  *corev1.Pod
	}{
		{"a pod that was restarted", func() *corev1.Pod {
			p := startedIn(s, "a", 20)
			p.Status.ContainerStatuses[0].RestartCount = 1
			return p
		}()},
		{"a pod whose probe failed a day later", startedIn(s, "a", 24*3600)},
		{"a pod that was a shadow", shadowtest.Activated(s.pool, s.rs, "a", now)},
		{"a pod that ends", func() *corev1.Pod {
			p := startedIn(s, "a", 20)
			shadowtest.Deleting(p)
			return p
		}()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLearner(nil)
			look(l, tt.pod)
			require.Nil(t, l.status())
		})
	}
}

// A leader that finds an old pod failing its probe does not take its recovery for
// a start, nor that of a young one a day later.
func TestLearnerOfAFailedProbe(t *testing.T) {
	s := newShop(3, 0, 0)
	failing := func(p *corev1.Pod) {
		p.UID = "uid-of-a"
		*conditionOf(p, corev1.PodReady) = corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionFalse}
	}
	const day = 24 * time.Hour
	for _, tt := range []struct {
		name       string
		age, ready time.Duration
		cold       int
	}{
		{"an old pod", 5 * day, 5*day + time.Minute, 0},
		{"a pod as old as a start may take", longStart, longStart + time.Second, 0},
		{"a young pod that recovers a day later", time.Minute, day, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLearner(nil)
			cold, _ := l.look(&observe.World{Pods: []*corev1.Pod{shadowtest.Pod(s.rs, "a", failing)}, Now: shadowtest.Start().Add(tt.age)})
			require.Empty(t, cold)
			cold, _ = l.look(&observe.World{Pods: []*corev1.Pod{startedIn(s, "a", int(tt.ready.Seconds()))}, Now: shadowtest.Start().Add(tt.ready)})
			require.Len(t, cold, tt.cold)
			require.Nil(t, l.status())
		})
	}
}

// A lead that has hardly changed is not written again.
func TestLeadsAreWrittenSeldom(t *testing.T) {
	s := newShop(3, 0, 0)
	l := newLearner(&v1alpha1.LeadStatus{ColdStart: "20s"})
	require.Equal(t, 20*time.Second, l.leads(0).ColdStart, "what was learnt before counts")
	first := l.status()
	for i := range 20 {
		look(l, startedIn(s, fmt.Sprintf("p%d", i), 20+i%3))
		require.Same(t, first, l.status())
	}
	look(l, startedIn(s, "slow", 40), startedIn(s, "slower", 41))
	require.Equal(t, v1alpha1.Duration("40s"), l.status().ColdStart)
}

func TestLearnerOfWarmUps(t *testing.T) {
	s := newShop(3, 0, 2)
	l := newLearner(nil)
	_, warmed := l.look(&observe.World{Pods: s.warm})
	require.Equal(t, []time.Duration{10 * time.Second, 10 * time.Second}, warmed)
	_, warmed = l.look(&observe.World{Pods: s.warm})
	require.Empty(t, warmed)
	require.Equal(t, v1alpha1.Duration("10s"), l.status().WarmUp)
}

func TestQuantile(t *testing.T) {
	var all []time.Duration
	require.Zero(t, quantile(all))
	for i := range 100 {
		all = append(all, time.Duration(100-i))
	}
	require.Equal(t, time.Duration(96), quantile(all))
	require.Equal(t, time.Duration(7), quantile([]time.Duration{7}))
}
