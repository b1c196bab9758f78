package shadowtest

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Names that all objects share.
const (
	// Namespace is that of all objects, Name that of the pool, the Deployment,
	// its container and the value of its label AppLabel.
	Namespace = "shop"
	Name      = "web"
	// AppLabel is the label by which the workload is selected; TierLabel is
	// another one of the template.
	AppLabel  = "app"
	TierLabel = "tier"
)

// Start is when all objects were made, unless a test says otherwise.
func Start() time.Time { return time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC) }

// Pool returns an active pool of the Deployment, with its defaults.
func Pool(alter ...func(*v1alpha1.ShadowPool)) *v1alpha1.ShadowPool {
	p := &v1alpha1.ShadowPool{
		ObjectMeta: meta(Name, "pool-uid"),
		Spec: v1alpha1.ShadowPoolSpec{
			ScaleTargetRef: v1alpha1.ScaleTargetRef{Name: Name},
			Mode:           v1alpha1.ModeActive, BackgroundWork: v1alpha1.BackgroundWorkNone,
			Load: v1alpha1.Load{Query: "sum(rate(requests_total[2m]))", CapacityPerReplica: new(v1alpha1.Decimal("100"))},
		},
	}
	apply(p, alter)
	p.Default()
	return p
}

// Deployment returns a settled Deployment of so many replicas.
func Deployment(replicas int32, alter ...func(*appsv1.Deployment)) *appsv1.Deployment {
	d := &appsv1.Deployment{
		ObjectMeta: meta(Name, "deployment-uid"),
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: map[string]string{AppLabel: Name}},
			Template: template(),
			Strategy: appsv1.DeploymentStrategy{
				Type:          appsv1.RollingUpdateDeploymentStrategyType,
				RollingUpdate: &appsv1.RollingUpdateDeployment{MaxSurge: new(intstr.FromString("25%")), MaxUnavailable: new(intstr.FromString("25%"))},
			},
		},
		Status: appsv1.DeploymentStatus{
			ObservedGeneration: 1, Replicas: replicas, UpdatedReplicas: replicas, ReadyReplicas: replicas, AvailableReplicas: replicas,
		},
	}
	apply(d, alter)
	return d
}

// ReplicaSet returns the ReplicaSet of a Deployment's template as it is, of
// revision 1, with the Deployment's replicas.
func ReplicaSet(d *appsv1.Deployment, alter ...func(*appsv1.ReplicaSet)) *appsv1.ReplicaSet {
	t := *d.Spec.Template.DeepCopy()
	hash := hashOf(t)
	t.Labels[appsv1.DefaultDeploymentUniqueLabelKey] = hash
	selector := d.Spec.Selector.DeepCopy()
	if selector.MatchLabels == nil {
		selector.MatchLabels = map[string]string{}
	}
	selector.MatchLabels[appsv1.DefaultDeploymentUniqueLabelKey] = hash
	rs := &appsv1.ReplicaSet{
		ObjectMeta: meta(d.Name+"-"+hash, types.UID("rs-"+hash)),
		Spec:       appsv1.ReplicaSetSpec{Replicas: new(*d.Spec.Replicas), Selector: selector, Template: t},
		Status:     appsv1.ReplicaSetStatus{ObservedGeneration: 1, Replicas: *d.Spec.Replicas},
	}
	rs.Annotations["deployment.kubernetes.io/revision"] = "1"
	rs.Labels = t.DeepCopy().Labels
	rs.OwnerReferences = []metav1.OwnerReference{*metav1.NewControllerRef(d, appsv1.SchemeGroupVersion.WithKind("Deployment"))}
	apply(rs, alter)
	return rs
}

func meta(name string, uid types.UID) metav1.ObjectMeta {
	return metav1.ObjectMeta{
		Namespace: Namespace, Name: name, UID: uid, ResourceVersion: "1", Generation: 1,
		CreationTimestamp: metav1.NewTime(Start()), Annotations: map[string]string{},
	}
}

func template() corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{
		ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{AppLabel: Name, TierLabel: "front"}},
		Spec: corev1.PodSpec{
			Containers: []corev1.Container{{
				Name: Name, Image: "example.org/web:1",
				Ports: []corev1.ContainerPort{{ContainerPort: 8080, Protocol: corev1.ProtocolTCP}},
				Resources: corev1.ResourceRequirements{
					Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("500m"), corev1.ResourceMemory: resource.MustParse("256Mi")},
					Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("256Mi")},
				},
			}},
		},
	}
}

func apply[T any](object T, alter []func(T)) {
	for _, f := range alter {
		f(object)
	}
}
