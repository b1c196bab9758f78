package simulate

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"time"
)

// Report is the outcome of a replay.
type Report struct {
	Trace             string    `json:"trace"`
	Start             time.Time `json:"start"`
	End               time.Time `json:"end"`
	Reactive          ArmReport `json:"reactive"`
	ReactiveEqualCost ArmReport `json:"reactive_equal_cost"`
	Predictive        ArmReport `json:"predictive"`
	// ReactiveEqualPrice costs as many pod-hours as Shadows at its price.
	ReactiveEqualPrice ArmReport      `json:"reactive_equal_price"`
	Shadows            ArmReport      `json:"shadows"`
	Forecast           ForecastReport `json:"forecast"`
	Measurements       []Measurement  `json:"measurements"`
	// Undisturbed says that no fault was part of the replay.
	Undisturbed bool `json:"undisturbed,omitempty"`
}

// ArmReport is what one arm came to.
type ArmReport struct {
	OverloadSeconds           float64 `json:"overload_seconds"`
	OverloadForeseenSeconds   float64 `json:"overload_foreseen_seconds"`
	OverloadUnforeseenSeconds float64 `json:"overload_unforeseen_seconds"`
	RequestsAboveCapacity     float64 `json:"requests_above_capacity"`
	LostRatio                 float64 `json:"lost_ratio"`
	ColdJoins                 int     `json:"cold_joins"`
	PodHours                  float64 `json:"pod_hours"`
	// InvalidSyncs counts the syncs in which a metric could not be read.
	InvalidSyncs int `json:"invalid_syncs"`
	// ExtraPercent and CostError are set for the reactive arm of equal cost;
	// CostError is the ratio by which its pod-hours miss the predictive arm's.
	ExtraPercent *float64 `json:"extra_percent,omitempty"`
	CostError    *float64 `json:"cost_error,omitempty"`
	// ShadowHours are the pod-hours of shadows, PricedHours those of live pods
	// and of shadows at their price, Activations the shadows that went live.
	ShadowHours *float64 `json:"shadow_hours,omitempty"`
	PricedHours *float64 `json:"priced_hours,omitempty"`
	Activations *int     `json:"activations,omitempty"`
}

// Outcome is what a report is made of.
type Outcome struct {
	Trace      string
	Start, End time.Time
	// Undisturbed says that the load is as it was recorded and every metric was
	// there: the table then has no rows for faults.
	Undisturbed bool
	Reactive    ArmState
	Predictive  ArmState
	// EqualCost is the reactive arm that costs as much as Predictive.
	EqualCost Solution
	// Shadows is the arm with shadows, Used what these did, IdleShare the price
	// of a shadow as a share of a live pod's, 0 to 1; EqualPrice is the reactive
	// arm that costs as much.
	Shadows    ArmState
	Used       ShadowTotals
	IdleShare  float64
	EqualPrice Solution
	Forecast   ForecastReport
}

// ForecastReport is the quality of the forecasts one hour ahead; nil means that
// it cannot be said. Forecasts counts those that came due. While the history
// cannot be read none is made, the last one only grows older: such a time adds
// nothing to the score.
type ForecastReport struct {
	MASE        *float64 `json:"mase"`
	CoverageP95 *float64 `json:"coverage_p95"`
	Forecasts   int      `json:"forecasts"`
}

// Measurement is one figure of a report by itself, for tools that collect them
// over time.
type Measurement struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// NewArmReport returns the report of an arm.
func NewArmReport(s ArmState) ArmReport {
	t := s.Totals
	return ArmReport{
		OverloadSeconds:           round(t.Overload().Seconds()),
		OverloadForeseenSeconds:   round(t.Foreseen.Seconds()),
		OverloadUnforeseenSeconds: round(t.Unforeseen.Seconds()),
		RequestsAboveCapacity:     round(t.Lost),
		LostRatio:                 round(t.LostRatio()),
		ColdJoins:                 t.ColdJoins,
		PodHours:                  round(t.PodHours()),
		InvalidSyncs:              s.InvalidSyncs,
	}
}

