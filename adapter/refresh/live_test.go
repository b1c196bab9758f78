package refresh

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/value"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
)

// liveShares is how the load is spread over the pods that serve: sums of such
// shares depend on their order in the last bit.
var liveShares = map[string]float64{"web-a": 0.31, "web-b": 0.27, "web-c": 0.42}

// served is the counter of a pod that gets share of the daily load, scraped once
// a minute.
func served(pod string, share float64, from, to time.Time) history.Samples {
	s := history.Samples{Labels: map[string]string{"__name__": "http_requests_total", "namespace": "shop", "pod": pod}}
	total := 0.0
	for t := from; t.Before(to); t = t.Add(time.Minute) {
		total += 60 * share * daily(t)
		s.Points = append(s.Points, history.Point{TimeMillis: t.UnixMilli(), Value: total})
	}
	return ended(s, to)
}

// called is what the shadows role says of a pod.
func called(pod string, state v1alpha1.ShadowState, from, to time.Time) history.Samples {
	s := history.Samples{Labels: map[string]string{
		"__name__": history.ShadowInfo, "namespace": "shop", "pool": "web", "pod": pod, "state": string(state),
	}}
	for t := from; t.Before(to); t = t.Add(time.Minute) {
		s.Points = append(s.Points, history.Point{TimeMillis: t.UnixMilli(), Value: 1})
	}
	return ended(s, to)
}

// ended ends a series as Prometheus does when its pod is gone.
func ended(s history.Samples, at time.Time) history.Samples {
	s.Points = append(s.Points, history.Point{TimeMillis: at.UnixMilli(), Value: math.Float64frombits(value.StaleNaN)})
	return s
}

// liveHistory is two weeks of the pods that serve.
func liveHistory() []history.Samples {
	var all []history.Samples
	for pod, share := range liveShares {
		all = append(all, served(pod, share, at(-14, "00:00"), at(1, "00:00")))
	}
	return all
}

// warmUps are shadows that get ten times the live load between them, in the
// same series: one that waits on, one that ends, and one that comes late.
func warmUps() []history.Samples {
	return []history.Samples{
		served("web-x", 4, at(0, "03:00"), at(1, "00:00")),
		called("web-x", v1alpha1.ShadowCreating, at(0, "02:59"), at(0, "03:00")),
		called("web-x", v1alpha1.ShadowWarming, at(0, "03:00"), at(0, "08:00")),
		called("web-x", v1alpha1.ShadowReady, at(0, "08:00"), at(1, "00:00")),
		served("web-y", 6, at(0, "04:00"), at(0, "08:31")),
		called("web-y", v1alpha1.ShadowWarming, at(0, "04:00"), at(0, "08:31")),
		served("web-z", 6, at(0, "08:31"), at(1, "00:00")),
		called("web-z", v1alpha1.ShadowWarming, at(0, "08:31"), at(1, "00:00")),
	}
}

// storeOf is an embedded Prometheus store that holds these series.
func storeOf(t *testing.T, series []history.Samples) history.Source {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, embedded.WriteBlocks(dir, series...))
	s, err := embedded.Open(embedded.Config{Dir: dir}, log.NewNopLogger(), history.NewMetrics(prometheus.NewRegistry()), clock.RealClock{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// morning ticks the loop of a pool over the steep rise of a morning.
func morning(t *testing.T, src history.Source, bind Binding) []Report {
	t.Helper()
	p := pool(func(p *v1alpha1.ShadowPool) {
		active(1)(p)
		p.Spec.Load.Query = "sum(rate(http_requests_total[5m]))"
	})
	s, err := SettingsOf(p, bind, DefaultInterval)
	require.NoError(t, err)
	l, err := NewLoop(s, src, nil)
	require.NoError(t, err)
	var reports []Report
	for now := at(0, "08:20").Add(20 * time.Second); now.Before(at(0, "09:20")); now = now.Add(4 * time.Minute) {
		r := l.Tick(context.Background(), now)
		require.NoError(t, r.ReadErr)
		require.NoError(t, r.Refused)
		require.NotNil(t, r.Forecast)
		reports = append(reports, r)
	}
	return reports
}

// A warm-up at ten times the load leaves what is published, and the forecast
// behind it, as it was to the last bit.
func TestWarmUpsLeaveTheForecastUnchanged(t *testing.T) {
	c := history.Confinement{Label: "namespace"}
	confined := func(expr, namespace string) (string, error) { return history.Confine(expr, namespace, c) }
	live := Binding{Given: confined, Ours: confined, Live: func(expr, namespace, pool string) (string, error) {
		return history.ConfineLive(expr, namespace, pool, c)
	}}
	without, with := storeOf(t, liveHistory()), storeOf(t, append(liveHistory(), warmUps()...))

	want, got := morning(t, without, live), morning(t, with, live)
	for i := range want {
		require.Equal(t, want[i].Published(), got[i].Published())
		require.Equal(t, want[i].Forecast, got[i].Forecast)
		require.Equal(t, want[i].Decision, got[i].Decision)
	}
	plain := morning(t, without, Binding{Given: confined, Ours: confined})
	require.Equal(t, plain[0].Forecast, want[0].Forecast, "where there is no shadow the query gives what it gave")
	polluted := morning(t, with, Binding{Given: confined, Ours: confined})
	require.Greater(t, polluted[0].Decision.Value, 5*want[0].Decision.Value, "the warm-ups are no load at all, so this proves nothing")
}
