package shadow

import (
	"fmt"

	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// State is what the pod is now; its label may lag behind, or say what a stranger
// wrote. Empty for a pod that is neither the pool's nor was a shadow.
//
// A pod is ready only once its label says so: until then the Service of the
// warm-up selects it.
func (p *Pod) State() v1alpha1.ShadowState {
	switch p.Owner {
	case OwnerPool:
		return p.shadowState()
	case OwnerReplicaSet:
		switch {
		case p.ActivatedAt.IsZero() && p.Label != v1alpha1.ShadowActive:
			return ""
		case p.Active():
			return v1alpha1.ShadowActive
		}
		return v1alpha1.ShadowDeactivated
	case OwnerNone, OwnerOther:
	}
	return ""
}

func (p *Pod) shadowState() v1alpha1.ShadowState {
	switch {
	case !p.Active():
		return v1alpha1.ShadowDeactivated
	case p.Label == v1alpha1.ShadowBridged && p.Live:
		return v1alpha1.ShadowBridged
	case p.Label == v1alpha1.ShadowDraining:
		return v1alpha1.ShadowDraining
	case !p.Ready():
		return v1alpha1.ShadowCreating
	case p.WarmedAt.IsZero() || p.Label != v1alpha1.ShadowReady:
		return v1alpha1.ShadowWarming
	}
	return v1alpha1.ShadowReady
}

// hidden says that a state is one that no selector may match.
func hidden(s v1alpha1.ShadowState) bool {
	switch s {
	case v1alpha1.ShadowCreating, v1alpha1.ShadowWarming, v1alpha1.ShadowReady, v1alpha1.ShadowDraining:
		return true
	case v1alpha1.ShadowActive, v1alpha1.ShadowBridged, v1alpha1.ShadowDeactivated:
	}
	return false
}

// check names the first invariant that an Observed breaks.
func (in *Observed) check() string {
	if in.Pool == nil {
		return "there is no pool"
	}
	s := &in.Pool.Spec
	if s.Replicas == nil || s.ShadowPercentage == nil || s.MinShadows == nil || s.MaxShadows == nil || s.Idle.CPUPercent == nil {
		return "the pool has no defaults"
	}
	sets := make(map[types.UID]bool, len(in.ReplicaSets))
	for i := range in.ReplicaSets {
		rs := &in.ReplicaSets[i]
		switch {
		case rs.UID == "" || rs.Name == "":
			return fmt.Sprintf("ReplicaSet %q has no UID or no name", rs.Name)
		case sets[rs.UID]:
			return fmt.Sprintf("ReplicaSet %s is there twice", rs.Name)
		case rs.Replicas < 0:
			return fmt.Sprintf("ReplicaSet %s asks for %d pods", rs.Name, rs.Replicas)
		}
		sets[rs.UID] = true
	}
	return in.checkPods(sets)
}

func (in *Observed) checkPods(sets map[types.UID]bool) string {
	for i := range in.Pods {
		p := &in.Pods[i]
		if p.UID == "" || p.Name == "" {
			return fmt.Sprintf("pod %q has no UID or no name", p.Name)
		}
		if p.Owner == OwnerReplicaSet && !sets[p.ReplicaSetUID] {
			return fmt.Sprintf("pod %s belongs to a ReplicaSet that is not there", p.Name)
		}
	}
	return ""
}

// fenced says that a later leader has written the pool or one of its pods.
func (in *Observed) fenced() bool {
	if in.Pool.Status.Epoch > in.Epoch {
		return true
	}
	for i := range in.Pods {
		p := &in.Pods[i]
		if p.Epoch > in.Epoch && (p.Owner == OwnerPool || !p.ActivatedAt.IsZero()) {
			return true
		}
	}
	return false
}
