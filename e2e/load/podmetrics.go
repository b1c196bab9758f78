package load

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/metrics/pkg/apis/custom_metrics/v1beta2"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// PodMetricName is the metric that PodMetrics serves for each ready pod: the
// load divided by the number of them.
const PodMetricName = "load_per_pod"

// PodMetricsConfig says what PodMetrics reads and as whom it serves.
type PodMetricsConfig struct {
	// Pods lists the pods among which the load is divided.
	Pods client.Reader
	// Source is the load.
	Source *Source
	// Clock dates the values.
	Clock clock.PassiveClock
	// CertDir holds apiserver.crt and apiserver.key.
	CertDir string
	// CallerCA is the file of the authority that vouches for the API server,
	// the one caller that is let in.
	CallerCA string
}

// PodMetrics is a custom metrics API (custom.metrics.k8s.io/v1beta2) with one
// metric, for an API server to aggregate.
type PodMetrics struct {
	*server
	cfg PodMetricsConfig
}

// NewPodMetrics starts to serve.
func NewPodMetrics(cfg PodMetricsConfig) (*PodMetrics, error) {
	tlsConfig, err := cfg.tls()
	if err != nil {
		return nil, err
	}
	p := &PodMetrics{cfg: cfg}
	root := "/apis/" + v1beta2.SchemeGroupVersion.String()
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+root, discover)
	mux.HandleFunc("GET "+root+"/namespaces/{namespace}/pods/{pod}/"+PodMetricName, p.list)
	if p.server, err = serve(mux, tlsConfig); err != nil {
		return nil, err
	}
	return p, nil
}

func (cfg PodMetricsConfig) tls() (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(filepath.Join(cfg.CertDir, "apiserver.crt"), filepath.Join(cfg.CertDir, "apiserver.key"))
	if err != nil {
		return nil, fmt.Errorf("load serving certificate: %w", err)
	}
	pem, err := os.ReadFile(cfg.CallerCA)
	if err != nil {
		return nil, fmt.Errorf("read caller's authority: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read caller's authority: %s holds no certificate", cfg.CallerCA)
	}
	return &tls.Config{
		MinVersion:   tls.VersionTLS12,
		Certificates: []tls.Certificate{cert},
		ClientCAs:    pool,
		ClientAuth:   tls.RequireAndVerifyClientCert,
	}, nil
}

// discover lists the one resource of the API.
func discover(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, &metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
		GroupVersion: v1beta2.SchemeGroupVersion.String(),
		APIResources: []metav1.APIResource{{
			Name: "pods/" + PodMetricName, Namespaced: true, Kind: "MetricValueList", Verbs: metav1.Verbs{"get"},
		}},
	})
}

// list answers with a value for each ready pod that the label selector matches.
func (p *PodMetrics) list(w http.ResponseWriter, r *http.Request) {
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err == nil && r.PathValue("pod") != "*" {
		err = errors.New("write * for the pod: values come for all that the label selector matches")
	}
	if err != nil {
		respond(w, http.StatusBadRequest, status(http.StatusBadRequest, metav1.StatusReasonBadRequest, err))
		return
	}
	var pods corev1.PodList
	opts := &client.ListOptions{Namespace: r.PathValue("namespace"), LabelSelector: selector}
	if err := p.cfg.Pods.List(r.Context(), &pods, opts); err != nil {
		respond(w, http.StatusInternalServerError, status(http.StatusInternalServerError, metav1.StatusReasonInternalError, err))
		return
	}
	respond(w, http.StatusOK, p.divide(pods.Items))
}

// divide gives each ready pod an equal share of the load.
func (p *PodMetrics) divide(pods []corev1.Pod) *v1beta2.MetricValueList {
	list := &v1beta2.MetricValueList{
		TypeMeta: metav1.TypeMeta{Kind: "MetricValueList", APIVersion: v1beta2.SchemeGroupVersion.String()},
		Items:    []v1beta2.MetricValue{},
	}
	now := p.cfg.Clock.Now()
	for _, pod := range pods {
		if !Ready(pod) {
			continue
		}
		list.Items = append(list.Items, v1beta2.MetricValue{
			DescribedObject: corev1.ObjectReference{Kind: "Pod", APIVersion: "v1", Namespace: pod.Namespace, Name: pod.Name},
			Metric:          v1beta2.MetricIdentifier{Name: PodMetricName},
			Timestamp:       metav1.NewTime(now),
		})
	}
	for i := range list.Items {
		milli := p.cfg.Source.At(now) * 1000 / float64(len(list.Items))
		list.Items[i].Value = *resource.NewMilliQuantity(int64(milli), resource.DecimalSI)
	}
	return list
}

// Ready reports whether a pod takes traffic: its condition Ready is True and it
// is not on its way out.
func Ready(pod corev1.Pod) bool {
	if pod.DeletionTimestamp != nil {
		return false
	}
	for _, cond := range pod.Status.Conditions {
		if cond.Type == corev1.PodReady {
			return cond.Status == corev1.ConditionTrue
		}
	}
	return false
}

func status(code int32, reason metav1.StatusReason, err error) *metav1.Status {
	return &metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Code: code, Reason: reason, Message: err.Error(),
	}
}

func respond(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(v) // the caller sees a broken answer
}
