package client

import (
	"context"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Status says what has become of the shadows of one pool.
type Status struct {
	// Namespace and Name are the pool's.
	Namespace string `json:"-"`
	Name      string `json:"-"`

	Workload v1alpha1.ScaleTargetRef `json:"workload"`
	Mode     v1alpha1.Mode           `json:"mode"`
	// Paused is what the pool's annotation holds back; empty if nothing.
	Paused v1alpha1.Pause `json:"paused,omitempty"`

	Counts Counts `json:"counts"`
	// Shadows are those that exist, by name, and the pods that were shadows and
	// serve now; of those the newest hundred.
	Shadows []Shadow `json:"shadows"`
	// Deactivated are the shadows that ended last, the newest first, at most ten.
	Deactivated []v1alpha1.DeactivatedShadow `json:"deactivated"`
	// Next is one sentence: what happens next, and why.
	Next string `json:"next"`

	// Forecast and Capacity are what the load is and needs, nil while nobody
	// has said. Cover is what stands in for cold starts, Leads how long pods
	// take to start.
	Forecast *v1alpha1.ForecastStatus `json:"forecast,omitempty"`
	Capacity *v1alpha1.CapacityStatus `json:"capacity,omitempty"`
	Cover    *v1alpha1.CoverStatus    `json:"cover,omitempty"`
	Leads    *v1alpha1.LeadStatus     `json:"leads,omitempty"`
	// LastDecision is what was decided last about shadows.
	LastDecision *v1alpha1.LastDecision `json:"lastDecision,omitempty"`
	Conditions   []metav1.Condition     `json:"conditions,omitempty"`
}

// Counts are shadows by state; Deactivated is the length of the list, at most
// ten, and HeldBack what quotas and caps keep from existing.
type Counts struct {
	Creating    int32 `json:"creating"`
	Warming     int32 `json:"warming"`
	Ready       int32 `json:"ready"`
	Active      int32 `json:"active"`
	Bridged     int32 `json:"bridged"`
	Draining    int32 `json:"draining"`
	Deactivated int32 `json:"deactivated"`
	HeldBack    int32 `json:"heldBack"`
}

// Shadow is one shadow, or one pod that was one and serves.
type Shadow struct {
	Name  string               `json:"name"`
	State v1alpha1.ShadowState `json:"state"`
	// Age is since the creation of its pod; as JSON in whole seconds.
	Age        time.Duration `json:"-"`
	AgeSeconds int64         `json:"ageSeconds"`
	// Progress is how far it has warmed up, 0 to 1; 1 once it is ready.
	Progress float64 `json:"progress"`
	// Node is where it runs; empty before it is scheduled.
	Node string `json:"node,omitempty"`
	// Reason is why it is not further, in one word; empty if nothing is missing.
	Reason string `json:"reason,omitempty"`
}

// GetShadowInstanceStatus says what has become of the shadows of a pool:
// creating, warming, ready, active and deactivated ones. It reads the pool and,
// where the caller may list them, the pods of its shadows, which are ahead of
// what the adapter has written about them.
//
// An error means that the pool could not be read: it is not there, or the
// cluster does not know ShadowPools, or the caller may not.
func (c *Client) GetShadowInstanceStatus(ctx context.Context, pool types.NamespacedName) (*Status, error) {
	p, err := c.get(ctx, pool)
	if err != nil {
		return nil, err
	}
	c.Refresh(ctx, p)
	return StatusOf(p, c.clock.Now()), nil
}

// StatusOf is the Status of a pool that was read already, with the ages of now.
func StatusOf(p *v1alpha1.ShadowPool, now time.Time) *Status {
	p = p.DeepCopy()
	p.Default()
	st := &p.Status
	s := &Status{
		Namespace: p.Namespace, Name: p.Name,
		Workload: p.Spec.ScaleTargetRef, Mode: p.Spec.Mode, Paused: paused(p),
		Shadows: make([]Shadow, 0, len(st.Shadows)), Deactivated: st.Deactivated,
		Next: next(p), Forecast: st.Forecast, Capacity: st.Capacity, Cover: st.Cover, Leads: st.Leads,
		LastDecision: st.LastDecision, Conditions: st.Conditions,
	}
	if n := st.Counts; n != nil {
		s.Counts = Counts{
			Creating: n.Creating, Warming: n.Warming, Ready: n.Ready, Active: n.Active,
			Bridged: n.Bridged, Draining: n.Draining, HeldBack: n.HeldBack,
		}
	}
	if s.Deactivated == nil {
		s.Deactivated = []v1alpha1.DeactivatedShadow{}
	}
	s.Counts.Deactivated = int32(len(s.Deactivated))
	for i := range st.Shadows {
		s.Shadows = append(s.Shadows, shadowOf(&st.Shadows[i], now))
	}
	return s
}

func shadowOf(e *v1alpha1.ShadowStatus, now time.Time) Shadow {
	out := Shadow{Name: e.Name, State: e.State, Node: e.Node, Reason: e.Reason}
	if e.CreatedAt != nil {
		out.Age = max(0, now.Sub(e.CreatedAt.Time))
		out.AgeSeconds = int64(out.Age / time.Second)
	}
	switch e.State {
	case v1alpha1.ShadowReady, v1alpha1.ShadowActive, v1alpha1.ShadowBridged:
		out.Progress = 1
	case v1alpha1.ShadowWarming:
		if v, err := e.Progress.Parse(); err == nil {
			out.Progress = min(max(v, 0), 1)
		}
	case v1alpha1.ShadowCreating, v1alpha1.ShadowDraining, v1alpha1.ShadowDeactivated:
	}
	return out
}

// paused is what the annotation holds back. One that we do not know holds all.
func paused(p *v1alpha1.ShadowPool) v1alpha1.Pause {
	switch forecast, shadows := p.ForecastPaused(), p.ShadowsPaused(); {
	case forecast && shadows:
		return v1alpha1.PauseAll
	case forecast:
		return v1alpha1.PauseForecast
	case shadows:
		return v1alpha1.PauseShadows
	}
	return ""
}
