package publish

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	apierr "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/provider"
)

func info(metric string) provider.ExternalMetricInfo {
	return provider.ExternalMetricInfo{Metric: metric}
}

func TestGetExternalMetric(t *testing.T) {
	p := testProvider(testPool("shop", "web", shadowsOf(3)), testPool("shop", "api", shadowsOf(0)), testPool("bank", "ledger"))
	tests := []struct {
		name, namespace, selector, metric string
		wantPool, wantValue               string
	}{
		{"the capacity of one pool", "shop", "pool=web", MetricPredictedCapacity, "web", "7"},
		{"the load of one pool, in thousandths", "shop", "pool=web", MetricPredictedLoad, "web", "812500m"},
		{"the warm shadows of one pool", "shop", "pool=web", MetricWarmReplicas, "web", "3"},
		{"none of them is a number too", "shop", "pool=api", MetricWarmReplicas, "api", "0"},
		{"a set of one", "shop", "pool in (api)", MetricPredictedCapacity, "api", "7"},
		{"whatever leaves one over", "shop", "pool!=api", MetricPredictedCapacity, "web", "7"},
		{"everything, where there is one pool", "bank", "", MetricPredictedCapacity, "ledger", "7"},
		{"a requirement that holds beside the name", "shop", "pool=web,pool notin (api)", MetricPredictedCapacity, "web", "7"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := p.GetExternalMetric(t.Context(), tt.namespace, parseSelector(t, tt.selector), info(tt.metric))
			require.NoError(t, err)
			require.Len(t, list.Items, 1)
			got := list.Items[0]
			if got.Value.String() != tt.wantValue {
				t.Errorf("value = %s, want %s", got.Value.String(), tt.wantValue)
			}
			if got.MetricName != tt.metric || !got.Timestamp.Time.Equal(noon) {
				t.Errorf("metric %s at %s, want %s at %s", got.MetricName, got.Timestamp, tt.metric, noon)
			}
			if diff := cmp.Diff(map[string]string{"pool": tt.wantPool}, got.MetricLabels); diff != "" {
				t.Errorf("labels (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGetExternalMetricRefuses(t *testing.T) {
	pools := []Pool{
		testPool("shop", "web"), testPool("shop", "api"),
		testPool("sick", "unknown", func(p *Pool) { p.PredictedCapacity = Refuse("the capacity per replica is unknown") }),
		testPool("sick", "old", func(p *Pool) { p.PredictedCapacity.ValidUntil = noon.Add(-time.Second) }),
		testPool("sick", "nan", func(p *Pool) { p.PredictedCapacity.Value = math.NaN() }),
		testPool("sick", "huge", func(p *Pool) { p.PredictedLoad.Value = 1e300 }),
		testPool("sick", "negative", func(p *Pool) { p.PredictedCapacity.Value = -3 }),
		testPool("sick", "absent", func(p *Pool) { p.PredictedLoad = Reading{} }),
		testPool("sick", "uncounted", func(p *Pool) { p.Shadows.Unknown = "nobody has counted its shadows yet" }),
	}
	for i := range 12 {
		pools = append(pools, testPool("crowd", fmt.Sprintf("pool-%02d", i)))
	}
	p := testProvider(pools...)
	tests := []struct {
		name, namespace, selector, metric string
		wantReason                        metav1.StatusReason
		want                              string
	}{
		{
			"a metric that does not exist", "shop", "pool=web", "http_requests", metav1.StatusReasonNotFound,
			`there is no external metric "http_requests": write foreshadow_predicted_capacity_replicas, foreshadow_predicted_load or foreshadow_warm_replicas`,
		},
		{
			"a selector of several pools", "shop", "", MetricPredictedCapacity, metav1.StatusReasonBadRequest,
			`selector "" matches 2 pools of namespace "shop" ("api", "web"): select one with matchLabels: {pool: NAME}`,
		},
		{
			"a selector of very many pools", "crowd", "pool", MetricPredictedLoad, metav1.StatusReasonBadRequest,
			`selector "pool" matches 12 pools of namespace "crowd" ("pool-00", "pool-01", "pool-02", "pool-03", "pool-04", "pool-05", ` +
				`"pool-06", "pool-07", "pool-08", "pool-09" and 2 more): select one with matchLabels: {pool: NAME}`,
		},
		{
			"a pool that does not exist", "shop", "pool=wbe", MetricPredictedCapacity, metav1.StatusReasonNotFound,
			`no pool of namespace "shop" matches selector "pool=wbe": there are "api", "web"`,
		},
		{
			"a label that pools do not have", "shop", "app=web", MetricPredictedCapacity, metav1.StatusReasonNotFound,
			`no pool of namespace "shop" matches selector "app=web": there are "api", "web"`,
		},
		{
			"a requirement that does not hold beside the name", "shop", "pool=web,app=web", MetricPredictedCapacity, metav1.StatusReasonNotFound,
			`no pool of namespace "shop" matches selector "app=web,pool=web": there are "api", "web"`,
		},
		{
			"a namespace without pools", "other", "pool=web", MetricPredictedCapacity, metav1.StatusReasonNotFound,
			`namespace "other" has no pool with published values`,
		},
		{
			"a pool that cannot be answered for", "sick", "pool=unknown", MetricPredictedCapacity, metav1.StatusReasonServiceUnavailable,
			`foreshadow_predicted_capacity_replicas of pool "unknown" in namespace "sick" is withheld: the capacity per replica is unknown`,
		},
		{
			"a value past its time", "sick", "pool=old", MetricPredictedCapacity, metav1.StatusReasonServiceUnavailable,
			`foreshadow_predicted_capacity_replicas of pool "old" in namespace "sick" is withheld: its last value was computed 0s ago and was valid ` +
				`until 2026-11-23T11:59:59Z: nothing newer was computed`,
		},
		{
			"NaN", "sick", "pool=nan", MetricPredictedCapacity, metav1.StatusReasonServiceUnavailable,
			`foreshadow_predicted_capacity_replicas of pool "nan" in namespace "sick" is withheld: it was computed as NaN, which is not a number of anything`,
		},
		{
			"a value past 64 bits", "sick", "pool=huge", MetricPredictedLoad, metav1.StatusReasonServiceUnavailable,
			`foreshadow_predicted_load of pool "huge" in namespace "sick" is withheld: 1e+300 does not fit a quantity of 64 bits`,
		},
		{
			"fewer replicas than none", "sick", "pool=negative", MetricPredictedCapacity, metav1.StatusReasonServiceUnavailable,
			`foreshadow_predicted_capacity_replicas of pool "negative" in namespace "sick" is withheld: -3 replicas cannot be asked for`,
		},
		{
			"a value never computed", "sick", "pool=absent", MetricPredictedLoad, metav1.StatusReasonServiceUnavailable,
			`foreshadow_predicted_load of pool "absent" in namespace "sick" is withheld: it has not been computed yet`,
		},
		{
			"warm shadows of several pools", "shop", "", MetricWarmReplicas, metav1.StatusReasonBadRequest,
			`selector "" matches 2 pools of namespace "shop" ("api", "web"): select one with matchLabels: {pool: NAME}`,
		},
		{
			"warm shadows that nobody counted", "sick", "pool=uncounted", MetricWarmReplicas, metav1.StatusReasonServiceUnavailable,
			`foreshadow_warm_replicas of pool "uncounted" in namespace "sick" is withheld: nobody has counted its shadows yet`,
		},
		{
			"warm shadows of which nothing was handed over", "sick", "pool=old", MetricWarmReplicas, metav1.StatusReasonServiceUnavailable,
			`foreshadow_warm_replicas of pool "old" in namespace "sick" is withheld: it has not been computed yet`,
		},
	}
	codes := map[metav1.StatusReason]int32{
		metav1.StatusReasonNotFound: 404, metav1.StatusReasonBadRequest: 400, metav1.StatusReasonServiceUnavailable: 503,
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			list, err := p.GetExternalMetric(t.Context(), tt.namespace, parseSelector(t, tt.selector), info(tt.metric))
			if list != nil {
				t.Errorf("got the list %v beside an error", list)
			}
			var status *apierr.StatusError
			require.ErrorAs(t, err, &status)
			if got := status.ErrStatus; got.Reason != tt.wantReason || got.Code != codes[tt.wantReason] || got.Status != metav1.StatusFailure {
				t.Errorf("status %s, reason %s, code %d; want Failure, %s, %d", got.Status, got.Reason, got.Code, tt.wantReason, codes[tt.wantReason])
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

// What strangers wrote must neither blow a message up nor pass for a part of it.
func TestRefusalsAreBounded(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	hostile := []Pool{testPool("shop", long), testPool("shop", "a\nlevel=error msg=\"owned\""), testPool("shop", "<script>"), testPool("shop", "\xff\xfe")}
	p := testProvider(hostile...)
	inValues, err := labels.NewRequirement("pool", "in", []string{strings.Repeat("y", 63), strings.Repeat("z", 63)})
	require.NoError(t, err)
	for _, selector := range []labels.Selector{labels.Everything(), labels.NewSelector().Add(*inValues), labels.SelectorFromValidatedSet(labels.Set{"pool": long + "x"})} {
		_, err := p.GetExternalMetric(t.Context(), "shop", selector, info(MetricPredictedCapacity))
		require.Error(t, err)
		if got := len(err.Error()); got > 4096 {
			t.Errorf("a message of %d bytes, want at most 4096", got)
		}
		if strings.Contains(err.Error(), "\n") || !utf8.ValidString(err.Error()) {
			t.Errorf("message %q has control characters or broken UTF-8", err)
		}
	}
	if _, err := p.GetExternalMetric(t.Context(), "shop", labels.Everything(), info(long)); len(err.Error()) > 4096 {
		t.Errorf("a message of %d bytes, want at most 4096", len(err.Error()))
	}
}

func TestListAllExternalMetricsIsNeverEmpty(t *testing.T) {
	want := []provider.ExternalMetricInfo{info("foreshadow_predicted_capacity_replicas"), info("foreshadow_predicted_load"), info("foreshadow_warm_replicas")}
	if diff := cmp.Diff(want, testProvider().ListAllExternalMetrics()); diff != "" {
		t.Errorf("metrics of an empty board (-want +got):\n%s", diff)
	}
}

func TestAnswersRunOutWithoutARefresh(t *testing.T) {
	clock := clockAtNoon()
	p := NewProvider(testBoard(testPool("shop", "web")), clock, prometheus.NewRegistry())
	selector := parseSelector(t, "pool=web")
	for _, at := range []struct {
		after time.Duration
		fresh bool
	}{{0, true}, {15 * time.Minute, true}, {15*time.Minute + 1, false}, {24 * time.Hour, false}} {
		clock.SetTime(noon.Add(at.after))
		_, err := p.GetExternalMetric(t.Context(), "shop", selector, info(MetricPredictedCapacity))
		if got := err == nil; got != at.fresh {
			t.Errorf("answered after %s: %v, want %v (%v)", at.after, got, at.fresh, err)
		}
	}
}

func TestAnswersAreCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	p := NewProvider(testBoard(testPool("shop", "web"), testPool("shop", "api", func(p *Pool) { p.PredictedLoad = Reading{} })), clockAtNoon(), reg)
	for selector, metrics := range map[string][]string{
		"pool=web":  {MetricPredictedCapacity, MetricPredictedCapacity, "nonsense", "\xff"},
		"pool=api":  {MetricPredictedLoad},
		"":          {MetricPredictedLoad},
		"pool=none": {MetricPredictedLoad},
	} {
		for _, metric := range metrics {
			_, _ = p.GetExternalMetric(t.Context(), "shop", parseSelector(t, selector), info(metric))
		}
	}
	want := `
# HELP foreshadow_external_metric_requests_total Requests for an external metric, by metric (other: not one of ours) and HTTP status code of the answer.
# TYPE foreshadow_external_metric_requests_total counter
foreshadow_external_metric_requests_total{code="200",metric="foreshadow_predicted_capacity_replicas"} 2
foreshadow_external_metric_requests_total{code="200",metric="foreshadow_predicted_load"} 0
foreshadow_external_metric_requests_total{code="400",metric="foreshadow_predicted_capacity_replicas"} 0
foreshadow_external_metric_requests_total{code="400",metric="foreshadow_predicted_load"} 1
foreshadow_external_metric_requests_total{code="404",metric="foreshadow_predicted_capacity_replicas"} 0
foreshadow_external_metric_requests_total{code="404",metric="foreshadow_predicted_load"} 1
foreshadow_external_metric_requests_total{code="404",metric="other"} 2
foreshadow_external_metric_requests_total{code="503",metric="foreshadow_predicted_capacity_replicas"} 0
foreshadow_external_metric_requests_total{code="503",metric="foreshadow_predicted_load"} 1
`
	want += none("foreshadow_external_metric_requests_total", MetricWarmReplicas)
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(want), "foreshadow_external_metric_requests_total"))
}

// none is what the page says of a metric that nobody asked for.
func none(counter, metric string) string {
	var b strings.Builder
	for _, code := range []int{200, 400, 404, 503} {
		fmt.Fprintf(&b, "%s{code=\"%d\",metric=%q} 0\n", counter, code, metric)
	}
	return b.String()
}

// The lookup must not allocate: what an answer costs is its own memory.
func TestAllocations(t *testing.T) {
	p := testProvider(testPool("shop", "web", shadowsOf(3)), testPool("shop", "api"))
	exact, snapshot := parseSelector(t, "pool=web"), p.board.Snapshot()
	if got := testing.AllocsPerRun(1000, func() {
		if e, _ := snapshot.selectOne("shop", exact); e == nil {
			t.Fatal("pool shop/web was not found")
		}
	}); got != 0 {
		t.Errorf("the lookup makes %v allocations, want 0", got)
	}
	for _, metric := range []string{MetricPredictedCapacity, MetricWarmReplicas} {
		if got := testing.AllocsPerRun(1000, func() {
			if _, err := p.GetExternalMetric(t.Context(), "shop", exact, info(metric)); err != nil {
				t.Fatal(err)
			}
		}); got > 1 {
			t.Errorf("an answer of %s makes %v allocations, want 1: its own memory", metric, got)
		}
	}
}
