package observe_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// network returns a policy for the pods of a selector that lets nothing in but
// what peers say.
func network(name string, of *metav1.LabelSelector, peers ...networkingv1.NetworkPolicyPeer) *networkingv1.NetworkPolicy {
	p := &networkingv1.NetworkPolicy{ObjectMeta: named(name), Spec: networkingv1.NetworkPolicySpec{
		PodSelector: *of, PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
	}}
	for _, peer := range peers {
		p.Spec.Ingress = append(p.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{From: []networkingv1.NetworkPolicyPeer{peer}})
	}
	return p
}

func pods(of *metav1.LabelSelector) networkingv1.NetworkPolicyPeer {
	return networkingv1.NetworkPolicyPeer{PodSelector: of}
}

// expression returns a selector that asks for one thing more.
func expression(s *metav1.LabelSelector, key string, op metav1.LabelSelectorOperator, values ...string) *metav1.LabelSelector {
	out := s.DeepCopy()
	out.MatchExpressions = append(out.MatchExpressions, metav1.LabelSelectorRequirement{Key: key, Operator: op, Values: values})
	return out
}

func typed(p *networkingv1.NetworkPolicy, types ...networkingv1.PolicyType) *networkingv1.NetworkPolicy {
	p.Spec.PolicyTypes = types
	return p
}

func authorization(name, action string, of map[string]any) *unstructured.Unstructured {
	spec := map[string]any{"rules": []any{map[string]any{}}}
	if of != nil {
		spec["selector"] = map[string]any{"matchLabels": of}
	}
	if action != "" {
		spec["action"] = action
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": map[string]any{"name": name, "namespace": "shop"}, "spec": spec,
	}}
}

func TestObservePolicyGaps(t *testing.T) {
	web, tier, pool := matching("app", "web"), matching("tier", "front"), matching(v1alpha1.PoolLabel, "web")
	const egress = networkingv1.PolicyTypeEgress
	namespace := func(key, value string) networkingv1.NetworkPolicyPeer {
		return networkingv1.NetworkPolicyPeer{PodSelector: web, NamespaceSelector: matching(key, value)}
	}
	shadows := map[string]any{v1alpha1.PoolLabel: "web"}
	tests := []struct {
		name     string
		networks []*networkingv1.NetworkPolicy
		meshes   []*unstructured.Unstructured
		want     string // who is named
	}{
		{"a policy by a label that is hidden", []*networkingv1.NetworkPolicy{network("web", web)}, nil, "NetworkPolicy web holds"},
		{"a policy by a label that stays", []*networkingv1.NetworkPolicy{network("front", tier)}, nil, ""},
		{"a policy for every pod", []*networkingv1.NetworkPolicy{network("all", &metav1.LabelSelector{})}, nil, ""},
		{"a policy for other pods", []*networkingv1.NetworkPolicy{network("api", matching("app", "api"))}, nil, ""},
		{"a policy with a twin", []*networkingv1.NetworkPolicy{network("web", web), network("twin", pool)}, nil, ""},
		{"a policy with the twin of another pool", []*networkingv1.NetworkPolicy{
			network("web", web), network("twin", matching(v1alpha1.PoolLabel, "api")),
		}, nil, "NetworkPolicy web holds"},
		{"a policy for all but another pool's shadows is no twin", []*networkingv1.NetworkPolicy{
			network("web", web), network("others", expression(&metav1.LabelSelector{}, v1alpha1.PoolLabel, metav1.LabelSelectorOpNotIn, "api")),
		}, nil, "NetworkPolicy web holds"},
		{"the twin bounds the other direction", []*networkingv1.NetworkPolicy{
			typed(network("web", web), egress), network("twin", pool),
		}, nil, "NetworkPolicy web holds"},
		{"without types it bounds what it has rules for", []*networkingv1.NetworkPolicy{
			{ObjectMeta: named("web"), Spec: networkingv1.NetworkPolicySpec{PodSelector: *web, Egress: []networkingv1.NetworkPolicyEgressRule{{}}}},
			network("twin", pool),
		}, nil, "NetworkPolicy web holds"},
		{"a selector that is broken selects nothing", []*networkingv1.NetworkPolicy{network("web", &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: "Like"}},
		})}, nil, ""},

		{"a database lets the live pods in", []*networkingv1.NetworkPolicy{network("db", matching("app", "db"), pods(web))}, nil, "NetworkPolicy db holds"},
		{"a database lets shadows in, too", []*networkingv1.NetworkPolicy{
			network("db", matching("app", "db"), pods(web)), network("twin", matching("app", "db"), pods(pool)),
		}, nil, ""},
		{"another database lets shadows in", []*networkingv1.NetworkPolicy{
			network("db", matching("app", "db"), pods(web)), network("twin", matching("app", "cache"), pods(pool)),
		}, nil, "NetworkPolicy db holds"},
		{"a database lets them in by a label that stays", []*networkingv1.NetworkPolicy{network("db", matching("app", "db"), pods(tier))}, nil, ""},
		{"a database lets everybody of the namespace in", []*networkingv1.NetworkPolicy{network("db", matching("app", "db"), pods(&metav1.LabelSelector{}))}, nil, ""},
		{"one rule lets in both", []*networkingv1.NetworkPolicy{{ObjectMeta: named("db"), Spec: networkingv1.NetworkPolicySpec{
			PodSelector: *matching("app", "db"), Ingress: []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{pods(web), pods(tier)}}},
		}}}, nil, ""},
		{"a rule without peers lets everybody in", []*networkingv1.NetworkPolicy{{ObjectMeta: named("db"), Spec: networkingv1.NetworkPolicySpec{
			PodSelector: *matching("app", "db"), Ingress: []networkingv1.NetworkPolicyIngressRule{{}},
		}}}, nil, ""},
		{"a database lets pods of this namespace in by its name", []*networkingv1.NetworkPolicy{
			network("db", matching("app", "db"), namespace("kubernetes.io/metadata.name", "shop")),
		}, nil, "NetworkPolicy db holds"},
		{"a database lets pods of another namespace in", []*networkingv1.NetworkPolicy{
			network("db", matching("app", "db"), namespace("kubernetes.io/metadata.name", "bank")),
		}, nil, ""},
		{"a database lets addresses in", []*networkingv1.NetworkPolicy{
			network("db", matching("app", "db"), networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: "10.0.0.0/8"}}),
		}, nil, ""},
		{"the pods talk to each other", []*networkingv1.NetworkPolicy{network("web", web, pods(web)), network("twin", pool, pods(web))}, nil, "NetworkPolicy web holds"},

		{"the mesh allows requests to live pods", nil, []*unstructured.Unstructured{authorization("web", "", map[string]any{"app": "web"})}, "AuthorizationPolicy web holds"},
		{"the mesh has a twin", nil, []*unstructured.Unstructured{
			authorization("web", "", map[string]any{"app": "web"}), authorization("twin", "ALLOW", shadows),
		}, ""},
		{"the twin does something else", nil, []*unstructured.Unstructured{
			authorization("web", "DENY", map[string]any{"app": "web"}), authorization("twin", "", shadows),
		}, "AuthorizationPolicy web holds"},
		{"the mesh goes by a label that stays", nil, []*unstructured.Unstructured{authorization("front", "", map[string]any{"tier": "front"})}, ""},
		{"the mesh holds for the namespace", nil, []*unstructured.Unstructured{authorization("all", "DENY", nil)}, ""},

		{
			"all are named, once each",
			[]*networkingv1.NetworkPolicy{network("web", web, pods(web)), network("db", matching("app", "db"), pods(web))},
			[]*unstructured.Unstructured{authorization("web", "", map[string]any{"app": "web"})},
			"AuthorizationPolicy web, NetworkPolicy db, NetworkPolicy web hold",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(2)
			s.NetworkPolicies, s.AuthorizationPolicies = tt.networks, tt.meshes
			got := observe.Observe(s.World).Refusals
			if tt.want == "" {
				require.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			require.Equal(t, v1alpha1.ConditionPolicyGap, got[0].Condition)
			require.Equal(t, observe.ReasonPolicyGap, got[0].Reason)
			require.Equal(t, tt.want+" for live pods and not for shadows, whose labels are hidden: apply twins that select foreshadow.dev/pool=web "+
				"(kubectl foreshadow create --print-policies prints them)", got[0].Message)

			// The twins are the remedy.
			for _, o := range observe.Twins(s.World) {
				switch o := o.(type) {
				case *networkingv1.NetworkPolicy:
					s.NetworkPolicies = append(s.NetworkPolicies, o)
				case *unstructured.Unstructured:
					s.AuthorizationPolicies = append(s.AuthorizationPolicies, o)
				default:
					t.Fatalf("a twin of type %T", o)
				}
			}
			require.Empty(t, observe.Observe(s.World).Refusals)
			require.Empty(t, observe.Twins(s.World))
		})
	}
}

