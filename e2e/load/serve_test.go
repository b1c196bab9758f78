package load

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clocktesting "k8s.io/utils/clock/testing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTargetServesTheLoad(t *testing.T) {
	s := NewSource(nil)
	s.Hold(42.5)
	target, err := NewTarget(s, clocktesting.NewFakePassiveClock(time.Unix(0, 0)))
	require.NoError(t, err)
	defer func() { require.NoError(t, target.Close()) }()
	hc := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	resp, err := hc.Get("http://" + target.Addr() + "/metrics")
	require.NoError(t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Contains(t, string(got), "\n"+MetricName+" 42.5\n")
}

func TestDivide(t *testing.T) {
	pod := func(name string, ready corev1.ConditionStatus) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
		}
	}
	leaving := pod("leaving", corev1.ConditionTrue)
	leaving.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	for _, tc := range []struct {
		name string
		pods []corev1.Pod
		want map[string]string
	}{
		{"no pods, no values", nil, map[string]string{}},
		{"only ready pods carry load", []corev1.Pod{pod("a", "True"), pod("b", "False"), pod("c", "True"), leaving}, map[string]string{"a": "50", "c": "50"}},
		{"a share may be a fraction", []corev1.Pod{pod("a", "True"), pod("b", "True"), pod("c", "True")}, map[string]string{"a": "33333m", "b": "33333m", "c": "33333m"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := NewSource(nil)
			s.Hold(100)
			p := &PodMetrics{cfg: PodMetricsConfig{Source: s, Clock: clocktesting.NewFakePassiveClock(time.Unix(0, 0))}}
			got := map[string]string{}
			for _, item := range p.divide(tc.pods).Items {
				got[item.DescribedObject.Name] = item.Value.String()
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDivideCPU(t *testing.T) {
	pod := func(name string, ready corev1.ConditionStatus) corev1.Pod {
		return corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "web"}, {Name: "sidecar"}}},
			Status:     corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: ready}}},
		}
	}
	s := NewSource(nil)
	s.Hold(300)
	c := &CPUMetrics{cfg: PodMetricsConfig{Source: s, Clock: clocktesting.NewFakePassiveClock(time.Unix(0, 0))}}
	got := map[string]string{}
	for _, item := range c.divide([]corev1.Pod{pod("a", "True"), pod("b", "False"), pod("c", "True"), {}}).Items {
		require.Len(t, item.Containers, 1)
		require.Equal(t, "web", item.Containers[0].Name)
		got[item.Name] = item.Containers[0].Usage.Cpu().String()
	}
	if diff := cmp.Diff(map[string]string{"a": "150m", "c": "150m"}, got); diff != "" {
		t.Errorf("usages (-want +got):\n%s", diff)
	}
}
