package cluster

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// The kinds of others that are watched where the API server knows them.
var (
	rolloutKind       = schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: "Rollout"}
	scaledObjectKind  = schema.GroupVersionKind{Group: "keda.sh", Version: "v1alpha1", Kind: "ScaledObject"}
	authorizationKind = schema.GroupVersionKind{Group: "security.istio.io", Version: "v1", Kind: "AuthorizationPolicy"}
)

// served are those of them that the API server knows. One that is installed
// later is seen after the next start.
type served map[schema.GroupVersionKind]bool

func discover(m meta.RESTMapper) (served, error) {
	out := served{}
	for _, gvk := range []schema.GroupVersionKind{rolloutKind, scaledObjectKind, authorizationKind} {
		_, err := m.RESTMapping(gvk.GroupKind(), gvk.Version)
		switch {
		case err == nil:
			out[gvk] = true
		case !meta.IsNoMatchError(err):
			return nil, fmt.Errorf("ask the API server for %s: %w", gvk, err)
		}
	}
	return out, nil
}

func unstructuredOf(gvk schema.GroupVersionKind) *unstructured.Unstructured {
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(gvk)
	return u
}
