package scrape

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	testingclock "k8s.io/utils/clock/testing"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start() time.Time { return time.Date(2026, 11, 26, 14, 0, 0, 0, time.UTC) }

// warming is a shadow with a sidecar that warms up.
func warming(uid string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "shop", Name: "web-" + uid, UID: types.UID(uid), CreationTimestamp: metav1.NewTime(start().Add(-time.Minute)),
			Labels: map[string]string{v1alpha1.StateLabel: "warming"}, Annotations: map[string]string{},
		},
		Spec:   corev1.PodSpec{InitContainers: []corev1.Container{{Name: observe.SidecarName}}},
		Status: corev1.PodStatus{PodIP: "127.0.0.1", Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
}

func pool() *v1alpha1.ShadowPool {
	p := &v1alpha1.ShadowPool{}
	p.Spec.ScaleIn.Drain = "30s"
	return p
}

// warm is what a sidecar says of a shadow that is.
func warm() warmup.Progress {
	return warmup.Progress{Version: 1, Ratio: 1, Stage: warmup.StageReady, Done: true, Round: 1, Began: start().Add(-30 * time.Second), Requests: 60}
}

// sourceOf reads from a server in place of a sidecar.
func sourceOf(t *testing.T, h http.HandlerFunc) (*Source, *testingclock.FakeClock) {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	require.NoError(t, err)
	n, err := strconv.Atoi(port)
	require.NoError(t, err)
	c := testingclock.NewFakeClock(start())
	s := newSource(c, log.NewNopLogger(), n)
	t.Cleanup(s.Close)
	return s, c
}

// read looks, waits for the read that this began, and looks again.
func read(t *testing.T, s *Source, c clock.PassiveClock, pod *corev1.Pod) shadow.Progress {
	t.Helper()
	_, ok := s.Progress(pool(), pod, c.Now())
	require.True(t, ok)
	s.reads.Wait()
	p, ok := s.Progress(pool(), pod, c.Now())
	require.True(t, ok)
	return p
}

func TestSourceReadsSidecars(t *testing.T) {
	var reads atomic.Int64
	says := warm()
	s, c := sourceOf(t, func(w http.ResponseWriter, r *http.Request) {
		reads.Add(1)
		if r.URL.Path != "/progress" {
			t.Errorf("it reads %s", r.URL.Path)
		}
		_ = json.NewEncoder(w).Encode(says)
	})
	pod := warming("a")
	p, ok := s.Progress(pool(), pod, c.Now())
	require.True(t, ok)
	require.Equal(t, shadow.Progress{Stage: StageUnread}, p, "a look never waits")
	s.reads.Wait()
	require.Equal(t, shadow.Progress{Ratio: 1, Done: true}, read(t, s, c, pod))
	require.EqualValues(t, 1, reads.Load(), "an answer is good for a second")
	c.Step(period)
	read(t, s, c, pod)
	require.EqualValues(t, 2, reads.Load())

	_, ok = s.Progress(pool(), &corev1.Pod{}, c.Now())
	require.False(t, ok, "a pod without a sidecar")
	pod.Status.Conditions = nil
	p, _ = s.Progress(pool(), pod, c.Now())
	require.Equal(t, shadow.Progress{Stage: shadow.ReasonNotReady}, p, "the kubelet has to agree")
}

func TestSourceForgets(t *testing.T) {
	s, c := sourceOf(t, func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(warm()) })
	for i := range 100 {
		read(t, s, c, warming(strconv.Itoa(i)))
	}
	require.Len(t, s.pods, 100)
	c.Step(2 * kept)
	read(t, s, c, warming("new"))
	require.Len(t, s.pods, 1)
}

func TestSourceBoundsWhatItReads(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"more than it may be": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, strings.Repeat(" ", maxBytes+1))
		},
		"no JSON":  func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
		"an error": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"a way to elsewhere": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/progress" {
				t.Error("a redirect was followed")
			}
			http.Redirect(w, r, "/elsewhere", http.StatusFound)
		},
		"silence": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			s, c := sourceOf(t, h)
			require.Equal(t, shadow.Progress{Stage: StageUnread}, read(t, s, c, warming("a")))
		})
	}
}

