package client

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// reasonMinReady is the reason of a shadow that lacks nothing but time.
const reasonMinReady = "MinReady"

// Refresh brings the progress in the status of a pool, as it is in memory, up to
// now: the adapter writes a status when a state changes, not while time goes by.
// Where the pods cannot be read, the progress stays as it was written.
func (c *Client) Refresh(ctx context.Context, pool *v1alpha1.ShadowPool) {
	waiting := map[string]*v1alpha1.ShadowStatus{}
	for i := range pool.Status.Shadows {
		if s := &pool.Status.Shadows[i]; s.State == v1alpha1.ShadowWarming && s.Reason == reasonMinReady {
			waiting[s.Name] = s
		}
	}
	if len(waiting) == 0 {
		return
	}
	var pods corev1.PodList
	err := c.kube.List(ctx, &pods, ctrlclient.InNamespace(pool.Namespace), ctrlclient.MatchingLabels{v1alpha1.PoolLabel: pool.Name})
	if err != nil {
		return
	}
	for i := range pods.Items {
		s := waiting[pods.Items[i].Name]
		if s == nil {
			continue
		}
		if p, ok := (observe.ReadyProgress{}).Progress(pool, &pods.Items[i], c.clock.Now()); ok {
			s.Progress = v1alpha1.DecimalOf(p.Ratio)
		}
	}
}
