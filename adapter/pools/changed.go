package pools

import (
	"k8s.io/apimachinery/pkg/api/equality"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// shadowsChanged passes the updates by which the role that keeps the shadows
// tells the metrics role something.
func shadowsChanged() predicate.Funcs {
	// An event of another kind passes by the other predicates.
	return predicate.Funcs{
		CreateFunc:  func(event.CreateEvent) bool { return false },
		DeleteFunc:  func(event.DeleteEvent) bool { return false },
		GenericFunc: func(event.GenericEvent) bool { return false },
		UpdateFunc: func(e event.UpdateEvent) bool {
			before, ok := e.ObjectOld.(*v1alpha1.ShadowPool)
			after, ok2 := e.ObjectNew.(*v1alpha1.ShadowPool)
			return ok && ok2 && !sameShadows(&before.Status, &after.Status)
		},
	}
}

// sameShadows compares what values and metrics depend on.
func sameShadows(a, b *v1alpha1.ShadowPoolStatus) bool {
	return equality.Semantic.DeepEqual(a.Cover, b.Cover) && equality.Semantic.DeepEqual(a.Leads, b.Leads) &&
		equality.Semantic.DeepEqual(a.Counts, b.Counts) && equality.Semantic.DeepEqual(a.Shadows, b.Shadows)
}
