package observe_test

import (
	"fmt"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// BenchmarkObserve looks at a workload a tenth of whose pods are shadows, in a
// namespace of a hundred Services. It runs with every event.
func BenchmarkObserve(b *testing.B) {
	for _, pods := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("pods=%d", pods), func(b *testing.B) {
			w := crowd(pods)
			b.ReportAllocs()
			for b.Loop() {
				observe.Observe(w)
			}
		})
	}
}

// crowd returns a world of so many pods.
func crowd(pods int) observe.World {
	pool, d := shadowtest.Pool(), shadowtest.Deployment(int32(pods))
	rs := shadowtest.ReplicaSet(d)
	w := observe.World{
		Pool: pool, Deployment: d, ReplicaSets: []*appsv1.ReplicaSet{rs}, InstallationRoom: -1, NamespaceRoom: -1,
		Now: shadowtest.Start().Add(time.Minute), MetricsAlive: true, Epoch: 1,
		Nodes: map[string]*metav1.PartialObjectMetadata{shadowtest.Node: {ObjectMeta: metav1.ObjectMeta{
			Name: shadowtest.Node, Labels: map[string]string{corev1.LabelTopologyZone: "zone-a"},
		}}},
	}
	for i := range pods {
		if i%10 == 0 {
			w.Pods = append(w.Pods, shadowtest.Shadow(pool, rs, fmt.Sprint("s", i), v1alpha1.ShadowReady))
			continue
		}
		w.Pods = append(w.Pods, shadowtest.Pod(rs, fmt.Sprint("p", i)))
	}
	for i := range 100 {
		w.Services = append(w.Services, &corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: shadowtest.Namespace, Name: fmt.Sprint("svc-", i)},
			Spec:       corev1.ServiceSpec{Selector: map[string]string{shadowtest.AppLabel: fmt.Sprint("app-", i)}},
		})
	}
	w.Services[0].Spec.Selector[shadowtest.AppLabel] = shadowtest.Name
	w.PodDisruptionBudgets = []*policyv1.PodDisruptionBudget{{
		ObjectMeta: metav1.ObjectMeta{Namespace: shadowtest.Namespace, Name: shadowtest.Name},
		Spec:       policyv1.PodDisruptionBudgetSpec{Selector: &metav1.LabelSelector{MatchLabels: map[string]string{shadowtest.AppLabel: shadowtest.Name}}},
	}}
	return w
}
