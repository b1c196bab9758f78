package publish

import (
	"bytes"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	testclock "k8s.io/utils/clock/testing"
)

// pools of every condition that the exporter tells apart.
func exportedPools() []Pool {
	return []Pool{
		testPool("shop", "web", shadowsOf(3, Shadow{Pod: "web-1", State: "ready", Progress: 1}), func(p *Pool) {
			p.Quality = []Quality{
				{Horizon: time.Minute, AbsoluteError: 12.5, Levels: []QuantileQuality{
					{P: "0.9", Coverage: 0.9125, PinballRatio: 0.25}, {P: "0.95", Coverage: 0.95, PinballRatio: 0.125},
				}},
				{Horizon: 24 * time.Hour, AbsoluteError: 50, Levels: []QuantileQuality{{P: "0.9", Coverage: 1, PinballRatio: math.NaN()}}},
			}
		}),
		testPool("shop", "unskilled", func(p *Pool) { p.Fallback, p.NoSkill = FallbackNoSkill, true }),
		testPool("shop", "profiled", func(p *Pool) {
			p.Deciding, p.Needs = "CPU", []DimensionNeed{{Dimension: "CPU", Replicas: 7}, {Dimension: "Memory", Replicas: 4}}
			p.Profile = &Profile{At: noon, Pods: 12, Anomalous: 1, Source: "web-2", Changes: 3, Missing: []string{"diskRead"}}
		}),
		testPool("shop", "observed", func(p *Pool) { p.Mode, p.Fallback = "Observe", FallbackObserve }),
		testPool("shop", "unknown", func(p *Pool) {
			p.PredictedCapacity, p.CapacityPerReplica = Refuse("the capacity per replica is unknown"), 0
			p.Fallback, p.Degraded = FallbackCapacityUnknown, true
		}),
		testPool("shop", "hung", func(p *Pool) {
			for _, r := range []*Reading{&p.PredictedCapacity, &p.PredictedLoad, &p.ObservedLoad} {
				r.ComputedAt, r.ValidUntil = noon.Add(-time.Hour), noon.Add(-time.Minute)
			}
		}),
		{Namespace: "shop", Name: "new"},
	}
}

func exporterRegistry(clock *testclock.FakePassiveClock, pools ...Pool) *prometheus.Registry {
	reg := prometheus.NewPedanticRegistry()
	board := testBoard(pools...)
	reg.MustRegister(NewExporter(board, clock))
	NewProvider(board, clock, reg)
	return reg
}

// scrape reads /metrics as Prometheus does.
func scrape(t *testing.T, g prometheus.Gatherer) []byte {
	t.Helper()
	recorder := httptest.NewRecorder()
	NewHandler(g, func() error { return nil }, log.NewNopLogger()).ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	require.Equal(t, http.StatusOK, recorder.Code, recorder.Body.String())
	return recorder.Body.Bytes()
}

func parse(t *testing.T, page []byte) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	require.NoError(t, err)
	return families
}

func TestMetricsPage(t *testing.T) {
	reg := exporterRegistry(clockAtNoon(), exportedPools()...)
	problems, err := testutil.GatherAndLint(reg)
	require.NoError(t, err)
	if len(problems) != 0 {
		t.Errorf("the linter finds %v", problems)
	}
	compareGolden(t, "metrics.txt", scrape(t, reg))
}

func TestEmptyMetricsPage(t *testing.T) {
	families := parse(t, scrape(t, exporterRegistry(clockAtNoon())))
	if got := families["foreshadow_pools"].GetMetric()[0].GetGauge().GetValue(); got != 0 {
		t.Errorf("foreshadow_pools = %v, want 0", got)
	}
	if _, there := families[MetricPredictedCapacity]; there {
		t.Errorf("%s is there without a pool", MetricPredictedCapacity)
	}
}

