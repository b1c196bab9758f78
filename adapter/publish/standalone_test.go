package publish

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/metrics/pkg/apis/external_metrics"
	externalmetrics "k8s.io/metrics/pkg/client/external_metrics"
	"sigs.k8s.io/custom-metrics-apiserver/pkg/provider"
)

// startStandalone serves p on a free loopback port until the test ends, and returns once it answers.
func startStandalone(tb testing.TB, p provider.MetricsProvider, handlers map[string]http.Handler) *Standalone {
	tb.Helper()
	s, err := NewStandalone("127.0.0.1:0", p, handlers, 0)
	require.NoError(tb, err)
	ctx, cancel := context.WithCancel(tb.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		require.NoError(tb, <-stopped)
	})
	client := verifyingClient(tb, s)
	require.Eventually(tb, func() bool {
		response, err := client.Get(s.URL() + "/readyz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	}, 10*time.Second, 5*time.Millisecond, "the server is not ready")
	return s
}

// verifyingClient is an HTTP/2 client that trusts the server's certificate and no other.
func verifyingClient(tb testing.TB, s *Standalone) *http.Client {
	tb.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: s.CertPool(), MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}
	tb.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func get(tb testing.TB, client *http.Client, url string) (int, string) {
	tb.Helper()
	response, err := client.Get(url)
	require.NoError(tb, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(tb, err)
	return response.StatusCode, string(body)
}

func restConfig(tb testing.TB, s *Standalone) *rest.Config {
	tb.Helper()
	// A transport of the test's own, because client-go keeps those that it makes.
	return &rest.Config{Host: s.URL(), Transport: verifyingClient(tb, s).Transport}
}

// hangs answers the namespace "slow" only once released; it stands for anything slow behind the filters.
type hangs struct {
	*Provider
	released <-chan struct{}
}

func (h hangs) GetExternalMetric(
	ctx context.Context, namespace string, selector labels.Selector, metric provider.ExternalMetricInfo,
) (*external_metrics.ExternalMetricValueList, error) {
	if namespace == "slow" {
		<-h.released
	}
	return h.Provider.GetExternalMetric(ctx, namespace, selector, metric)
}

// One server for all, because each makes its own keys.
func TestStandalone(t *testing.T) {
	released := make(chan struct{})
	defer close(released)
	s := startStandalone(t, hangs{released: released, Provider: testProvider(testPool("shop", "web", shadowsOf(1, Shadow{Pod: "web-1", State: "warming", Progress: 0.4, Measured: true})), testPool("shop", "api"), testPool("shop", "sick", func(p *Pool) {
		p.PredictedCapacity = Refuse("the last forecast is older than 15m")
	}))}, nil)
	t.Run("answers an HPA", func(t *testing.T) { answersAnHPA(t, s) })
	t.Run("refuses in words", func(t *testing.T) { refusesInWords(t, s) })
	t.Run("status codes", func(t *testing.T) { statusCodes(t, s) })
	t.Run("discovery lists every metric", func(t *testing.T) { discoveryListsEveryMetric(t, s) })
	t.Run("pods have their progress in each version of the API", func(t *testing.T) { podsHaveTheirProgress(t, s) })
	t.Run("the schema has what is served", func(t *testing.T) { schemaHasWhatIsServed(t, s) })
	t.Run("a request ends within a second", func(t *testing.T) { requestEndsWithinASecond(t, s) })
	t.Run("a second server says that the port is in use", func(t *testing.T) {
		_, err := NewStandalone(s.Addr().String(), testProvider(), nil, 0)
		require.EqualError(t, err, `--web.api-address "`+s.Addr().String()+`": the port is in use by another process: `+
			`stop that process or write another port (0 takes any free one): address already in use`)
	})
}

func metricsClient(t *testing.T, s *Standalone) externalmetrics.ExternalMetricsClient {
	t.Helper()
	client, err := externalmetrics.NewForConfig(restConfig(t, s))
	require.NoError(t, err)
	return client
}

func answersAnHPA(t *testing.T, s *Standalone) {
	t.Helper()
	list, err := metricsClient(t, s).NamespacedMetrics("shop").List(MetricPredictedCapacity, parseSelector(t, "pool=web"))
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	got := list.Items[0]
	if got.Value.String() != "7" || !got.Timestamp.Time.Equal(noon) {
		t.Errorf("got %s at %s, want 7 at %s", got.Value.String(), got.Timestamp, noon)
	}
	if diff := cmp.Diff(map[string]string{"pool": "web"}, got.MetricLabels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
}

func refusesInWords(t *testing.T, s *Standalone) {
	t.Helper()
	client := metricsClient(t, s)
	tests := []struct{ name, metric, selector, want string }{
		{
			"two pools are refused by name", MetricPredictedCapacity, "pool in (web,api)",
			`selector "pool in (api,web)" matches 2 pools of namespace "shop" ("api", "web"): select one with matchLabels: {pool: NAME}`,
		},
		{
			"a withheld value says why", MetricPredictedCapacity, "pool=sick",
			`foreshadow_predicted_capacity_replicas of pool "sick" in namespace "shop" is withheld: the last forecast is older than 15m`,
		},
		{
			"an unknown metric says which there are", "http_requests", "pool=web",
			`there is no external metric "http_requests": write foreshadow_predicted_capacity_replicas, foreshadow_predicted_load or foreshadow_warm_replicas`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := client.NamespacedMetrics("shop").List(tt.metric, parseSelector(t, tt.selector))
			require.EqualError(t, err, tt.want)
		})
	}
}

func statusCodes(t *testing.T, s *Standalone) {
	t.Helper()
	client := verifyingClient(t, s)
	const prefix = "/apis/external.metrics.k8s.io/v1beta1/namespaces/"
	const customPrefix = "/apis/custom.metrics.k8s.io/v1beta2/namespaces/"
	tests := []struct {
		name, path string
		want       int
	}{
		{"an answer", prefix + "shop/foreshadow_predicted_load?labelSelector=pool%3Dweb", 200},
		{"several pools", prefix + "shop/foreshadow_predicted_load", 400},
		{"a selector that does not parse", prefix + "shop/foreshadow_predicted_load?labelSelector=%3D%3D", 400},
		{"no such metric", prefix + "shop/nonsense", 404},
		{"no such namespace", prefix + "none/foreshadow_predicted_load", 404},
		{"a withheld value", prefix + "shop/foreshadow_predicted_capacity_replicas?labelSelector=pool%3Dsick", 503},
		{"a pod that is a shadow", customPrefix + "shop/pods/web-1/" + MetricWarmUpProgress, 200},
		{"all that are", customPrefix + "shop/pods/*/" + MetricWarmUpProgress, 200},
		{"a pod that is none", customPrefix + "shop/pods/web-2/" + MetricWarmUpProgress, 404},
		{"a selector of pods that does not parse", customPrefix + "shop/pods/*/" + MetricWarmUpProgress + "?labelSelector=%3D%3D", 400},
		{"the absence of a label that is not known", customPrefix + "shop/pods/*/" + MetricWarmUpProgress + "?labelSelector=app%21%3Dweb", 400},
		{"a watch", prefix + "shop/foreshadow_predicted_load?watch=true&labelSelector=pool%3Dweb", 405},
		{"no profile without authentication", "/debug/pprof/", 404},
		{"no log levels without authentication", "/debug/flags/v", 404},
		{"alive", "/livez", 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			code, body := get(t, client, s.URL()+tt.path)
			if code != tt.want {
				t.Errorf("GET %s = %d, want %d: %s", tt.path, code, tt.want, body)
			}
			if !strings.HasPrefix(tt.path, "/apis/") || tt.want == http.StatusOK {
				return
			}
			var status metav1.Status
			require.NoError(t, json.Unmarshal([]byte(body), &status))
			if status.Kind != "Status" || int(status.Code) != tt.want {
				t.Errorf("the body is a %s of code %d, want a Status of code %d", status.Kind, status.Code, tt.want)
			}
		})
	}
}

func discoveryListsEveryMetric(t *testing.T, s *Standalone) {
	t.Helper()
	client, err := discovery.NewDiscoveryClientForConfig(restConfig(t, s))
	require.NoError(t, err)
	for groupVersion, want := range map[string]map[string]bool{
		"external.metrics.k8s.io/v1beta1": {MetricPredictedCapacity: true, MetricPredictedLoad: true, MetricWarmReplicas: true},
		"custom.metrics.k8s.io/v1beta1":   {"pods/" + MetricWarmUpProgress: true},
		"custom.metrics.k8s.io/v1beta2":   {"pods/" + MetricWarmUpProgress: true},
	} {
		list, err := client.ServerResourcesForGroupVersion(groupVersion)
		require.NoError(t, err)
		got := map[string]bool{}
		for _, r := range list.APIResources {
			got[r.Name] = r.Namespaced
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("resources of %s (-want +got):\n%s", groupVersion, diff)
		}
	}
}

func podsHaveTheirProgress(t *testing.T, s *Standalone) {
	t.Helper()
	client := verifyingClient(t, s)
	for _, version := range []string{"v1beta1", "v1beta2"} {
		for _, who := range []string{"web-1", "*", "*?labelSelector=foreshadow.dev%2Fpool%3Dweb", "*?metricLabelSelector=pool%3Dweb"} {
			name, query, _ := strings.Cut(who, "?")
			code, body := get(t, client, s.URL()+"/apis/custom.metrics.k8s.io/"+version+"/namespaces/shop/pods/"+name+"/"+MetricWarmUpProgress+"?"+query)
			require.Equal(t, http.StatusOK, code, body)
			var list struct {
				Kind, APIVersion string
				Items            []struct {
					DescribedObject struct{ Kind, Namespace, Name, APIVersion string }
					Timestamp       time.Time
					Value           string
				}
			}
			require.NoError(t, json.Unmarshal([]byte(body), &list))
			require.Equal(t, "MetricValueList custom.metrics.k8s.io/"+version, list.Kind+" "+list.APIVersion)
			require.Len(t, list.Items, 1)
			got := list.Items[0]
			if o := got.DescribedObject; o.Kind+" "+o.Namespace+"/"+o.Name != "Pod shop/web-1" || got.Value != "400m" || !got.Timestamp.Equal(noon.Add(-time.Minute)) {
				t.Errorf("%s of %s is %+v", version, who, got)
			}
		}
	}
}

func schemaHasWhatIsServed(t *testing.T, s *Standalone) {
	t.Helper()
	client := verifyingClient(t, s)
	code, body := get(t, client, s.URL()+"/openapi/v3")
	require.Equal(t, http.StatusOK, code, body)
	for path, kind := range map[string]string{
		"apis/custom.metrics.k8s.io/v1beta1": "MetricValueList", "apis/custom.metrics.k8s.io/v1beta2": "MetricValueList",
		"apis/external.metrics.k8s.io/v1beta1": "ExternalMetricValueList",
	} {
		require.Contains(t, body, path)
		code, schema := get(t, client, s.URL()+"/openapi/v3/"+path)
		require.Equal(t, http.StatusOK, code, schema)
		require.Contains(t, schema, kind)
	}
}

func requestEndsWithinASecond(t *testing.T, s *Standalone) {
	t.Helper()
	start := time.Now()
	code, body := get(t, verifyingClient(t, s), s.URL()+"/apis/external.metrics.k8s.io/v1beta1/namespaces/slow/foreshadow_predicted_load")
	// The bound on the time is wide, for machines that are busy; the code says who ended the request.
	if took := time.Since(start); took > 5*time.Second || code != http.StatusGatewayTimeout {
		t.Errorf("got %d after %s, want 504 after about %s: %s", code, took, requestTimeout, body)
	}
	if requestTimeout >= time.Second {
		t.Errorf("requests may take %s, want less than a second", requestTimeout)
	}
}

func TestStandaloneServesHandlersAndStops(t *testing.T) {
	s, err := NewStandalone("127.0.0.1:0", testProvider(), map[string]http.Handler{
		"/extra": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { say(w, http.StatusTeapot, "extra") }),
	}, 0)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- s.Run(ctx) }()
	client := verifyingClient(t, s)
	code, body := get(t, client, s.URL()+"/extra")
	if code != http.StatusTeapot || body != "extra\n" {
		t.Errorf("GET /extra = %d %q, want 418 %q", code, body, "extra\n")
	}
	cancel()
	require.NoError(t, <-stopped)
	if response, err := client.Get(s.URL() + "/extra"); err == nil {
		t.Errorf("it still answers after its stop: %v", response.Body.Close())
	}
	// The address is free again.
	listener, err := Listen(FlagAPIAddress, s.Addr().String())
	require.NoError(t, err)
	require.NoError(t, listener.Close())
}

func TestACloseWithoutRunFreesTheAddress(t *testing.T) {
	s, err := NewStandalone("127.0.0.1:0", testProvider(), nil, 0)
	require.NoError(t, err)
	require.NoError(t, s.Close())
	listener, err := Listen(FlagAPIAddress, s.Addr().String())
	require.NoError(t, err)
	require.NoError(t, listener.Close())
}
