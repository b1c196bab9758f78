package observe

import (
	"strconv"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// The deletion costs of hand-overs lie between these.
const (
	leastCost = -1<<31 + 1
	mostCost  = leastCost + raises
	// raises is how many raises of a ReplicaSet have costs of their own; all later
	// ones bear the least.
	raises = 1 << 24
)

// ActivationCost is the deletion cost that a pod bears from its activation until
// the ReplicaSet has settled: of the pods that are Ready it is the first to go.
// Each raise has another generation of the ReplicaSet, and a lower cost: should
// one be taken back that follows another, its pods go before those that serve
// since the earlier one.
func ActivationCost(generation int64) string {
	return strconv.FormatInt(mostCost-min(max(generation, 0), raises), 10)
}

// IsActivationCost says that a deletion cost is one of a hand-over.
func IsActivationCost(cost string) bool {
	n, err := strconv.ParseInt(cost, 10, 32)
	return err == nil && n >= leastCost && n <= mostCost
}

// costed says that a deletion cost is that of a hand-over, and not by chance the
// one that the template has.
func (v *View) costed(cost string, set types.UID) bool {
	if !IsActivationCost(cost) {
		return false
	}
	rs := v.sets[set]
	return rs == nil || rs.Spec.Template.Annotations[corev1.PodDeletionCost] != cost
}
