package history_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
)

// liveStart is when the samples of these tests begin; before it there are none.
var liveStart = time.Date(2026, time.March, 2, 0, 0, 0, 0, time.UTC)

func newStore(t *testing.T) *embedded.Store {
	t.Helper()
	s, err := embedded.Open(embedded.Config{Dir: t.TempDir(), Limits: history.Limits{MaxSeries: 1000}}, log.NewNopLogger(),
		history.NewMetrics(prometheus.NewRegistry()), clock.RealClock{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// every15 makes a series of namespace a with a sample each 15 seconds of the
// minutes [from, to) after liveStart.
func every15(metric, labels string, from, to int, value func(i int) float64) history.Samples {
	s := history.Samples{Labels: map[string]string{"__name__": metric, "namespace": "a"}}
	for pair := range strings.SplitSeq(labels, ",") {
		if name, v, ok := strings.Cut(pair, "="); ok {
			s.Labels[name] = v
		}
	}
	for i := 4 * from; i < 4*to; i++ {
		s.Points = append(s.Points, history.Point{TimeMillis: liveStart.Add(time.Duration(i) * 15 * time.Second).UnixMilli(), Value: value(i)})
	}
	return s
}

func one(int) float64 { return 1 }

// noShadows are worlds in which none of the pods with a load is a shadow of pool
// web in namespace a.
var noShadows = map[string][]history.Samples{
	"nobody tells of shadows": nil,
	"all of them are other pods": {
		every15(history.ShadowInfo, "pod=other,pool=web,state=warming", 0, 120, one),
		every15(history.ShadowInfo, "pod=,pool=web,state=ready", 0, 120, one),
	},
	"all of them are another pool's": {every15(history.ShadowInfo, "pod=p1,pool=api,state=warming", 0, 120, one)},
	"all of them are in another namespace": {
		every15(history.ShadowInfo, "pod=p1,pool=web,state=warming,namespace=b", 0, 120, one),
	},
	"all of them serve": {
		every15(history.ShadowInfo, "pod=p1,pool=web,state=active", 0, 120, one),
		every15(history.ShadowInfo, "pod=p2,pool=web,state=bridged", 0, 120, one),
	},
}

// loads are series of every name that the grammar selects, with and without a
// pod.
func loads() []history.Samples {
	var out []history.Samples
	for m, metric := range []string{"up", "istio_requests_total", "a:b", "secret", "a.b", "istio_x", "c", "istio_é"} {
		for s, labels := range []string{"pod=p1,x=y,y=d", "pod=p2,x=a", "x=b,z=q"} {
			out = append(out, every15(metric, labels, 0, 120, func(i int) float64 {
				return float64(i*(m+2)+s) + 3*math.Sin(float64(i*(s+1)))
			}))
		}
	}
	return out
}

// uncertain are parts of expressions whose value hangs on the last bit of a sum,
// or on the order of series, neither of which PromQL promises.
var uncertain = []string{"topk(", "bottomk(", "limitk(", "count_values(", "day_of_week(", "changes(", "==", "bool", ">", "%", "deriv(", "predict_linear("}

func TestWithoutShadowsTheLoadIsWhatItWas(t *testing.T) {
	stores := map[string]*embedded.Store{}
	for world, shadows := range noShadows {
		stores[world] = newStore(t)
		require.NoError(t, stores[world].AppendAll(t.Context(), append(loads(), shadows...)))
	}
	rng := history.Range{Start: liveStart.Add(90 * time.Minute), End: liveStart.Add(100 * time.Minute), Step: 5 * time.Minute}
	compared, withData := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		expr := grammar{rt}.vector(rapid.IntRange(0, 3).Draw(rt, "depth"))
		if len(expr) > 1024 {
			return
		}
		for _, part := range uncertain {
			if strings.Contains(expr, part) {
				return
			}
		}
		// The namespace that the grammar forbids itself is not the question here.
		expr = strings.ReplaceAll(expr, `"other"`, `"a"`)
		plainly, err := history.Confine(expr, "a", plain)
		if err != nil {
			return
		}
		live, err := history.ConfineLive(expr, "a", "web", plain)
		require.NoError(rt, err, expr)
		require.Empty(rt, unconfined(rt, live, "a", plain), live)
		for world, store := range stores {
			want, err := store.QueryRange(rt.Context(), plainly, rng)
			if err != nil {
				continue // such as two series of one label set
			}
			got, err := store.QueryRange(rt.Context(), live, rng)
			require.NoError(rt, err, live)
			if diff := cmp.Diff(bySeries(want), bySeries(got), cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
				rt.Fatalf("where %s (-as written +without shadows):\n%s\n%s\n%s", world, diff, plainly, live)
			}
			compared++
			if len(want.Series) > 0 {
				withData++
			}
		}
	})
	if withData == 0 || withData < compared/5 {
		t.Fatalf("%d of %d comparisons had data", withData, compared)
	}
}

// bySeries is a result whatever the order of its series.
func bySeries(r history.Result) map[string][]history.Point {
	out := map[string][]history.Point{}
	for _, s := range r.Series {
		out[fmt.Sprint(s.Labels)] = s.Points
	}
	return out
}

// TestWithoutShadowsNothingDependsOnChance holds what the drawn expressions leave
// out, where its value is certain.
func TestWithoutShadowsNothingDependsOnChance(t *testing.T) {
	for world, shadows := range noShadows {
		t.Run(world, func(t *testing.T) {
			store := newStore(t)
			require.NoError(t, store.AppendAll(t.Context(), append(loads(), shadows...)))
			rng := history.Range{Start: liveStart.Add(90 * time.Minute), End: liveStart.Add(100 * time.Minute), Step: time.Minute}
			for _, expr := range []string{
				`topk(2, up)`, `bottomk(1, rate(up[5m]))`, `limit_ratio(0.5, up)`, `count_values("v", changes(up[5m]))`, `changes(up[5m])`, `up > 100`, `up == up`,
				`up{x="a"} > bool 3`, `deriv(up[10m])`, `predict_linear(up[10m], 60)`, `day_of_week(up)`,
				`timestamp(up offset 7s)`, `timestamp((up))`, `last_over_time(up[5m])`, `{__name__=~"up|c",x="a"}`, `sort_desc(up)`, `absent(gone{x="y"})`, `absent_over_time(gone[5m])`,
				`present_over_time(up[5m])`, `quantile_over_time(scalar(up{x="a"}) / 1000, up[5m])`, `up and on (pod) c`, `label_replace(up, "pod", "other", "x", ".*")`,
			} {
				plainly, err := history.Confine(expr, "a", plain)
				require.NoError(t, err, expr)
				live, err := history.ConfineLive(expr, "a", "web", plain)
				require.NoError(t, err, expr)
				want, err := store.QueryRange(t.Context(), plainly, rng)
				require.NoError(t, err, expr)
				require.NotEmpty(t, want.Series, expr)
				got, err := store.QueryRange(t.Context(), live, rng)
				require.NoError(t, err, live)
				if diff := cmp.Diff(bySeries(want), bySeries(got)); diff != "" {
					t.Errorf("%s (-as written +without shadows):\n%s", live, diff)
				}
			}
		})
	}
}
