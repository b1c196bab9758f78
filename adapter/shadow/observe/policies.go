package observe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// gap is a policy that takes live pods of a template for other than its shadows,
// and that has no twin.
type gap struct {
	kind, name string
	// twin is what is to be applied beside it, twinName its name.
	twin     runtime.Object
	twinName string
}

// audience are the labels of a live pod that was a shadow, and those of the
// shadow that it was.
type audience struct {
	live, hidden    labels.Set
	namespace, pool string
}

// divides says that a selector takes one for the other.
func (a *audience) divides(s labels.Selector) bool { return s.Matches(a.live) && !s.Matches(a.hidden) }

// finds says that a selector is meant for shadows of the pool.
func (a *audience) finds(s labels.Selector) bool {
	all, _ := s.Requirements()
	return s.Matches(a.hidden) && slices.ContainsFunc(all, func(r labels.Requirement) bool {
		return r.Key() == v1alpha1.PoolLabel && !r.Matches(labels.Set{})
	})
}

// refusedPolicies refuses shadows that would stand outside the rules of the live
// pods.
func refusedPolicies(v *View, rs *appsv1.ReplicaSet) []shadow.Reason {
	var names []string
	for _, g := range v.gaps(rs) {
		if name := g.kind + " " + g.name; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	holds := "holds"
	if len(names) > 1 {
		holds = "hold"
	}
	return []shadow.Reason{{Condition: v1alpha1.ConditionPolicyGap, Reason: ReasonPolicyGap, Message: fmt.Sprintf(
		"%s %s for live pods and not for shadows, whose labels are hidden: apply twins that select %s=%s (kubectl foreshadow create --print-policies prints them)",
		clip(strings.Join(names, ", ")), holds, v1alpha1.PoolLabel, v.w.Pool.Name)}}
}

// Twins returns the policies that the shadows of a pool lack, by kind and name:
// those that hold for the live pods alone, made to select the pool's label. A pod
// that was a shadow is under both, which allow the same.
func Twins(w World) []runtime.Object {
	v := NewView(w)
	var out []runtime.Object
	seen := map[string]bool{}
	for _, rs := range v.targets() {
		for _, g := range v.gaps(rs) {
			if key := g.kind + "/" + g.twinName; !seen[key] {
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
	a := v.audience(rs)
	out := networkGaps(a, v.w.NetworkPolicies)
	out = append(out, authorizationGaps(a, v.w.AuthorizationPolicies)...)
	slices.SortFunc(out, func(a, b gap) int {
		return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name), cmp.Compare(a.twinName, b.twinName))
	})
	return out
}

func (v *View) audience(rs *appsv1.ReplicaSet) *audience {
	keys, _ := v.Hide(rs)
	a := &audience{
		live:      v.with(rs.Spec.Template.Labels, v1alpha1.ShadowActive),
		hidden:    v.with(rs.Spec.Template.Labels, v1alpha1.ShadowCreating),
		namespace: v.w.Pool.Namespace, pool: v.w.Pool.Name,
	}
	for _, k := range keys {
		delete(a.hidden, k)
	}
	return a
}

// nameMost is how long a name may be.
const nameMost = 253

// twinName names the twin of a policy.
func (a *audience) twinName(of, suffix string) string {
	end := "-" + v1alpha1.ShadowServiceName(a.pool) + suffix
	return strings.TrimRight(of[:min(len(of), nameMost-len(end))], "-.") + end
}
