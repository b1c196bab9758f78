package client

import (
	"cmp"
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

const (
	// reasonMinReady and reasonSettling are the reasons of shadows that lack
	// nothing but time.
	reasonMinReady = "MinReady"
	reasonSettling = "Settling"
	// activeListed is how many pods that serve a status lists.
	activeListed = 100
)

// Refresh brings the shadows in the status of a pool, as it is in memory, up to
// now by their pods: the adapter writes a status as seldom as it can, and never
// because time goes by. Where the pods may not be read, the status stays as it
// was written.
func (c *Client) Refresh(ctx context.Context, pool *v1alpha1.ShadowPool) {
	var pods corev1.PodList
	err := c.kube.List(ctx, &pods, ctrlclient.InNamespace(pool.Namespace), ctrlclient.MatchingLabels{v1alpha1.PoolLabel: pool.Name})
	if err != nil {
		return
	}
	of := make([]*corev1.Pod, 0, len(pods.Items))
	for i := range pods.Items {
		of = append(of, &pods.Items[i])
	}
	RefreshFrom(pool, of, c.clock.Now())
}

// RefreshFrom is Refresh by all pods that bear the pool's label.
func RefreshFrom(pool *v1alpha1.ShadowPool, pods []*corev1.Pod, now time.Time) {
	if pool.UID == "" {
		return // whose pods they are, only a UID says
	}
	defaulted := pool.DeepCopy()
	defaulted.Default()
	view := observe.NewView(observe.World{Pool: defaulted, Now: now})
	written := map[string]*v1alpha1.ShadowStatus{}
	for i := range pool.Status.Shadows {
		written[pool.Status.Shadows[i].Name] = &pool.Status.Shadows[i]
	}
	counts := v1alpha1.ShadowCounts{}
	if n := pool.Status.Counts; n != nil {
		counts.HeldBack = n.HeldBack
	}
	var shadows []v1alpha1.ShadowStatus
	for _, pod := range pods {
		p := view.Pod(pod)
		state := stateOf(&p)
		count := counted(&counts, state)
		if count == nil {
			continue
		}
		*count++
		was := written[p.Name]
		if state == v1alpha1.ShadowActive && was == nil && counts.Active > activeListed {
			continue
		}
		shadows = append(shadows, entryOf(&p, state, was))
	}
	slices.SortFunc(shadows, func(a, b v1alpha1.ShadowStatus) int { return cmp.Compare(a.Name, b.Name) })
	pool.Status.Shadows, pool.Status.Counts = shadows, &counts
}

// stateOf is the state of a pod of the pool; deactivated for one that ends or is
// a stranger's.
func stateOf(p *shadow.Pod) v1alpha1.ShadowState {
	switch {
	case p.Owner == shadow.OwnerPool:
		return p.State()
	case p.Active() && !p.ActivatedAt.IsZero():
		return v1alpha1.ShadowActive
	}
	return v1alpha1.ShadowDeactivated
}

// counted is where a state is counted; nil for none.
func counted(n *v1alpha1.ShadowCounts, state v1alpha1.ShadowState) *int32 {
	switch state {
	case v1alpha1.ShadowCreating:
		return &n.Creating
	case v1alpha1.ShadowWarming:
		return &n.Warming
	case v1alpha1.ShadowReady:
		return &n.Ready
	case v1alpha1.ShadowActive:
		return &n.Active
	case v1alpha1.ShadowBridged:
		return &n.Bridged
	case v1alpha1.ShadowDraining:
		return &n.Draining
	case v1alpha1.ShadowDeactivated:
	}
	return nil
}

// entryOf is the entry of a pod. What was written of it in the same state holds,
// as far as the pod itself does not say it.
func entryOf(p *shadow.Pod, state v1alpha1.ShadowState, was *v1alpha1.ShadowStatus) v1alpha1.ShadowStatus {
	e := v1alpha1.ShadowStatus{Name: p.Name, State: state, CreatedAt: new(metav1.NewTime(p.CreatedAt)), Node: p.Node}
	if was != nil && was.State == state {
		e.Reason, e.Progress = was.Reason, was.Progress
	}
	switch state {
	case v1alpha1.ShadowCreating:
		if e.Reason = shadow.ReasonNotReady; p.Node == "" {
			e.Reason = "Unscheduled"
		}
	case v1alpha1.ShadowWarming:
		if e.Reason == "" || e.Reason == reasonMinReady {
			e.Reason, e.Progress = p.WarmUp.Stage, v1alpha1.DecimalOf(p.WarmUp.Ratio)
		}
	case v1alpha1.ShadowActive:
		switch {
		case p.Costed && e.Reason == "":
			e.Reason = reasonSettling
		case !p.Costed && e.Reason == reasonSettling:
			e.Reason = ""
		}
	case v1alpha1.ShadowReady, v1alpha1.ShadowBridged, v1alpha1.ShadowDraining, v1alpha1.ShadowDeactivated:
	}
	return e
}
