package observe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// kindNetworkPolicy and kindAuthorizationPolicy are the policies that are known.
const (
	kindNetworkPolicy       = "NetworkPolicy"
	kindAuthorizationPolicy = "AuthorizationPolicy"
)

// gap is a policy that holds for the live pods of a template and not for its
// shadows, and that has no twin.
type gap struct {
	kind, name string
	twin       runtime.Object
}

// refusedPolicies refuses shadows that would stand outside the rules of the live
// pods.
func refusedPolicies(v *View, rs *appsv1.ReplicaSet) []shadow.Reason {
	gaps := v.gaps(rs)
	if len(gaps) == 0 {
		return nil
	}
	names := make([]string, len(gaps))
	for i, g := range gaps {
		names[i] = g.kind + " " + g.name
	}
	holds := "holds"
	if len(names) > 1 {
		holds = "hold"
	}
	return []shadow.Reason{{Condition: v1alpha1.ConditionPolicyGap, Reason: ReasonPolicyGap, Message: fmt.Sprintf(
		"%s %s for live pods and not for shadows, whose labels are hidden: apply the twins that select %s=%s (kubectl foreshadow create --print-policies prints them)",
		clip(strings.Join(names, ", ")), holds, v1alpha1.PoolLabel, v.w.Pool.Name)}}
}

// Twins returns the policies that shadows of the pool lack: copies of those that
// hold for the live pods only, that select the pool's label. After its activation
// a pod is under both.
func Twins(w World) []runtime.Object {
	v := NewView(w)
	var out []runtime.Object
	seen := map[string]bool{}
	for _, rs := range v.targets() {
		for _, g := range v.gaps(rs) {
			if key := g.kind + "/" + g.name; !seen[key] {
				seen[key] = true
				out = append(out, g.twin)
			}
		}
	}
	return out
}

// gaps finds the policies that hold for the live pods of a template only.
func (v *View) gaps(rs *appsv1.ReplicaSet) []gap {
	if len(v.w.NetworkPolicies)+len(v.w.AuthorizationPolicies) == 0 {
		return nil
	}
	keys, _ := v.Hide(rs)
	live := labels.Set(v.liveLabels(&rs.Spec.Template))
	hidden := labels.Set(v.with(rs.Spec.Template.Labels, v1alpha1.ShadowCreating))
	for _, k := range keys {
		delete(hidden, k)
	}
	out := append(v.networkGaps(live, hidden), v.authorizationGaps(live, hidden)...)
	slices.SortFunc(out, func(a, b gap) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name)) })
	return out
}

func (v *View) networkGaps(live, hidden labels.Set) (out []gap) {
	type compiled struct {
		policy *networkingv1.NetworkPolicy
		labels.Selector
	}
	var all []compiled
	twinned := map[networkingv1.PolicyType]bool{}
	for _, p := range v.w.NetworkPolicies {
		s, err := metav1.LabelSelectorAsSelector(&p.Spec.PodSelector)
		if err != nil {
			continue // the API server would not have it
		}
		all = append(all, compiled{p, s})
		if asks(s, v1alpha1.PoolLabel) && s.Matches(hidden) {
			for _, t := range directions(p) {
				twinned[t] = true
			}
		}
	}
	for _, c := range all {
		if !c.Matches(live) || c.Matches(hidden) {
			continue
		}
		if slices.ContainsFunc(directions(c.policy), func(t networkingv1.PolicyType) bool { return !twinned[t] }) {
			out = append(out, gap{kindNetworkPolicy, c.policy.Name, v.networkTwin(c.policy)})
		}
	}
	return out
}

// directions are the kinds of traffic that a policy bounds.
func directions(p *networkingv1.NetworkPolicy) []networkingv1.PolicyType {
	if len(p.Spec.PolicyTypes) > 0 {
		return p.Spec.PolicyTypes
	}
	if len(p.Spec.Egress) > 0 {
		return []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	}
	return []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
}

// asks says that a selector asks for a key to be there.
func asks(s labels.Selector, key string) bool {
	all, _ := s.Requirements()
	return slices.ContainsFunc(all, func(r labels.Requirement) bool { return r.Key() == key && !r.Matches(labels.Set{}) })
}

func (v *View) networkTwin(p *networkingv1.NetworkPolicy) *networkingv1.NetworkPolicy {
	twin := &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: kindNetworkPolicy},
		ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: v.twinName(p.Name)},
		Spec:       *p.Spec.DeepCopy(),
	}
	twin.Spec.PodSelector = metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.PoolLabel: v.w.Pool.Name}}
	twin.Spec.PolicyTypes = directions(p)
	return twin
}

// nameMost is how long a name may be.
const nameMost = 253

func (v *View) twinName(of string) string {
	end := "-" + v1alpha1.ShadowServiceName(v.w.Pool.Name)
	return strings.TrimRight(of[:min(len(of), nameMost-len(end))], "-.") + end
}

func (v *View) authorizationGaps(live, hidden labels.Set) (out []gap) {
	twinned := map[string]bool{}
	for _, p := range v.w.AuthorizationPolicies {
		if wanted := authorized(p); wanted[v1alpha1.PoolLabel] != "" && bears(hidden, wanted) {
			twinned[authorization(p)] = true
		}
	}
	for _, p := range v.w.AuthorizationPolicies {
		wanted := authorized(p)
		if len(wanted) > 0 && bears(live, wanted) && !bears(hidden, wanted) && !twinned[authorization(p)] {
			out = append(out, gap{kindAuthorizationPolicy, p.GetName(), v.authorizationTwin(p)})
		}
	}
	return out
}

// authorized are the labels of the pods that an Istio AuthorizationPolicy is for.
// Without any it is for the whole namespace, or for gateways: shadows are no
// exception then.
func authorized(p *unstructured.Unstructured) map[string]string {
	out, _, err := unstructured.NestedStringMap(p.Object, "spec", "selector", "matchLabels")
	if err != nil {
		return nil
	}
	return out
}

// authorization is what an AuthorizationPolicy does with the requests that it
// names.
func authorization(p *unstructured.Unstructured) string {
	action, found, err := unstructured.NestedString(p.Object, "spec", "action")
	if !found || err != nil || action == "" {
		return "ALLOW"
	}
	return action
}

func (v *View) authorizationTwin(p *unstructured.Unstructured) *unstructured.Unstructured {
	spec, _, err := unstructured.NestedMap(p.Object, "spec") // a copy
	if err != nil || spec == nil {
		spec = map[string]any{}
	}
	spec["selector"] = map[string]any{"matchLabels": map[string]any{v1alpha1.PoolLabel: v.w.Pool.Name}}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": p.GetAPIVersion(), "kind": kindAuthorizationPolicy,
		"metadata": map[string]any{"namespace": p.GetNamespace(), "name": v.twinName(p.GetName())},
		"spec":     spec,
	}}
}
