//go:build e2e && linux

package node

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foreshadow-dev/foreshadow/charts"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const (
	adapterEnv       = "FORESHADOW_E2E_ADAPTER"
	adapterNamespace = "foreshadow"
	// shadowsUser is the ServiceAccount that the chart gives the role.
	shadowsUser = "system:serviceaccount:" + adapterNamespace + ":foreshadow-shadows"
)

// installed are the kinds of the chart's objects that are applied; the role runs
// as a process.
var installed = []string{
	"CustomResourceDefinition", "ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding",
	"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding",
}

// startController runs the product's role that keeps shadows, with the rights
// that the chart gives it in the namespaces, until the test ends.
func (r *rig) startController(t *testing.T, namespaces ...string) {
	t.Helper()
	names := make([]any, 0, len(namespaces))
	var manifest strings.Builder
	for _, n := range append([]string{adapterNamespace}, namespaces...) {
		fmt.Fprintf(&manifest, "{apiVersion: v1, kind: Namespace, metadata: {name: %s}}\n---\n", n)
	}
	for _, n := range namespaces {
		names = append(names, n)
	}
	objects, err := charts.Render("../../charts/foreshadow", charts.Release{Name: "foreshadow", Namespace: adapterNamespace}, map[string]any{
		"prometheus": map[string]any{"url": "http://prometheus.invalid:9090"}, // nobody plays the metrics role
		"shadows": map[string]any{
			"enabled": true, "namespaces": names, "ownScale": true, "sidecarImage": sidecarImage, "max": 0, "maxPerNamespace": 0,
		},
	})
	require.NoError(t, err)
	var args []string
	applied := slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool {
		if o.GetKind() == "Deployment" && o.GetName() == "foreshadow-shadows" {
			args, err = charts.Arguments(o)
			require.NoError(t, err)
		}
		return !slices.Contains(installed, o.GetKind())
	})
	require.NotEmpty(t, args, "the chart has no Deployment foreshadow-shadows")
	chart, err := charts.Manifest(applied)
	require.NoError(t, err)
	require.NoError(t, r.Apply(t.Context(), manifest.String()+chart))
	kubeconfig, err := r.CreateUser(shadowsUser)
	require.NoError(t, err)
	ports, err := process.FreePorts(1)
	require.NoError(t, err)
	child, err := process.Start(process.Config{Name: "foreshadow-shadows", Path: os.Getenv(adapterEnv), LogDir: r.logs, Args: append(args,
		"--kubeconfig="+kubeconfig, fmt.Sprintf("--web.listen-address=%s:%d", process.Loopback, ports[0]), "--log.level=debug",
	)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, child.Stop(stopGrace)) })
}
