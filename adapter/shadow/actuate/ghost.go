package actuate

import (
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Ghost stands in for a pool that was deleted while pods which it had handed
// over to a ReplicaSet still bear the deletion cost: with it the planner settles
// them, and nothing else is done. It has no UID, so it owns nothing and has no
// status.
func Ghost(pool Pool, rs *appsv1.ReplicaSet) *v1alpha1.ShadowPool {
	ref := v1alpha1.ScaleTargetRef{Kind: "ReplicaSet", Name: rs.Name}
	if owner := metav1.GetControllerOfNoCopy(rs); owner != nil {
		ref = v1alpha1.ScaleTargetRef{APIVersion: owner.APIVersion, Kind: owner.Kind, Name: owner.Name}
	}
	p := &v1alpha1.ShadowPool{
		ObjectMeta: metav1.ObjectMeta{Namespace: pool.Namespace, Name: pool.Name},
		Spec:       v1alpha1.ShadowPoolSpec{ScaleTargetRef: ref, Mode: v1alpha1.ModeObserve},
	}
	p.Default()
	return p
}
