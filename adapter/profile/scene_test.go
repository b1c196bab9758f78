package profile

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/value"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
)

// noon is on a Monday; scenes have their windows before and after it.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const scrape = 30 * time.Second

// actor is one pod of a scene.
type actor struct {
	name     string
	share    float64 // of the load, 1 is the mean
	from, to time.Time
	restart  time.Time // zero: none
	// odd multiplies one metric of it.
	odd       string
	oddFactor float64
	shadow    bool // the shadows role calls it warming
	lacks     string
}

// podName returns a name as a Deployment's pods have them.
func podName(i int) string {
	const letters = "bcdfghjklm"
	return fmt.Sprintf("web-6d4f8b7c9-%c%c%cx2", letters[i/100%10], letters[i/10%10], letters[i%10])
}

// crowd returns n pods under uneven load that live as long as the scene.
func crowd(n int, from, to time.Time) []actor {
	r := rand.New(rand.NewPCG(7, 1))
	out := make([]actor, n)
	for i := range out {
		out[i] = actor{name: podName(i), share: 0.6 + 0.8*r.Float64(), from: from, to: to}
	}
	return out
}

// load swings by a third within two hours.
func load(t time.Time) float64 { return 1 + math.Sin(2*math.Pi*float64(t.Unix()%7200)/7200)/3 }

// samples are what cAdvisor says of the pod, and what its app does.
func (a actor) samples() []history.Samples {
	r := rand.New(rand.NewPCG(uint64(len(a.name)), uint64(a.share*1e9)))
	names := map[string]float64{
		"container_cpu_usage_seconds_total": 0.4, "container_network_receive_bytes_total": 2e6, "container_network_transmit_bytes_total": 6e6,
		"container_fs_reads_bytes_total": 1e3, "container_fs_writes_bytes_total": 3e5, "http_requests_total": 100,
	}
	var out []history.Samples
	counter := func(metric string, rate float64) {
		if metric == a.lacks {
			return
		}
		if metric == a.odd {
			rate *= a.oddFactor
		}
		s := history.Samples{Labels: a.labels(metric)}
		total := 0.0
		for t := a.from; t.Before(a.to); t = t.Add(scrape) {
			total += rate * a.share * load(t) * (0.9 + 0.2*r.Float64()) * scrape.Seconds()
			s.Points = append(s.Points, history.Point{TimeMillis: t.UnixMilli(), Value: total})
		}
		out = append(out, a.ended(s))
	}
	gauge := func(metric string, value func(time.Time) float64) {
		s := history.Samples{Labels: a.labels(metric)}
		for t := a.from; t.Before(a.to); t = t.Add(scrape) {
			s.Points = append(s.Points, history.Point{TimeMillis: t.UnixMilli(), Value: value(t)})
		}
		out = append(out, a.ended(s))
	}
	for _, metric := range []string{
		"container_cpu_usage_seconds_total", "container_network_receive_bytes_total", "container_network_transmit_bytes_total",
		"container_fs_reads_bytes_total", "container_fs_writes_bytes_total", "http_requests_total",
	} {
		counter(metric, names[metric])
	}
	gauge("container_memory_working_set_bytes", func(t time.Time) float64 { return (200 + 60*a.share*load(t)) * (1 << 20) })
	gauge("container_start_time_seconds", func(t time.Time) float64 {
		if !a.restart.IsZero() && !t.Before(a.restart) {
			return float64(a.restart.Unix())
		}
		return float64(a.from.Unix() - 5)
	})
	if a.shadow {
		s := history.Samples{Labels: map[string]string{"__name__": history.ShadowInfo, "namespace": "shop", "pool": "web", "pod": a.name, "state": "warming"}}
		for t := a.from; t.Before(a.to); t = t.Add(scrape) {
			s.Points = append(s.Points, history.Point{TimeMillis: t.UnixMilli(), Value: 1})
		}
		out = append(out, a.ended(s))
	}
	return out
}

func (a actor) labels(metric string) map[string]string {
	return map[string]string{"__name__": metric, "namespace": "shop", "pod": a.name, "container": "app"}
}

// ended ends a series as Prometheus does when its pod is gone.
func (a actor) ended(s history.Samples) history.Samples {
	s.Points = append(s.Points, history.Point{TimeMillis: a.to.UnixMilli(), Value: math.Float64frombits(value.StaleNaN)})
	return s
}

// stage is an embedded Prometheus store that counts what it is asked.
type stage struct {
	store   history.Source
	queries atomic.Int64
	fail    func(expr string) error
}

func (s *stage) QueryRange(ctx context.Context, expr string, r history.Range) (history.Result, error) {
	s.queries.Add(1)
	if s.fail != nil {
		if err := s.fail(expr); err != nil {
			return history.Result{}, err
		}
	}
	return s.store.QueryRange(ctx, expr, r)
}

func play(tb testing.TB, actors []actor, more ...history.Samples) *stage {
	tb.Helper()
	all := more
	for _, a := range actors {
		all = append(all, a.samples()...)
	}
	dir := tb.TempDir()
	require.NoError(tb, embedded.WriteBlocks(dir, all...))
	s, err := embedded.Open(embedded.Config{Dir: dir}, log.NewNopLogger(), history.NewMetrics(prometheus.NewRegistry()), clock.RealClock{})
	require.NoError(tb, err)
	tb.Cleanup(func() { require.NoError(tb, s.Close()) })
	return &stage{store: s}
}

// config looks at Deployment web of namespace shop, with requests.
func config(tb testing.TB, change func(*Config)) Config {
	tb.Helper()
	c := Config{Window: time.Hour, MinAge: 10 * time.Minute, History: 7 * 24 * time.Hour}
	c.Queries = Queries("Deployment", "web", map[string]string{"requests": `sum by (pod) (rate(http_requests_total[3m]))`})
	c.Weekly = MiddleOf(c.Queries)
	for _, list := range [][]Query{c.Queries, c.Weekly} {
		for i, q := range list {
			var err error
			list[i].Expr, err = history.ConfineLive(q.Expr, "shop", "web", history.Confinement{Label: "namespace"})
			require.NoError(tb, err)
		}
	}
	if change != nil {
		change(&c)
	}
	return c
}

// follow makes the profiles of one window after another, as an adapter does.
func follow(t *testing.T, src history.Source, cfg Config, from, to time.Time) []Profile {
	t.Helper()
	r, err := NewReader(src, cfg)
	require.NoError(t, err)
	var before Before
	var out []Profile
	for now := from.Add(settle); !now.After(to.Add(settle)); now = now.Add(Interval) {
		require.True(t, r.Due(now))
		raw, err := r.Read(t.Context(), now)
		require.NoError(t, err)
		require.False(t, r.Due(now))
		p := Build(raw, cfg, before)
		before = Before{At: p.At, Source: p.Source, Missing: p.Missing}
		out = append(out, p)
	}
	return out
}
