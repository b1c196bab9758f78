package observe

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const kindAuthorizationPolicy = "AuthorizationPolicy"

// authorizationGaps finds Istio's AuthorizationPolicies that hold for live pods
// and not for shadows. A twin has the same action: what one allows another one
// does not deny.
func authorizationGaps(a *audience, all []*unstructured.Unstructured) (out []gap) {
	twinned := map[string]bool{}
	for _, p := range all {
		if wanted := authorized(p); wanted[v1alpha1.PoolLabel] == a.pool && bears(a.hidden, wanted) {
			twinned[authorization(p)] = true
		}
	}
	for _, p := range all {
		wanted := authorized(p)
		if len(wanted) == 0 || !bears(a.live, wanted) || bears(a.hidden, wanted) || twinned[authorization(p)] {
			continue
		}
		twin := a.authorizationTwin(p)
		out = append(out, gap{kindAuthorizationPolicy, p.GetName(), twin, twin.GetName()})
	}
	return out
}

// authorized are the labels of the pods that a policy is for. Without any it is
// for the whole namespace, or for gateways: shadows are no exception then.
func authorized(p *unstructured.Unstructured) map[string]string {
	out, _, err := unstructured.NestedStringMap(p.Object, "spec", "selector", "matchLabels")
	if err != nil {
		return nil
	}
	return out
}

// authorization is what a policy does with the requests that it names.
func authorization(p *unstructured.Unstructured) string {
	action, _, err := unstructured.NestedString(p.Object, "spec", "action")
	if err != nil || action == "" {
		return "ALLOW"
	}
	return action
}

func (a *audience) authorizationTwin(p *unstructured.Unstructured) *unstructured.Unstructured {
	spec := map[string]any{}
	if was, ok, err := unstructured.NestedMap(p.Object, "spec"); ok && err == nil { // a copy
		maps.Copy(spec, was)
	}
	spec["selector"] = map[string]any{"matchLabels": map[string]any{v1alpha1.PoolLabel: a.pool}}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": p.GetAPIVersion(), "kind": kindAuthorizationPolicy,
		"metadata": map[string]any{"namespace": a.namespace, "name": a.twinName(p.GetName(), "")},
		"spec":     spec,
	}}
}
