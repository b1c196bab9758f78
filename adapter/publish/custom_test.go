package publish

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	apierr "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/metrics/pkg/apis/custom_metrics"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/provider"
)

var progressInfo = provider.CustomMetricInfo{GroupResource: podsResource, Namespaced: true, Metric: MetricWarmUpProgress}

func pod(name string) types.NamespacedName {
	return types.NamespacedName{Namespace: "shop", Name: name}
}

// shadowPools are two pools with shadows and one whose shadows are too old to speak of.
func shadowPools() []Pool {
	return []Pool{
		testPool("shop", "web", shadowsOf(1,
			Shadow{Pod: "web-1", State: "ready", Progress: 1},
			Shadow{Pod: "web-2", State: "warming", Progress: 0.4, Measured: true})),
		testPool("shop", "api", shadowsOf(0, Shadow{Pod: "api-1", State: "creating"})),
		testPool("sick", "old", shadowsOf(0, Shadow{Pod: "old-1", State: "creating"}), func(p *Pool) { p.Shadows.MaxAge = -time.Minute }),
		testPool("sick", "unsaid", shadowsOf(0, Shadow{Pod: "unsaid-1", State: "warming", Progress: math.NaN(), Measured: true})),
		testPool("bare", "none", shadowsOf(0)),
	}
}

func TestGetMetricByName(t *testing.T) {
	p := testProvider(shadowPools()...)
	for _, tt := range []struct {
		pod, selector, want string
		at                  time.Time
	}{
		{"web-1", "", "1", noon},
		{"web-2", "", "400m", noon.Add(-time.Minute)},
		{"web-2", "pool=web", "400m", noon.Add(-time.Minute)},
		{"api-1", "", "0", noon},
	} {
		t.Run(tt.pod+" "+tt.selector, func(t *testing.T) {
			got, err := p.GetMetricByName(t.Context(), pod(tt.pod), progressInfo, parseSelector(t, tt.selector))
			require.NoError(t, err)
			want := custom_metrics.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: "shop", Name: tt.pod}
			if diff := cmp.Diff(want, got.DescribedObject); diff != "" {
				t.Errorf("object (-want +got):\n%s", diff)
			}
			if got.Value.String() != tt.want || !got.Timestamp.Time.Equal(tt.at) || got.Metric.Name != MetricWarmUpProgress {
				t.Errorf("%s is %s at %s, want %s at %s", got.Metric.Name, got.Value.String(), got.Timestamp, tt.want, tt.at)
			}
			if asked := got.Metric.Selector != nil; asked != (tt.selector != "") {
				t.Errorf("the answer's selector is %v, asked for %q", got.Metric.Selector, tt.selector)
			}
		})
	}
}

