package model

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metavalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// The subresources.
const (
	status  = "status"
	resize  = "resize"
	scaling = "scale"
	binding = "binding" // for the scheduler alone
)

func secondsOf(n int64) time.Duration { return time.Duration(n) * time.Second }

// validateMeta checks what all objects have in common.
func validateMeta(o client.Object) field.ErrorList {
	at := field.NewPath("metadata")
	errs := metavalidation.ValidateOwnerReferences(o.GetOwnerReferences(), at.Child("ownerReferences"))
	return append(errs, metavalidation.ValidateAnnotations(o.GetAnnotations(), at.Child("annotations"))...)
}

func uidChanged(uid types.UID) field.ErrorList {
	return field.ErrorList{field.Invalid(field.NewPath("metadata", "uid"), uid, "field is immutable")}
}

// dropStatus takes away what a client may not say when it creates an object.
func dropStatus(o client.Object) {
	switch o := o.(type) {
	case *appsv1.ReplicaSet:
		o.Status = appsv1.ReplicaSetStatus{}
	case *appsv1.Deployment:
		o.Status = appsv1.DeploymentStatus{}
	case *v1alpha1.ShadowPool:
		o.Status = v1alpha1.ShadowPoolStatus{}
	case *policyv1.PodDisruptionBudget:
		o.Status = policyv1.PodDisruptionBudgetStatus{}
	case *autoscalingv2.HorizontalPodAutoscaler:
		o.Status = autoscalingv2.HorizontalPodAutoscalerStatus{}
	}
}

// restrict takes of a new version what the subresource may change.
func restrict(subresource string, old, o client.Object) field.ErrorList {
	if p, ok := o.(*corev1.Pod); ok {
		return restrictPod(subresource, old.(*corev1.Pod), p) //nolint:forcetypeassert // the store keeps one type for each kind
	}
	if subresource != "" {
		o.SetLabels(old.GetLabels())
		o.SetAnnotations(old.GetAnnotations())
		o.SetOwnerReferences(old.GetOwnerReferences())
		o.SetFinalizers(old.GetFinalizers())
	}
	switch o := o.(type) {
	case *appsv1.ReplicaSet:
		was := old.(*appsv1.ReplicaSet) //nolint:forcetypeassert // as above
		part(subresource, &was.Spec, &o.Spec, &was.Status, &o.Status)
		if subresource == scaling {
			keepAllBut(&was.Spec, &o.Spec, &o.Spec.Replicas)
		}
	case *appsv1.Deployment:
		was := old.(*appsv1.Deployment) //nolint:forcetypeassert // as above
		part(subresource, &was.Spec, &o.Spec, &was.Status, &o.Status)
		if subresource == scaling {
			keepAllBut(&was.Spec, &o.Spec, &o.Spec.Replicas)
		}
	case *v1alpha1.ShadowPool:
		was := old.(*v1alpha1.ShadowPool) //nolint:forcetypeassert // as above
		part(subresource, &was.Spec, &o.Spec, &was.Status, &o.Status)
		if subresource == scaling {
			keepAllBut(&was.Spec, &o.Spec, &o.Spec.Replicas)
		}
	case *autoscalingv2.HorizontalPodAutoscaler:
		was := old.(*autoscalingv2.HorizontalPodAutoscaler) //nolint:forcetypeassert // as above
		part(subresource, &was.Spec, &o.Spec, &was.Status, &o.Status)
	}
	return nil
}

// part keeps the half of an object that the request does not reach.
func part[Spec, Status any](subresource string, oldSpec, spec *Spec, oldStatus, now *Status) {
	if subresource == status {
		*spec = *oldSpec
	} else {
		*now = *oldStatus
	}
}

// keepAllBut restores a spec except for its replicas.
func keepAllBut[Spec any](old, spec *Spec, replicas **int32) {
	n := *replicas
	*spec = *old
	*replicas = n
}

// restrictPod is restrict for pods, whose spec nobody may change but for a few
// fields.
func restrictPod(subresource string, old, p *corev1.Pod) field.ErrorList {
	if subresource != status {
		p.Status = *old.Status.DeepCopy()
	}
	switch subresource {
	case status:
		p.Spec, p.OwnerReferences = old.Spec, old.OwnerReferences
		return nil
	case binding:
		return nil
	case resize:
		return restrictResize(old, p)
	}
	was := old.Spec.DeepCopy()
	if len(p.Spec.SchedulingGates) < len(was.SchedulingGates) {
		was.SchedulingGates = p.Spec.SchedulingGates
	}
	if !equality.Semantic.DeepEqual(*was, p.Spec) {
		return field.ErrorList{field.Forbidden(field.NewPath("spec"), "pod updates may not change fields other than its image")}
	}
	return nil
}

// restrictResize takes the resources of a new version, if the pod's class of
// service stays.
func restrictResize(old, p *corev1.Pod) field.ErrorList {
	meta, containers := old.ObjectMeta.DeepCopy(), p.Spec.Containers
	p.ObjectMeta, p.Spec = *meta, *old.Spec.DeepCopy()
	for i := range p.Spec.Containers {
		if i < len(containers) {
			p.Spec.Containers[i].Resources = containers[i].Resources
		}
	}
	if qos(old) != qos(p) {
		return field.ErrorList{field.Invalid(field.NewPath("spec"), qos(p), "Pod QOS Class may not change as a result of resizing")}
	}
	return nil
}

// qos returns the class of service that a pod's resources give it.
func qos(p *corev1.Pod) corev1.PodQOSClass {
	guaranteed, some := true, false
	for _, c := range p.Spec.Containers {
		for _, r := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			limit, limited := c.Resources.Limits[r]
			request, requested := c.Resources.Requests[r]
			some = some || limited || requested
			if !limited || requested && request.Cmp(limit) != 0 {
				guaranteed = false
			}
		}
	}
	switch {
	case !some:
		return corev1.PodQOSBestEffort
	case guaranteed:
		return corev1.PodQOSGuaranteed
	default:
		return corev1.PodQOSBurstable
	}
}

// same says that a write changes nothing. Most change a status: it is compared
// first, for the rest is the longer part.
func same(old, o client.Object) bool {
	if was, ok := old.(*corev1.Pod); ok {
		if is, ok := o.(*corev1.Pod); ok && !equality.Semantic.DeepEqual(&was.Status, &is.Status) {
			return false
		}
	}
	return equality.Semantic.DeepEqual(old, o)
}

// sameSpec says that a new version asks for nothing new, so that its generation
// stays.
func sameSpec(old, o client.Object) bool {
	return equality.Semantic.DeepEqual(specOf(old), specOf(o))
}

func specOf(o client.Object) any {
	switch o := o.(type) {
	case *corev1.Pod:
		return o.Spec
	case *appsv1.ReplicaSet:
		return o.Spec
	case *appsv1.Deployment:
		return o.Spec
	case *v1alpha1.ShadowPool:
		return o.Spec
	case *policyv1.PodDisruptionBudget:
		return o.Spec
	case *autoscalingv2.HorizontalPodAutoscaler:
		return o.Spec
	case *discoveryv1.EndpointSlice:
		return o.Endpoints
	default:
		return nil
	}
}
