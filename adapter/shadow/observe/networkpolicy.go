package observe

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const kindNetworkPolicy = "NetworkPolicy"

// networkGaps finds the NetworkPolicies that bound live pods and not shadows, or
// let live pods in and not shadows. Allowances add up, so a twin need only be
// there for the same direction of traffic, or for the same pods to be let in to.
func networkGaps(a *audience, all []*networkingv1.NetworkPolicy) (out []gap) {
	bounded := map[networkingv1.PolicyType]bool{}
	for _, p := range all {
		if s := compiled(&p.Spec.PodSelector); a.finds(s) {
			for _, t := range directions(p) {
				bounded[t] = true
			}
		}
	}
	for _, p := range all {
		to := compiled(&p.Spec.PodSelector)
		unbounded := slices.ContainsFunc(directions(p), func(t networkingv1.PolicyType) bool { return !bounded[t] })
		if unbounded && a.divides(to) {
			twin := a.boundTwin(p)
			out = append(out, gap{kindNetworkPolicy, p.Name, twin, twin.Name})
		}
		// Shadows need not reach each other: a policy that is for them alone may
		// shut them out.
		if rules := a.shut(p); len(rules) > 0 && !a.finds(to) && !a.letIn(&p.Spec.PodSelector, all) {
			twin := a.guestTwin(p, rules)
			out = append(out, gap{kindNetworkPolicy, p.Name, twin, twin.Name})
		}
	}
	return out
}

// compiled returns a selector; one that the API server would refuse selects
// nothing.
func compiled(selector *metav1.LabelSelector) labels.Selector {
	s, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return labels.Nothing()
	}
	return s
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

// shut are the rules of a policy that let live pods in and not shadows: without
// them a shadow does not reach what it needs to start.
func (a *audience) shut(p *networkingv1.NetworkPolicy) (out []networkingv1.NetworkPolicyIngressRule) {
	for _, r := range p.Spec.Ingress {
		lets := func(set labels.Set) bool {
			return slices.ContainsFunc(r.From, func(peer networkingv1.NetworkPolicyPeer) bool { return a.lets(&peer, set) })
		}
		if lets(a.live) && !lets(a.hidden) {
			out = append(out, r)
		}
	}
	return out
}

// lets says that a peer is a pod with these labels in the pool's namespace. Of
// the labels of the namespace only its name is known.
func (a *audience) lets(peer *networkingv1.NetworkPolicyPeer, set labels.Set) bool {
	if peer.IPBlock != nil {
		return false
	}
	if n := peer.NamespaceSelector; n != nil && !compiled(n).Matches(labels.Set{corev1.LabelMetadataName: a.namespace}) {
		return false
	}
	return peer.PodSelector == nil || compiled(peer.PodSelector).Matches(set)
}

// letIn says that some policy for the same pods lets shadows in by the label of
// the pool.
func (a *audience) letIn(to *metav1.LabelSelector, all []*networkingv1.NetworkPolicy) bool {
	for _, p := range all {
		if !equality.Semantic.DeepEqual(&p.Spec.PodSelector, to) {
			continue
		}
		for _, r := range p.Spec.Ingress {
			if slices.ContainsFunc(r.From, func(peer networkingv1.NetworkPolicyPeer) bool {
				return peer.PodSelector != nil && a.finds(compiled(peer.PodSelector)) && a.lets(&peer, a.hidden)
			}) {
				return true
			}
		}
	}
	return false
}

// boundTwin bounds shadows as a policy bounds live pods.
func (a *audience) boundTwin(p *networkingv1.NetworkPolicy) *networkingv1.NetworkPolicy {
	twin := a.network(p, "")
	twin.Spec = *p.Spec.DeepCopy()
	twin.Spec.PodSelector, twin.Spec.PolicyTypes = *a.selector(), directions(p)
	return twin
}

// guestTwin lets shadows in where some rules of a policy let live pods in.
func (a *audience) guestTwin(p *networkingv1.NetworkPolicy, rules []networkingv1.NetworkPolicyIngressRule) *networkingv1.NetworkPolicy {
	twin := a.network(p, "-in")
	twin.Spec.PodSelector = *p.Spec.PodSelector.DeepCopy()
	twin.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	for i := range rules {
		twin.Spec.Ingress = append(twin.Spec.Ingress, networkingv1.NetworkPolicyIngressRule{
			Ports: rules[i].DeepCopy().Ports, From: []networkingv1.NetworkPolicyPeer{{PodSelector: a.selector()}},
		})
	}
	return twin
}

func (a *audience) network(p *networkingv1.NetworkPolicy, suffix string) *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: networkingv1.SchemeGroupVersion.String(), Kind: kindNetworkPolicy},
		ObjectMeta: metav1.ObjectMeta{Namespace: a.namespace, Name: a.twinName(p.Name, suffix)},
	}
}

func (a *audience) selector() *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.PoolLabel: a.pool}}
}