func TestGetMetricBySelector(t *testing.T) {
	p := testProvider(shadowPools()...)
	for _, tt := range []struct {
		name, selector, metricSelector string
		want                           map[string]string
	}{
		{"every shadow of the namespace", "", "", map[string]string{"web-1": "1", "web-2": "400m", "api-1": "0"}},
		{"those of a pool, by the label of the pods", "foreshadow.dev/pool=web", "", map[string]string{"web-1": "1", "web-2": "400m"}},
		{"those of a pool, by the label of the metric", "", "pool=web", map[string]string{"web-1": "1", "web-2": "400m"}},
		{"those in a state", "foreshadow.dev/pool=web,foreshadow.dev/state!=ready", "", map[string]string{"web-2": "400m"}},
		{"those that have a label which all have", "foreshadow.dev/pool", "", map[string]string{"web-1": "1", "web-2": "400m", "api-1": "0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, err := p.GetMetricBySelector(t.Context(), "shop", parseSelector(t, tt.selector), progressInfo, parseSelector(t, tt.metricSelector))
			require.NoError(t, err)
			got := map[string]string{}
			for _, item := range list.Items {
				got[item.DescribedObject.Name] = item.Value.String()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCustomMetricRefusals(t *testing.T) {
	p := testProvider(shadowPools()...)
	nodes := progressInfo
	nodes.GroupResource = schema.GroupResource{Resource: "nodes"}
	root := progressInfo
	root.Namespaced = false
	foreign := progressInfo
	foreign.Metric = "load_per_pod"
	byName := func(namespace, name string, info provider.CustomMetricInfo, selector string) error {
		_, err := p.GetMetricByName(t.Context(), types.NamespacedName{Namespace: namespace, Name: name}, info, parseSelector(t, selector))
		return err
	}
	bySelector := func(namespace, selector string, info provider.CustomMetricInfo) error {
		_, err := p.GetMetricBySelector(t.Context(), namespace, parseSelector(t, selector), info, labels.Everything())
		return err
	}
	const stale = `is withheld: the adapter with the role shadows was seen alive 0s ago for the last time: look whether it runs`
	for _, tt := range []struct {
		name   string
		err    error
		reason metav1.StatusReason
		want   string
	}{
		{
			"a pod that is no shadow", byName("shop", "web-9", progressInfo, ""), metav1.StatusReasonNotFound,
			"the server could not find the metric foreshadow_shadow_warmup_progress_ratio for pods web-9",
		},
		{
			"a shadow of another pool than was asked for", byName("shop", "web-1", progressInfo, "pool=api"), metav1.StatusReasonNotFound,
			"the server could not find the metric foreshadow_shadow_warmup_progress_ratio for pods web-1",
		},
		{
			"a shadow of another namespace", byName("bank", "web-1", progressInfo, ""), metav1.StatusReasonNotFound,
			"the server could not find the metric foreshadow_shadow_warmup_progress_ratio for pods web-1",
		},
		{
			"another metric", byName("shop", "web-1", foreign, ""), metav1.StatusReasonNotFound,
			"the server could not find the metric load_per_pod for pods",
		},
		{
			"another kind", byName("shop", "web-1", nodes, ""), metav1.StatusReasonNotFound,
			"the server could not find the metric foreshadow_shadow_warmup_progress_ratio for nodes",
		},
		{
			"without a namespace", byName("shop", "web-1", root, ""), metav1.StatusReasonNotFound,
			"the server could not find the metric foreshadow_shadow_warmup_progress_ratio for pods",
		},
		{
			"another metric, by selector", bySelector("shop", "", foreign), metav1.StatusReasonNotFound,
			"the server could not find the metric load_per_pod for pods",
		},
		{
			"a namespace whose pools have no shadows", bySelector("bare", "", progressInfo), metav1.StatusReasonNotFound,
			"the server could not find the metric foreshadow_shadow_warmup_progress_ratio for pods * with selector ",
		},
		{
			"what an HPA selects: shadows are hidden from it", bySelector("shop", "app=web", progressInfo), metav1.StatusReasonNotFound,
			"the server could not find the metric foreshadow_shadow_warmup_progress_ratio for pods * with selector app=web",
		},
		{
			"the absence of a label that is not known", bySelector("shop", "app!=web", progressInfo), metav1.StatusReasonBadRequest,
			`whether a shadow has the label "app" is not known here: select by foreshadow.dev/pool or foreshadow.dev/state`,
		},
		{
			"a shadow whose role is gone", byName("sick", "old-1", progressInfo, ""), metav1.StatusReasonServiceUnavailable,
			`foreshadow_shadow_warmup_progress_ratio of pool "old" in namespace "sick" ` + stale,
		},
		{
			"one of several whose role is gone", bySelector("sick", "", progressInfo), metav1.StatusReasonServiceUnavailable,
			`foreshadow_shadow_warmup_progress_ratio of pool "old" in namespace "sick" ` + stale,
		},
		{
			"a shadow of which nothing is written", byName("sick", "unsaid-1", progressInfo, ""), metav1.StatusReasonServiceUnavailable,
			`foreshadow_shadow_warmup_progress_ratio of pool "unsaid" in namespace "sick" is withheld: ` +
				`how far shadow "unsaid-1" has warmed up is not written in its pool's status`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var status *apierr.StatusError
			require.ErrorAs(t, tt.err, &status)
			require.Equal(t, tt.reason, status.ErrStatus.Reason)
			if diff := cmp.Diff(tt.want, tt.err.Error()); diff != "" {
				t.Errorf("message (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCustomRefusalsAreBounded(t *testing.T) {
	p := testProvider(shadowPools()...)
	long := strings.Repeat("ü", 64<<10)
	foreign := progressInfo
	foreign.Metric = long
	_, byName := p.GetMetricByName(t.Context(), pod(long), progressInfo, labels.Everything())
	_, byMetric := p.GetMetricByName(t.Context(), pod("web-1"), foreign, labels.Everything())
	_, bySelector := p.GetMetricBySelector(t.Context(), "shop", labels.SelectorFromValidatedSet(labels.Set{"app": long}), progressInfo, labels.Everything())
	for _, err := range []error{byName, byMetric, bySelector} {
		require.Error(t, err)
		if got := len(err.Error()); got > 2048 {
			t.Errorf("a message of %d bytes, want at most 2048", got)
		}
	}
}

func TestCustomAnswersAreCounted(t *testing.T) {
	reg := prometheus.NewRegistry()
	p := NewProvider(testBoard(shadowPools()...), clockAtNoon(), reg)
	foreign := progressInfo
	foreign.Metric = "nonsense"
	for _, ask := range []provider.CustomMetricInfo{progressInfo, foreign} {
		_, _ = p.GetMetricByName(t.Context(), pod("web-1"), ask, labels.Everything())
	}
	_, _ = p.GetMetricBySelector(t.Context(), "shop", parseSelector(t, "app!=web"), progressInfo, labels.Everything())
	_, _ = p.GetMetricBySelector(t.Context(), "sick", labels.Everything(), progressInfo, labels.Everything())
	const want = `
# HELP foreshadow_custom_metric_requests_total Requests for a custom metric, by metric (other: not one of ours) and HTTP status code of the answer.
# TYPE foreshadow_custom_metric_requests_total counter
foreshadow_custom_metric_requests_total{code="200",metric="foreshadow_shadow_warmup_progress_ratio"} 1
foreshadow_custom_metric_requests_total{code="400",metric="foreshadow_shadow_warmup_progress_ratio"} 1
foreshadow_custom_metric_requests_total{code="404",metric="foreshadow_shadow_warmup_progress_ratio"} 0
foreshadow_custom_metric_requests_total{code="404",metric="other"} 1
foreshadow_custom_metric_requests_total{code="503",metric="foreshadow_shadow_warmup_progress_ratio"} 1
`
	require.NoError(t, testutil.GatherAndCompare(reg, strings.NewReader(want), "foreshadow_custom_metric_requests_total"))
}

// Only what is complete is 1, and no decimal loses a thousandth to its binary form.
func TestRatio(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1: "1", 0.9999: "999m", 0.57: "570m", 0.29: "290m", 0.0004: "0", -1: "0", 2: "1"} {
		if got := ratio(v); got.String() != want {
			t.Errorf("ratio(%v) = %s, want %s", v, got.String(), want)
		}
	}
}