func TestSourceReadsSoManyAtOnce(t *testing.T) {
	var now atomic.Int64
	release := make(chan struct{})
	s, c := sourceOf(t, func(w http.ResponseWriter, _ *http.Request) {
		if n := now.Add(1); n > parallel {
			t.Errorf("%d reads at once", n)
		}
		<-release
		now.Add(-1)
		_ = json.NewEncoder(w).Encode(warm())
	})
	for i := range 3 * parallel {
		s.Progress(pool(), warming(strconv.Itoa(i)), c.Now())
	}
	close(release)
	s.reads.Wait()
	require.Len(t, s.pods, 3*parallel)
}

// A sidecar that lies makes no shadow warm.
func TestJudge(t *testing.T) {
	for _, tt := range []struct {
		name  string
		alter func(*warmup.Progress, *corev1.Pod)
		want  shadow.Progress
	}{
		{"a warm shadow", func(*warmup.Progress, *corev1.Pod) {}, shadow.Progress{Ratio: 1, Done: true}},
		{
			"one that is on its way",
			func(p *warmup.Progress, _ *corev1.Pod) {
				p.Done, p.Ratio, p.Stage = false, 0.4, warmup.StageLatencyAbove
			},
			shadow.Progress{Ratio: 0.4, Stage: "LatencyAbove"},
		},
		{
			"one that has timed out",
			func(p *warmup.Progress, _ *corev1.Pod) {
				p.Done, p.TimedOut, p.Ratio, p.Stage = false, true, 0.7, warmup.StageTimedOut
			},
			shadow.Progress{Ratio: 0.7, Stage: "TimedOut"},
		},
		{
			"one that waits", func(p *warmup.Progress, _ *corev1.Pod) {
				*p = warmup.Progress{Version: 1, Stage: warmup.StageWaitingForApp}
			},
			shadow.Progress{Stage: "WaitingForApp"},
		},
		{"another version", func(p *warmup.Progress, _ *corev1.Pod) { p.Version = 2 }, shadow.Progress{Stage: StageUntrusted}},
		{"done at once", func(p *warmup.Progress, _ *corev1.Pod) { p.Requests = 0 }, shadow.Progress{Stage: StageUntrusted}},
		{"done with requests on their way", func(p *warmup.Progress, _ *corev1.Pod) { p.InFlight = 1 }, shadow.Progress{Stage: StageUntrusted}},
		{"done and not Ready", func(p *warmup.Progress, _ *corev1.Pod) { p.Stage = warmup.StageRamping }, shadow.Progress{Stage: StageUntrusted}},
		{"done in part", func(p *warmup.Progress, _ *corev1.Pod) { p.Ratio = 0.9 }, shadow.Progress{Stage: StageUntrusted}},
		{"more than all", func(p *warmup.Progress, _ *corev1.Pod) { p.Done, p.Ratio, p.Stage = false, 7, warmup.StageRamping }, shadow.Progress{Ratio: 0.999, Stage: "Ramping"}},
		{
			"a stage of its own", func(p *warmup.Progress, _ *corev1.Pod) { p.Done, p.Ratio, p.Stage = false, 0.5, "Excellent" },
			shadow.Progress{Ratio: 0.5, Stage: StageUntrusted},
		},
		{"before the pod was made", func(p *warmup.Progress, _ *corev1.Pod) { p.Began = start().Add(-time.Hour) }, shadow.Progress{Stage: StageEarlier}},
		{
			"the warm-up before the pod served",
			func(_ *warmup.Progress, pod *corev1.Pod) {
				pod.Annotations[v1alpha1.DrainingSinceAnnotation] = start().Add(-35 * time.Second).Format(time.RFC3339Nano)
			},
			shadow.Progress{Stage: StageEarlier},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, pod := warm(), warming("a")
			tt.alter(&p, pod)
			got := judge(pool(), pod, answer{progress: &p, at: start()}, start().Add(silence))
			require.Equal(t, tt.want, got)
		})
	}
	p := warm()
	require.Equal(t, StageUnread, judge(pool(), warming("a"), answer{progress: &p, at: start()}, start().Add(silence+1)).Stage)
}

func FuzzJudge(f *testing.F) {
	for _, p := range []warmup.Progress{warm(), {Version: 1, Stage: warmup.StageRamping, Ratio: 0.2}} {
		raw, err := json.Marshal(p)
		require.NoError(f, err)
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		p := &warmup.Progress{}
		if json.Unmarshal(raw, p) != nil {
			return
		}
		got := judge(pool(), warming("a"), answer{progress: p, at: start()}, start())
		if got.Ratio < 0 || got.Ratio > 1 || got.Done != (got.Ratio == 1) || got.Done == (got.Stage != "") {
			t.Fatalf("%+v of %+v", got, *p)
		}
	})
}