func TestTwins(t *testing.T) {
	s := newScene(2)
	web := network("web", matching("app", "web"), pods(matching("app", "gateway")), pods(matching("app", "web")))
	web.Spec.Ingress[1].Ports = []networkingv1.NetworkPolicyPort{{}}
	web.Annotations = map[string]string{"owner": "team"}
	s.NetworkPolicies = []*networkingv1.NetworkPolicy{web}
	s.AuthorizationPolicies = []*unstructured.Unstructured{authorization("web", "DENY", map[string]any{"app": "web"})}

	if diff := cmp.Diff(strings.TrimLeft(`
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: web-web-shadow
  namespace: shop
spec:
  action: DENY
  rules:
  - {}
  selector:
    matchLabels:
      foreshadow.dev/pool: web
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web-web-shadow
  namespace: shop
spec:
  ingress:
  - from:
    - podSelector:
        matchLabels:
          app: gateway
  - from:
    - podSelector:
        matchLabels:
          app: web
    ports:
    - {}
  podSelector:
    matchLabels:
      foreshadow.dev/pool: web
  policyTypes:
  - Ingress
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web-web-shadow-in
  namespace: shop
spec:
  ingress:
  - from:
    - podSelector:
        matchLabels:
          foreshadow.dev/pool: web
    ports:
    - {}
  podSelector:
    matchLabels:
      app: web
  policyTypes:
  - Ingress
`, "\n"), manifests(t, observe.Twins(s.World))); diff != "" {
		t.Errorf("twins (-want +got):\n%s", diff)
	}
}

func manifests(t require.TestingT, objects []runtime.Object) string {
	var parts []string
	for _, o := range objects {
		raw, err := yaml.Marshal(o)
		require.NoError(t, err)
		parts = append(parts, string(raw))
	}
	return strings.Join(parts, "---\n")
}

func TestTwinsOfALongName(t *testing.T) {
	s := newScene(2)
	s.NetworkPolicies = []*networkingv1.NetworkPolicy{network(strings.Repeat("x", 253), matching("app", "web"))}
	twins := observe.Twins(s.World)
	require.Len(t, twins, 1)
	p, ok := twins[0].(*networkingv1.NetworkPolicy)
	require.True(t, ok)
	require.Len(t, p.Name, 253)
	require.True(t, strings.HasSuffix(p.Name, "-web-shadow"))
}
