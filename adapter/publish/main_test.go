package publish

import (
	"flag"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/klog/v2"
	testclock "k8s.io/utils/clock/testing"
)

var update = flag.Bool("update", false, "rewrite the files in testdata/golden")

func TestMain(m *testing.M) {
	klog.SetSlogLogger(slog.New(slog.DiscardHandler))
	// The API server library starts its check of log flushing once for the life of the process.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("k8s.io/apimachinery/pkg/util/wait.Forever"))
}

// noon is the time of every test's clock at its start.
var noon = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

func clockAtNoon() *testclock.FakePassiveClock { return testclock.NewFakePassiveClock(noon) }

// fresh is a reading of v made at noon, good for 15 minutes.
func fresh(v float64) Reading {
	return Reading{Value: v, ComputedAt: noon, ValidUntil: noon.Add(15 * time.Minute)}
}

// testPool is a pool with a forecast of 7 replicas, changed by each of change.
func testPool(namespace, name string, change ...func(*Pool)) Pool {
	p := Pool{
		Namespace: namespace, Name: name, Mode: "Predict",
		PredictedCapacity:  fresh(7),
		PredictedLoad:      fresh(812.5),
		Loads:              []QuantileLoad{{P: "0.9", Lead: time.Minute, Value: 812.5}, {P: "0.99", Lead: 5 * time.Minute, Value: 1040}},
		ObservedLoad:       fresh(640.25),
		CapacityPerReplica: 120,
		ForecastSuccess:    noon.Add(-30 * time.Second),
		Model:              "SeasonalNaiveDay",
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

// shadowsOf gives a pool so many warm shadows and these, as they were written a minute before noon.
func shadowsOf(warm int, list ...Shadow) func(*Pool) {
	return func(p *Pool) {
		p.Shadows = Shadows{Warm: warm, List: list, SeenAt: noon.Add(-time.Minute), MaxAge: 15 * time.Minute}
	}
}

// testBoard is a board of pools; the role that keeps shadows was seen at noon.
func testBoard(pools ...Pool) *Board {
	b := &Board{}
	b.SawShadowsRole(noon)
	for _, p := range pools {
		b.Publish(p)
	}
	return b
}

func testProvider(pools ...Pool) *Provider {
	return NewProvider(testBoard(pools...), clockAtNoon(), prometheus.NewRegistry())
}

func parseSelector(tb testing.TB, s string) labels.Selector {
	tb.Helper()
	selector, err := labels.Parse(s)
	require.NoError(tb, err)
	return selector
}

// compareGolden holds got against testdata/golden/name; -update rewrites the file.
func compareGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); go test ./adapter/publish -update rewrites it:\n%s", path, diff)
	}
}
