//go:build e2e

package e2e

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foreshadow-dev/foreshadow/charts"
)

// installed are the kinds of the chart's objects that a cluster without a kubelet
// for them, and without a network of its own, can have. The pods run as processes
// instead, and the tests say where the API server finds the metrics APIs.
var installed = []string{
	"CustomResourceDefinition", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding",
	"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
}

// namespaceOfTheChart is made by whoever installs it.
const namespaceOfTheChart = `
apiVersion: v1
kind: Namespace
metadata: {name: ` + adapterNamespace + `, labels: {pod-security.kubernetes.io/enforce: restricted}}
`

// install renders the chart, applies what it would be installed with, and returns
// the arguments that it gives the pods of a Deployment.
func (r *rig) install(t *testing.T, deployment string, values map[string]any) []string {
	t.Helper()
	all := map[string]any{
		"prometheus":    map[string]any{"url": "http://prometheus.invalid:9090"}, // the tests say where it is
		"customMetrics": map[string]any{"apiService": "Always"},
	}
	maps.Copy(all, values)
	objects, err := charts.Render("../charts/foreshadow", charts.Release{Name: "foreshadow", Namespace: adapterNamespace}, all)
	require.NoError(t, err)
	var args []string
	applied := slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool {
		if o.GetKind() == "Deployment" && o.GetName() == deployment {
			args, err = charts.Arguments(o)
			require.NoError(t, err)
		}
		return !slices.Contains(installed, o.GetKind())
	})
	require.NotEmpty(t, args, "the chart has no Deployment %s", deployment)
	manifest, err := charts.Manifest(applied)
	require.NoError(t, err)
	require.NoError(t, r.Apply(t.Context(), namespaceOfTheChart+manifest))
	return args
}
