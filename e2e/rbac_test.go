//go:build e2e

package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	authorizationv1 "k8s.io/api/authorization/v1"
)

// adapterUser is the ServiceAccount that the chart gives the adapter.
const adapterUser = "system:serviceaccount:" + adapterNamespace + ":foreshadow-adapter"

// The adapter is given what it needs and no more, so that a mistake in it, or
// whoever takes it over, cannot reach the pods.
func TestAdapterPermissions(t *testing.T) {
	shared.install(t, "foreshadow-adapter", nil)
	for _, tc := range []struct {
		verb, resource, namespace string // a name behind the resource: of one object
		want                      bool
	}{
		{"watch", "shadowpools.foreshadow.dev", "", true},
		{"patch", "shadowpools.foreshadow.dev/status", "shop", true},
		{"create", "leases.coordination.k8s.io", "foreshadow", true},
		{"update", "leases.coordination.k8s.io foreshadow-adapter-metrics", "foreshadow", true},
		{"get", "leases.coordination.k8s.io foreshadow-adapter-shadows", "foreshadow", true},
		{"patch", "apiservices.apiregistration.k8s.io v1beta1.external.metrics.k8s.io", "", true},
		{"create", "subjectaccessreviews.authorization.k8s.io", "", true},
		{"patch", "shadowpools.foreshadow.dev", "shop", false},
		{"update", "leases.coordination.k8s.io", "kube-system", false},
		{"update", "leases.coordination.k8s.io foreshadow-adapter-shadows", "foreshadow", false}, // of the other role
		{"list", "pods", "shop", false},
		{"patch", "pods", "shop", false},
		{"delete", "pods", "shop", false},
		{"create", "pods/eviction", "shop", false},
		{"get", "secrets", "foreshadow", false},
		{"list", "configmaps", "", false},
		{"patch", "apiservices.apiregistration.k8s.io v1beta1.metrics.k8s.io", "", false},
		{"update", "deployments.apps/scale", "shop", false},
		{"impersonate", "users", "", false},
	} {
		t.Run(tc.verb+" "+strings.ReplaceAll(tc.resource, "/", ":")+" in "+tc.namespace, func(t *testing.T) {
			resource, name, _ := strings.Cut(tc.resource, " ")
			resource, sub, _ := strings.Cut(resource, "/")
			resource, group, _ := strings.Cut(resource, ".")
			review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User:   adapterUser,
				Groups: []string{"system:authenticated"},
				ResourceAttributes: &authorizationv1.ResourceAttributes{
					Verb: tc.verb, Group: group, Resource: resource, Subresource: sub, Namespace: tc.namespace, Name: name,
				},
			}}
			require.NoError(t, shared.Client.Create(t.Context(), review))
			require.Equal(t, tc.want, review.Status.Allowed, review.Status.Reason)
		})
	}
}
