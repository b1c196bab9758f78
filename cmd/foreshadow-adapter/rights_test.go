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
	"github.com/stretchr/testify/require"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// rights are the rules of the Roles and ClusterRoles of a manifest, by kind and
// namespace.
func rights(t *testing.T, path ...string) map[string][]rbacv1.PolicyRule {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(append([]string{"..", ".."}, path...)...))
	require.NoError(t, err)
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
			key := role.Kind + " in " + strings.ReplaceAll(role.Namespace, "NAMESPACE", "shop")
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
		{"e2e", "testdata", "adapter-rbac.yaml"},
		{"e2e", "testdata", "shadows-rbac.yaml"},
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

// The end-to-end tests run the role with the rights that the example gives it.
func TestRightsOfTheTests(t *testing.T) {
	sorted := func(all map[string][]rbacv1.PolicyRule) map[string][]rbacv1.PolicyRule {
		for _, rules := range all {
			slices.SortFunc(rules, func(a, b rbacv1.PolicyRule) int { return strings.Compare(a.String(), b.String()) })
		}
		return all
	}
	want := sorted(rights(t, "docs", "examples", "shadows.yaml"))
	got := sorted(rights(t, "e2e", "testdata", "shadows-rbac.yaml"))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules of the tests (-example +tests):\n%s", diff)
	}
}
