package load

import (
	"net/http"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/metrics/pkg/apis/metrics/v1beta1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// cpuWindow is the window over which a usage is said to be measured.
const cpuWindow = time.Second

// CPUMetrics is a resource metrics API, as metrics-server has one: the load, in
// thousandths of a CPU, is divided among those of the pods asked for that are
// Ready. Played pods use no CPU of their own.
type CPUMetrics struct {
	*server
	cfg PodMetricsConfig
}

// NewCPUMetrics starts the API on a free port.
func NewCPUMetrics(cfg PodMetricsConfig) (*CPUMetrics, error) {
	tlsConfig, err := cfg.tls()
	if err != nil {
		return nil, err
	}
	c := &CPUMetrics{cfg: cfg}
	root := "/apis/" + v1beta1.SchemeGroupVersion.String()
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+root, discoverCPU)
	mux.HandleFunc("GET "+root+"/namespaces/{namespace}/pods", c.list)
	if c.server, err = serve(mux, tlsConfig); err != nil {
		return nil, err
	}
	return c, nil
}

func discoverCPU(w http.ResponseWriter, _ *http.Request) {
	respond(w, http.StatusOK, &metav1.APIResourceList{
		TypeMeta:     metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"},
		GroupVersion: v1beta1.SchemeGroupVersion.String(),
		APIResources: []metav1.APIResource{{Name: "pods", Namespaced: true, Kind: "PodMetrics", Verbs: metav1.Verbs{"list"}}},
	})
}

func (c *CPUMetrics) list(w http.ResponseWriter, r *http.Request) {
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		respond(w, http.StatusBadRequest, status(http.StatusBadRequest, metav1.StatusReasonBadRequest, err))
		return
	}
	var pods corev1.PodList
	opts := &client.ListOptions{Namespace: r.PathValue("namespace"), LabelSelector: selector}
	if err := c.cfg.Pods.List(r.Context(), &pods, opts); err != nil {
		respond(w, http.StatusInternalServerError, status(http.StatusInternalServerError, metav1.StatusReasonInternalError, err))
		return
	}
	respond(w, http.StatusOK, c.divide(pods.Items))
}

func (c *CPUMetrics) divide(pods []corev1.Pod) *v1beta1.PodMetricsList {
	list := &v1beta1.PodMetricsList{
		TypeMeta: metav1.TypeMeta{Kind: "PodMetricsList", APIVersion: v1beta1.SchemeGroupVersion.String()},
		Items:    []v1beta1.PodMetrics{},
	}
	now := c.cfg.Clock.Now()
	for _, pod := range pods {
		if !Ready(pod) || len(pod.Spec.Containers) == 0 {
			continue
		}
		list.Items = append(list.Items, v1beta1.PodMetrics{
			ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name, Labels: pod.Labels, CreationTimestamp: metav1.NewTime(now)},
			Timestamp:  metav1.NewTime(now), Window: metav1.Duration{Duration: cpuWindow},
			Containers: []v1beta1.ContainerMetrics{{Name: pod.Spec.Containers[0].Name}},
		})
	}
	for i := range list.Items {
		milli := int64(c.cfg.Source.At(now) / float64(len(list.Items)))
		list.Items[i].Containers[0].Usage = corev1.ResourceList{
			corev1.ResourceCPU:    *resource.NewMilliQuantity(milli, resource.DecimalSI),
			corev1.ResourceMemory: resource.MustParse("32Mi"),
		}
	}
	return list
}
