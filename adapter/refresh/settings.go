package refresh

import (
	"maps"
	"slices"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/calendar"
	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/adapter/profile"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Settings are what a loop needs of a pool's spec, in the units of Go.
type Settings struct {
	Namespace, Name string
	// Mode is the pool's spec.mode.
	Mode v1alpha1.Mode
	// Query gives the load, ReplicasQuery the ready replicas; both are already
	// confined to what the pool may read. ReplicasQuery is empty if nothing
	// needs it.
	Query, ReplicasQuery string
	// Window is the history that a fit sees, Step its grid.
	Window, Step time.Duration
	// Model is the forecast model: Auto or one model's name.
	Model string
	// Parameters are those of the model.
	Parameters map[string]int
	// Calendar is by which clock the load lives, and its days unlike others.
	Calendar calendar.Calendar
	// Capacity holds the formulas' parameters. A CapacityPerReplica of 0 is
	// learnt from the replicas, beginning with Learnt, what was learnt before (0
	// if nothing was).
	Capacity capacity.Config
	Learnt   float64
	// GivenColdStart is the cold-start lead of the spec, 0 if it is to be
	// learnt. MinReady is the warm-up of a workload of which none was measured.
	GivenColdStart, MinReady time.Duration
	// Dimensions are the resources that decide beside the load.
	Dimensions []DimensionSettings
	// Profile says how the pods are looked at.
	Profile profile.Config
	// NoSkill says that the pool's status said that its forecast is not followed.
	NoSkill bool
	// Standby is what the pool's status said of its shadows, and LastValue the
	// value that it held, 0 if none.
	Standby   Standby
	LastValue int
}

// referenceLevel is forecast for every pool, so that their coverage compares.
const referenceLevel = 0.95

// levels returns the probabilities that a forecast is asked for, ascending.
func (s Settings) levels() []float64 {
	levels := []float64{s.Capacity.Quantile, referenceLevel, s.Capacity.ShadowQuantile}
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
	reach := s.Capacity.MaxAge + s.Capacity.Interval + max(s.Capacity.ColdStartLead, s.Capacity.ActivationLead, s.Capacity.ShadowLead, longLead)
	return int((reach+s.Step-1)/s.Step) + 2
}

// span is the history that a forecast may see: a day more than the window,
// because a fit looks back from the last midnight. And two hours: values that are
// kept together round together (forecast.Samples).
func (s Settings) span() time.Duration { return s.Window + 26*time.Hour }

// config is how the forecast is made.
func (s Settings) config() forecast.Config {
	c := s.Calendar.Config(s.Model)
	c.Parameters = s.Parameters
	return c
}

// sameHistory says that two settings read the same series, so that a change of
// anything else need not read them again.
func (s Settings) sameHistory(o Settings) bool {
	return s.Query == o.Query && s.ReplicasQuery == o.ReplicasQuery && s.Window == o.Window && s.Step == o.Step && s.Model == o.Model &&
		slices.EqualFunc(s.Dimensions, o.Dimensions, func(a, b DimensionSettings) bool {
			a.Learnt, b.Learnt = 0, 0
			return a == b
		}) &&
		maps.Equal(s.Parameters, o.Parameters)
}
