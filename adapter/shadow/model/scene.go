package model

import (
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// AppLabel is the label by which the workloads of NewDeployment are selected.
const AppLabel = "app"

// NewDeployment returns a Deployment of a web server.
func NewDeployment(namespace, name string, replicas int32) *appsv1.Deployment {
	labels := map[string]string{AppLabel: name}
	return &appsv1.Deployment{
		ObjectMeta: named(namespace, name),
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{AppLabel: name, "tier": "front"}},
				Spec: corev1.PodSpec{
					Containers: []corev1.Container{{
						Name: "web", Image: "example.org/web:1",
						Resources: corev1.ResourceRequirements{
							Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("500m"), corev1.ResourceMemory: resource.MustParse("256Mi")},
							Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")},
						},
					}},
					TerminationGracePeriodSeconds: new(int64(5)),
				},
			},
			Strategy: appsv1.DeploymentStrategy{
				Type:          appsv1.RollingUpdateDeploymentStrategyType,
				RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: new(intstr.FromString("25%")), MaxUnavailable: new(intstr.FromInt32(0))},
			},
		},
	}
}

// NewService returns a Service that selects the pods of NewDeployment.
func NewService(namespace, name string, selector map[string]string) *corev1.Service {
	return &corev1.Service{ObjectMeta: named(namespace, name), Spec: corev1.ServiceSpec{Selector: selector}}
}

// NewBudget returns a disruption budget.
func NewBudget(namespace, name string, selector map[string]string, maxUnavailable int32) *policyv1.PodDisruptionBudget {
	return &policyv1.PodDisruptionBudget{ObjectMeta: named(namespace, name), Spec: policyv1.PodDisruptionBudgetSpec{
		Selector: &metav1.LabelSelector{MatchLabels: selector}, MaxUnavailable: new(intstr.FromInt32(maxUnavailable)),
	}}
}

// NewQuota returns a quota of so many pods.
func NewQuota(namespace string, pods int64) *corev1.ResourceQuota {
	return &corev1.ResourceQuota{ObjectMeta: named(namespace, "team"), Spec: corev1.ResourceQuotaSpec{
		Hard: corev1.ResourceList{corev1.ResourcePods: *resource.NewQuantity(pods, resource.DecimalSI)},
	}}
}

// NewPool returns an active pool on a Deployment, with its defaults.
func NewPool(namespace, name, deployment string, percentage, most int32) *v1alpha1.ShadowPool {
	p := &v1alpha1.ShadowPool{
		ObjectMeta: named(namespace, name),
		Spec: v1alpha1.ShadowPoolSpec{
			ScaleTargetRef: v1alpha1.ScaleTargetRef{Name: deployment},
			Mode:           v1alpha1.ModeActive, BackgroundWork: v1alpha1.BackgroundWorkNone,
			ShadowPercentage: &percentage, MaxShadows: &most,
			Load: v1alpha1.Load{Query: "sum(rate(requests_total[2m]))"},
		},
	}
	p.Default()
	return p
}

// NewAutoscaler returns an HPA on the predicted capacity of a Deployment's pool,
// without tolerance.
func NewAutoscaler(namespace, deployment string, most int32) *autoscalingv2.HorizontalPodAutoscaler {
	exact := &autoscalingv2.HPAScalingRules{Tolerance: resource.NewQuantity(0, resource.DecimalSI)}
	one := resource.MustParse("1")
	return &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: named(namespace, deployment), Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
		ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: string(Deployment), Name: deployment},
		MinReplicas:    new(int32(1)), MaxReplicas: most,
		Behavior: &autoscalingv2.HorizontalPodAutoscalerBehavior{ScaleUp: exact, ScaleDown: exact},
		Metrics: []autoscalingv2.MetricSpec{{Type: autoscalingv2.ExternalMetricSourceType, External: &autoscalingv2.ExternalMetricSource{
			Metric: autoscalingv2.MetricIdentifier{Name: "foreshadow_predicted_capacity_replicas", Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"pool": deployment}}},
			Target: autoscalingv2.MetricTarget{Type: autoscalingv2.AverageValueMetricType, AverageValue: &one},
		}}},
	}}
}
