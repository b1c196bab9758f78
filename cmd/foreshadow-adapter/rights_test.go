package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/foreshadow-dev/foreshadow/charts"
)

// rights are the rules of the Roles and ClusterRoles of a manifest, by kind and
// namespace.
func rights(t *testing.T, path ...string) map[string][]rbacv1.PolicyRule {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
	require.NoError(t, err)
	return rightsOf(t, raw)
}

func rightsOf(t *testing.T, raw []byte) map[string][]rbacv1.PolicyRule {
	t.Helper()
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
	out := map[string][]rbacv1.PolicyRule{}
	for {
		var role rbacv1.Role
		err := decoder.Decode(&role)
		if errors.Is(err, io.EOF) {
			return out
		}
		require.NoError(t, err)
		if strings.HasSuffix(role.Kind, "Role") {
			key := role.Kind + " in " + role.Namespace
			out[key] = append(out[key], role.Rules...)
		}
	}
}

// What is granted is named, and no more than the roles need.
func TestRightsAreNarrow(t *testing.T) {
	for _, path := range [][]string{
		{"docs", "examples", "adapter.yaml"},
		{"docs", "examples", "custom-metrics.yaml"},
		{"docs", "examples", "shadows.yaml"},
	} {
		t.Run(path[len(path)-1], func(t *testing.T) {
			for where, rules := range rights(t, path...) {
				for _, rule := range rules {
					for _, list := range [][]string{rule.APIGroups, rule.Resources, rule.Verbs} {
						require.NotContains(t, list, "*", where)
					}
					for _, r := range rule.Resources {
						require.NotContains(t, []string{"secrets", "pods/exec", "pods/attach", "pods/portforward", "serviceaccounts/token"}, r, where)
					}
					for _, v := range rule.Verbs {
						require.NotContains(t, []string{"escalate", "bind", "impersonate", "deletecollection"}, v, where)
					}
				}
			}
		})
	}
}

// The role that answers autoscalers writes no pod, and the one that writes pods
// does so in single namespaces.
func TestRightsOfPods(t *testing.T) {
	pods := func(path ...string) (where []string) {
		for key, rules := range rights(t, path...) {
			if slices.ContainsFunc(rules, func(r rbacv1.PolicyRule) bool {
				return slices.ContainsFunc(r.Resources, func(s string) bool { return s == "pods" || strings.HasPrefix(s, "pods/") })
			}) {
				where = append(where, key)
			}
		}
		return where
	}
	require.Empty(t, pods("docs", "examples", "adapter.yaml"))
	require.Equal(t, []string{"Role in shop"}, pods("docs", "examples", "shadows.yaml"))
}

// The chart, which the end-to-end tests install, grants what the examples grant.
func TestTheChartGrantsWhatTheExamplesDo(t *testing.T) {
	objects, err := charts.Render("../../charts/foreshadow", charts.Release{Name: "foreshadow", Namespace: "foreshadow"}, map[string]any{
		"prometheus":    map[string]any{"url": "http://prometheus.monitoring:9090"},
		"customMetrics": map[string]any{"apiService": "Always"},
		"rbac":          map[string]any{"aggregate": false},
		"shadows": map[string]any{
			"enabled": true, "namespaces": []any{"shop"}, "ownScale": true, "argoRollouts": true, "keda": true, "istio": true,
		},
	})
	require.NoError(t, err)
	manifest, err := charts.Manifest(objects)
	require.NoError(t, err)
	want := map[string][]rbacv1.PolicyRule{}
	for _, file := range []string{"adapter.yaml", "custom-metrics.yaml", "shadows.yaml"} {
		for where, rules := range rights(t, "docs", "examples", file) {
			want[where] = append(want[where], rules...)
		}
	}
	byText := cmpopts.SortSlices(func(a, b rbacv1.PolicyRule) bool { return a.String() < b.String() })
	if diff := cmp.Diff(want, rightsOf(t, []byte(manifest)), byText); diff != "" {
		t.Errorf("rules of the chart (-examples +chart):\n%s", diff)
	}
}