func TestRefusedReadingsAreAbsent(t *testing.T) {
	clock := clockAtNoon()
	reg := exporterRegistry(clock, testPool("shop", "web", shadowsOf(0)))
	readings := []string{MetricPredictedCapacity, MetricPredictedLoad, "foreshadow_observed_load", MetricWarmReplicas}
	for _, at := range []struct {
		after time.Duration
		there bool
		stale float64
	}{{15 * time.Minute, true, 0}, {15*time.Minute + 1, false, 1}} {
		clock.SetTime(noon.Add(at.after))
		families := parse(t, scrape(t, reg))
		for _, name := range readings {
			if _, there := families[name]; there != at.there {
				t.Errorf("%s is there after %s: %v, want %v", name, at.after, there, at.there)
			}
		}
		if got := fallbackValue(families, FallbackForecastStale); got != at.stale {
			t.Errorf("foreshadow_fallback_active{reason=ForecastStale} after %s = %v, want %v", at.after, got, at.stale)
		}
	}
}

// fallbackValue returns foreshadow_fallback_active of the only pool, for one reason.
func fallbackValue(families map[string]*dto.MetricFamily, reason Fallback) float64 {
	for _, m := range families["foreshadow_fallback_active"].GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == "reason" && l.GetValue() == string(reason) {
				return m.GetGauge().GetValue()
			}
		}
	}
	return math.NaN()
}

func TestFallbackReasonsAreClosed(t *testing.T) {
	for _, reason := range append(Fallbacks(), FallbackNone, "SomethingNew") {
		want := reason
		if reason == "SomethingNew" {
			want = FallbackOther
		}
		families := parse(t, scrape(t, exporterRegistry(clockAtNoon(), testPool("shop", "web", func(p *Pool) { p.Fallback = reason }))))
		for _, r := range Fallbacks() {
			if got := fallbackValue(families, r); got != truth(r == want) {
				t.Errorf("fallback %q: reason %s = %v, want %v", reason, r, got, truth(r == want))
			}
		}
	}
}

func TestNumbersThatAreNoneAreAbsent(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		page := scrape(t, exporterRegistry(clockAtNoon(), testPool("shop", "web", func(p *Pool) {
			p.PredictedCapacity.Value, p.PredictedLoad.Value, p.ObservedLoad.Value, p.CapacityPerReplica = v, v, v, v
			p.Loads[0].Value = v
			p.Quality = []Quality{{Horizon: time.Minute, AbsoluteError: v, Levels: []QuantileQuality{{P: "0.9", Coverage: v, PinballRatio: v}}}}
		})))
		for line := range strings.Lines(string(page)) {
			if strings.HasPrefix(line, "#") {
				continue
			}
			if value := line[strings.LastIndex(line, " "):]; strings.Contains(value, "NaN") || strings.Contains(value, "Inf") {
				t.Errorf("%v got out: %s", v, line)
			}
		}
	}
}

func TestHostileNamesAreSafe(t *testing.T) {
	names := []string{
		"two\nlines", `quote"and\backslash`, "<script>alert(1)</script>", strings.Repeat("long", 16<<10),
		"\xff", "\xfe", "a\xc3", "\x00", "{}", "�",
	}
	pools := make([]Pool, len(names))
	for i, name := range names {
		pools[i] = testPool("shop", name)
	}
	// Names that Kubernetes has never seen must neither merge two pools nor break the page for the others.
	families := parse(t, scrape(t, exporterRegistry(clockAtNoon(), pools...)))
	got := map[string]bool{}
	for _, m := range families[MetricPredictedCapacity].GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == LabelPool {
				got[l.GetValue()] = true
			}
		}
	}
	want := map[string]bool{}
	for _, name := range names {
		switch name {
		case "\xff", "\xfe":
			want[map[string]string{"\xff": `\xff`, "\xfe": `\xfe`}[name]] = true
		case "a\xc3":
			want[`a\xc3`] = true
		default:
			want[name] = true
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("label values (-want +got):\n%s", diff)
	}
}