// NewReport puts the arms of a replay together.
func NewReport(o Outcome) Report {
	r := Report{
		Trace: o.Trace, Start: o.Start.UTC(), End: o.End.UTC(),
		Reactive:           NewArmReport(o.Reactive),
		ReactiveEqualCost:  peerReport(o.EqualCost),
		Predictive:         NewArmReport(o.Predictive),
		ReactiveEqualPrice: peerReport(o.EqualPrice),
		Shadows:            NewArmReport(o.Shadows),
		Forecast:           o.Forecast,
		Undisturbed:        o.Undisturbed,
	}
	hours, activations := round(o.Used.PodTime.Hours()), o.Used.Activations
	priced := round(r.Shadows.PodHours + o.IdleShare*hours)
	r.Shadows.ShadowHours, r.Shadows.PricedHours, r.Shadows.Activations = &hours, &priced, &activations
	r.Measurements = r.measure()
	return r
}

// peerReport is that of a reactive arm that was solved for a cost.
func peerReport(s Solution) ArmReport {
	r := NewArmReport(s.Arm.State())
	extra, miss := round(s.ExtraPercent), round(s.CostError)
	r.ExtraPercent, r.CostError = &extra, &miss
	return r
}

// measure lists every figure once, in a fixed order.
func (r Report) measure() []Measurement {
	var out []Measurement
	add := func(name string, v float64, unit string) { out = append(out, Measurement{name, v, unit}) }
	for _, a := range r.arms() {
		add(a.key+"_overload_seconds", a.OverloadSeconds, "seconds")
		add(a.key+"_overload_foreseen_seconds", a.OverloadForeseenSeconds, "seconds")
		add(a.key+"_overload_unforeseen_seconds", a.OverloadUnforeseenSeconds, "seconds")
		add(a.key+"_requests_above_capacity", a.RequestsAboveCapacity, "requests")
		add(a.key+"_lost_ratio", a.LostRatio, "ratio")
		add(a.key+"_cold_joins", float64(a.ColdJoins), "pods")
		add(a.key+"_pod_hours", a.PodHours, "hours")
		add(a.key+"_invalid_syncs", float64(a.InvalidSyncs), "syncs")
		if a.ExtraPercent != nil {
			add(a.key+"_extra_percent", *a.ExtraPercent, "percent")
		}
		if a.CostError != nil {
			add(a.key+"_cost_error", *a.CostError, "ratio")
		}
		if a.ShadowHours != nil {
			add(a.key+"_shadow_hours", *a.ShadowHours, "hours")
			add(a.key+"_priced_hours", *a.PricedHours, "hours")
			add(a.key+"_activations", float64(*a.Activations), "pods")
		}
	}
	if f := r.Forecast; f.MASE != nil {
		add("forecast_mase", *f.MASE, "ratio")
	}
	if f := r.Forecast; f.CoverageP95 != nil {
		add("forecast_coverage_p95", *f.CoverageP95, "ratio")
	}
	return out
}

type namedArm struct {
	key, title string
	ArmReport
}

// arms lists the arms in the order in which they are shown.
func (r Report) arms() []namedArm {
	return []namedArm{
		{"reactive", "reactive", r.Reactive},
		{"reactive_equal_cost", peerTitle(r.ReactiveEqualCost, "cost"), r.ReactiveEqualCost},
		{"predictive", "predictive", r.Predictive},
		{"reactive_equal_price", peerTitle(r.ReactiveEqualPrice, "price"), r.ReactiveEqualPrice},
		{"shadows", "shadows", r.Shadows},
	}
}

func peerTitle(r ArmReport, of string) string {
	if missesCost(r) {
		return "nearest " + of
	}
	return "equal " + of
}

// missesCost reports whether no reactive arm was found that costs as much as the
// one that it is compared with.
func missesCost(r ArmReport) bool { return r.CostError != nil && !costsEqual(*r.CostError) }

// WriteJSON writes the report, indented.
func (r Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// round keeps six decimals: more would be noise of the arithmetic.
func round(v float64) float64 { return math.Round(v*1e6) / 1e6 }
