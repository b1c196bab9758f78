package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The names under which the API server knows the ShadowPool.
const (
	Group    = "foreshadow.dev"
	Version  = "v1alpha1"
	Kind     = "ShadowPool"
	Resource = "shadowpools"
)

// GroupVersion returns the group and version of this package's types.
func GroupVersion() schema.GroupVersion {
	return schema.GroupVersion{Group: Group, Version: Version}
}

// GroupVersionKind returns the full name of the ShadowPool's kind.
func GroupVersionKind() schema.GroupVersionKind {
	return GroupVersion().WithKind(Kind)
}

// AddToScheme makes the types of this package known to a scheme.
func AddToScheme(s *runtime.Scheme) error {
	s.AddKnownTypes(GroupVersion(), &ShadowPool{}, &ShadowPoolList{})
	metav1.AddToGroupVersion(s, GroupVersion())
	return nil
}
