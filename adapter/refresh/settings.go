package refresh

import (
	"slices"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
)

// Settings are what a loop needs of a pool's spec, in the units of Go.
type Settings struct {
	Namespace, Name string
	// Mode is the pool's spec.mode.
	Mode string
	// Query gives the load, ReplicasQuery the ready replicas; both are already
	// confined to what the pool may read. ReplicasQuery is empty if nothing
	// needs it.
	Query, ReplicasQuery string
	// Window is the history that a fit sees, Step its grid.
	Window, Step time.Duration
	// Model is the forecast model: Auto or one model's name.
	Model string
	// ShadowQuantile is the level of the forecast that shadows follow.
	ShadowQuantile float64
	// Capacity holds the formulas' parameters. A CapacityPerReplica of 0 is
	// learnt from the replicas, beginning with Learnt, what was learnt before (0
	// if nothing was).
	Capacity capacity.Config
	Learnt   float64
}

// referenceLevel is forecast for every pool, so that their coverage compares.
const referenceLevel = 0.95

// levels returns the probabilities that a forecast is asked for, ascending.
func (s Settings) levels() []float64 {
	levels := []float64{s.Capacity.Quantile, referenceLevel, s.ShadowQuantile}
	slices.Sort(levels)
	return slices.Compact(levels)
}

// longLead is the farthest lead that Prometheus is told the load at.
const longLead = time.Hour

// leads returns the leads that Prometheus is told the load at, ascending.
func (s Settings) leads() []time.Duration {
	leads := []time.Duration{s.Capacity.ActivationLead, s.Capacity.ColdStartLead, longLead}
	slices.Sort(leads)
	return slices.Compact(leads)
}

// horizon returns how many steps a forecast must reach so that it can advance
// with the clock until it is too old, and still see the longest lead.
func (s Settings) horizon() int {
	reach := s.Capacity.MaxAge + s.Capacity.Interval + max(s.Capacity.ColdStartLead, s.Capacity.ActivationLead, longLead)
	return int((reach+s.Step-1)/s.Step) + 2
}

// sameHistory says that two settings read the same series, so that a change of
// anything else need not read them again.
func (s Settings) sameHistory(o Settings) bool {
	return s.Query == o.Query && s.ReplicasQuery == o.ReplicasQuery && s.Window == o.Window && s.Step == o.Step && s.Model == o.Model
}
