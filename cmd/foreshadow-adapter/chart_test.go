package main

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/charts"
)

// The arguments that the chart writes are flags of this program, with values that
// they take.
func TestTheChartsArgumentsAreOurs(t *testing.T) {
	pool := map[string]any{
		"apiVersion": "foreshadow.dev/v1alpha1", "kind": "ShadowPool", "metadata": map[string]any{"name": "web", "namespace": "shop"},
		"spec": map[string]any{"scaleTargetRef": map[string]any{"name": "web"}, "load": map[string]any{"query": "sum(rate(http_requests_total[2m]))"}},
	}
	prometheus := map[string]any{"url": "http://prometheus:9090", "configSecret": "auth"}
	for name, values := range map[string]map[string]any{
		"cluster": {"prometheus": prometheus, "namespaces": []any{"shop"}, "shadows": map[string]any{
			"enabled": true, "namespaces": []any{"shop", "bank"}, "allowDrift": []any{"istio-proxy"}, "keepLabels": []any{"team"},
		}},
		"tenant":     {"prometheus": prometheus, "profile": "tenant", "pools": []any{pool}},
		"sources":    {"prometheus": prometheus, "sources": []any{map[string]any{"name": "long-term", "url": "http://thanos:10902", "namespaces": []any{"*"}}}},
		"kept loads": {"prometheus": prometheus, "keep": map[string]any{"enabled": true}},
		"KEDA": {"prometheus": prometheus, "keda": map[string]any{
			"enabled": true, "certificatesSecret": "keda", "clientNames": []any{"keda-operator", "spiffe://cluster/keda"},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := charts.Render("../../charts/foreshadow", charts.Release{Name: "foreshadow", Namespace: "foreshadow"}, values)
			require.NoError(t, err)
			n := 0
			for _, o := range objects {
				if o.GetKind() == "Deployment" || o.GetKind() == "StatefulSet" {
					n++
					args, err := charts.Arguments(o)
					require.NoError(t, err)
					parse(t, args)
				}
			}
			require.Positive(t, n)
		})
	}
}

func parse(t *testing.T, args []string) {
	t.Helper()
	root := newRootCommand(nil)
	root.RunE = func(*cobra.Command, []string) error { return nil }
	root.SetArgs(args)
	require.NoError(t, root.Execute(), strings.Join(args, " "))
}

// The chart's policy lets the controller read what sidecars say.
func TestTheChartLetsSidecarsBeRead(t *testing.T) {
	objects, err := charts.Render("../../charts/foreshadow", charts.Release{Name: "foreshadow", Namespace: "foreshadow"}, map[string]any{
		"prometheus": map[string]any{"url": "http://prometheus:9090"},
		"shadows":    map[string]any{"enabled": true, "namespaces": []any{"shop"}, "sidecarImage": "sidecar:1"},
	})
	require.NoError(t, err)
	for _, o := range objects {
		if o.GetKind() != "NetworkPolicy" || o.GetName() != "foreshadow-shadows" {
			continue
		}
		policy := &networkingv1.NetworkPolicy{}
		require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, policy))
		for _, rule := range policy.Spec.Egress {
			for _, port := range rule.Ports {
				if port.Port.IntValue() == observe.SidecarPort {
					return
				}
			}
		}
	}
	t.Fatalf("no policy allows port %d", observe.SidecarPort)
}
