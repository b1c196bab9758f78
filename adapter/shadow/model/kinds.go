package model

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Kind names a kind of objects that the model stores.
type Kind string

// The kinds.
const (
	Pod           Kind = "Pod"
	ReplicaSet    Kind = "ReplicaSet"
	Deployment    Kind = "Deployment"
	Pool          Kind = v1alpha1.Kind
	Service       Kind = "Service"
	Slice         Kind = "EndpointSlice"
	Budget        Kind = "PodDisruptionBudget"
	Autoscaler    Kind = "HorizontalPodAutoscaler"
	Quota         Kind = "ResourceQuota"
	Node          Kind = "Node"
	noKind        Kind = ""
	allNamespaces      = ""
)

// Kinds lists them all, owners before what they own.
func Kinds() []Kind {
	return []Kind{Node, Quota, Pool, Deployment, ReplicaSet, Pod, Service, Slice, Budget, Autoscaler}
}

// kindOf returns the kind of an object; noKind if the model has no such.
func kindOf(o client.Object) Kind {
	switch o.(type) {
	case *corev1.Pod:
		return Pod
	case *appsv1.ReplicaSet:
		return ReplicaSet
	case *appsv1.Deployment:
		return Deployment
	case *v1alpha1.ShadowPool:
		return Pool
	case *corev1.Service:
		return Service
	case *discoveryv1.EndpointSlice:
		return Slice
	case *policyv1.PodDisruptionBudget:
		return Budget
	case *autoscalingv2.HorizontalPodAutoscaler:
		return Autoscaler
	case *corev1.ResourceQuota:
		return Quota
	case *corev1.Node:
		return Node
	case *metav1.PartialObjectMetadata:
		return Kind(o.GetObjectKind().GroupVersionKind().Kind)
	default:
		return Kind(o.GetObjectKind().GroupVersionKind().Kind)
	}
}

// newObject returns an empty object of a kind.
func newObject(k Kind) client.Object {
	switch k {
	case Pod:
		return &corev1.Pod{}
	case ReplicaSet:
		return &appsv1.ReplicaSet{}
	case Deployment:
		return &appsv1.Deployment{}
	case Pool:
		return &v1alpha1.ShadowPool{}
	case Service:
		return &corev1.Service{}
	case Slice:
		return &discoveryv1.EndpointSlice{}
	case Budget:
		return &policyv1.PodDisruptionBudget{}
	case Autoscaler:
		return &autoscalingv2.HorizontalPodAutoscaler{}
	case Quota:
		return &corev1.ResourceQuota{}
	case Node:
		return &corev1.Node{}
	case noKind:
	}
	panic(fmt.Sprintf("model: no kind %q", k))
}

// gvk returns the full name of a kind.
func (k Kind) gvk() schema.GroupVersionKind {
	group, version := "", "v1"
	switch k {
	case ReplicaSet, Deployment:
		group = "apps"
	case Pool:
		group, version = v1alpha1.Group, v1alpha1.Version
	case Slice:
		group = "discovery.k8s.io"
	case Budget:
		group = "policy"
	case Autoscaler:
		group, version = "autoscaling", "v2"
	case Pod, Service, Quota, Node, noKind:
	}
	return schema.GroupVersionKind{Group: group, Version: version, Kind: string(k)}
}

// resource returns the name of the kind in errors.
func (k Kind) resource() schema.GroupResource {
	return schema.GroupResource{Group: k.gvk().Group, Resource: strings.ToLower(string(k)) + "s"}
}

// KindOf returns the name of an object's kind.
func KindOf(o client.Object) string { return string(kindOf(o)) }
