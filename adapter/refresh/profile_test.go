package refresh

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/profile"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
)

// herd answers the queries of profiles with pods of which one is in the middle,
// and one far away in CPU.
type herd struct {
	mu      sync.Mutex
	pods    int
	asked   int
	gone    string
	hanging bool
}

func (h *herd) QueryRange(ctx context.Context, expr string, r history.Range) (history.Result, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !strings.Contains(expr, "container_") {
		return constant(500, r), nil
	}
	h.asked++
	if h.hanging {
		h.mu.Unlock()
		<-ctx.Done()
		h.mu.Lock()
		return history.Result{}, ctx.Err()
	}
	if strings.HasPrefix(expr, "quantile") {
		return constant(1, r), nil
	}
	var res history.Result
	for i := range h.pods {
		pod := fmt.Sprintf("web-%02d", i)
		v := 1e6 * (1 + 0.1*float64(i))
		switch {
		case pod == h.gone:
			continue
		case strings.Contains(expr, "start_time"):
			v = float64(r.Start.AddDate(0, 0, -1).Truncate(24 * time.Hour).Unix())
		case strings.Contains(expr, "cpu") && i == 0:
			v *= 30
		}
		one := constant(v, r).Series[0]
		one.Labels = map[string]string{"pod": pod}
		res.Series = append(res.Series, one)
	}
	return res, nil
}

// count returns the queries of profiles so far.
func (h *herd) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked
}

func (h *herd) set(change func(*herd)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change(h)
}

func constant(v float64, r history.Range) history.Result {
	var points []history.Point
	for t := r.Start; !t.After(r.End); t = t.Add(r.Step) {
		points = append(points, history.Point{TimeMillis: t.UnixMilli(), Value: v})
	}
	return history.Result{Series: []history.Samples{{Points: points}}}
}

// tending runs a manager over a herd in a bubble.
func tending(t *testing.T, f func(t *testing.T, h *herd, b bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &herd{pods: 9}
		b := bench{board: &publish.Board{}, status: &statuses{last: map[string]v1alpha1.ShadowPoolStatus{}}, reg: prometheus.NewPedanticRegistry()}
		var err error
		b.manager, err = NewManager(Config{
			Interval: DefaultInterval, Status: b.status,
			Sources: func(string, string) (From, error) { return From{Source: h, Bind: asGiven}, nil },
		}, b.board, clock.RealClock{}, log.NewNopLogger(), b.reg)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- b.manager.Run(ctx) }()
		synctest.Wait()
		f(t, h, b)
		cancel()
		require.NoError(t, <-done)
	})
}

func (b bench) profileOf(name string) *v1alpha1.ProfileStatus {
	b.status.mu.Lock()
	defer b.status.mu.Unlock()
	return b.status.last[name].Profile
}

func TestAProfileIsPublished(t *testing.T) {
	tending(t, func(t *testing.T, h *herd, b bench) {
		b.manager.Set(named("web", nil))
		synctest.Wait()
		s := b.profileOf("web")
		require.NotNil(t, s)
		require.EqualValues(t, 9, s.Pods)
		require.EqualValues(t, 9, s.Compared)
		require.Equal(t, "web-04", s.Source.Pod)
		require.Len(t, s.Anomalous, 1)
		require.Equal(t, "web-00", s.Anomalous[0].Pod)
		require.Contains(t, s.Anomalous[0].Reason, "cpu 3e+07, the median is 1.5e+06")
		require.Len(t, s.Dimensions, 6)
		require.Equal(t, v1alpha1.Decimal("1"), s.Dimensions[0].Usual)
		p, _ := b.board.Snapshot().Pool("shop", "web")
		require.Equal(t, &publish.Profile{At: s.ComputedAt.UTC(), Pods: 9, Anomalous: 1, Source: "web-04", Missing: nil}, p.Profile)

		// Six windows in an hour of seven queries; the hours of the week were read,
		// and the bubble's first midnight is past.
		pass(2 * profile.Interval)
		synctest.Wait()
		asked := h.count()
		pass(time.Hour)
		synctest.Wait()
		require.Equal(t, asked+6*7, h.count())

		h.set(func(h *herd) { h.gone = "web-04" })
		pass(profile.Interval)
		synctest.Wait()
		s = b.profileOf("web")
		require.NotEqual(t, "web-04", s.Source.Pod)
		require.EqualValues(t, 1, s.Changes)
		require.Contains(t, s.Note, "web-04, which is gone")
	})
}

func TestAReplicaThatStartsGoesOnFromTheStatus(t *testing.T) {
	tending(t, func(t *testing.T, _ *herd, b bench) {
		since := metav1.NewTime(time.Now().Add(-time.Hour))
		b.manager.Set(named("web", func(p *v1alpha1.ShadowPool) {
			p.Status.Profile = &v1alpha1.ProfileStatus{
				ComputedAt: since, Changes: 4,
				Source: &v1alpha1.SourcePod{Pod: "web-05", Since: &since},
			}
		}))
		synctest.Wait()
		s := b.profileOf("web")
		require.Equal(t, "web-05", s.Source.Pod, "web-04 is nearer, but not by enough")
		require.EqualValues(t, 4, s.Changes)
		require.WithinDuration(t, since.UTC(), s.Source.Since.UTC(), time.Second)
	})
}

func TestAProfileThatHangsDelaysNoValue(t *testing.T) {
	tending(t, func(t *testing.T, h *herd, b bench) {
		h.set(func(h *herd) { h.hanging = true })
		b.manager.Set(named("web", nil))
		for range 30 {
			pass(time.Minute)
			synctest.Wait()
			p, ok := b.board.Snapshot().Pool("shop", "web")
			require.True(t, ok)
			require.InDelta(t, 6, p.PredictedCapacity.Value, 0)
			require.WithinDuration(t, time.Now(), p.PredictedCapacity.ComputedAt, time.Minute)
		}
		require.Nil(t, b.profileOf("web"))
		require.Equal(t, 1, h.count())
		b.manager.Delete("shop", "web")
	})
}

func TestABadProfileQueryIsNamed(t *testing.T) {
	refuse := func(expr, _ string) (string, error) {
		if expr == "bad" {
			return "", errors.New("does not parse")
		}
		return expr, nil
	}
	_, err := SettingsOf(pool(func(p *v1alpha1.ShadowPool) { p.Spec.Profile.Queries.Requests = "bad" }), Binding{Given: refuse, Ours: refuse}, DefaultInterval)
	require.EqualError(t, err, `spec.profile.queries.requests: Invalid value: "bad": does not parse`)
}
