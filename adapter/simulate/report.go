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
	Trace             string         `json:"trace"`
	Start             time.Time      `json:"start"`
	End               time.Time      `json:"end"`
	Reactive          ArmReport      `json:"reactive"`
	ReactiveEqualCost ArmReport      `json:"reactive_equal_cost"`
	Predictive        ArmReport      `json:"predictive"`
	Forecast          ForecastReport `json:"forecast"`
	Measurements      []Measurement  `json:"measurements"`
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
func NewReport(trace string, start, end time.Time, reactive ArmState, equalCost Solution, predictive ArmState, f ForecastReport) Report {
	r := Report{
		Trace: trace, Start: start.UTC(), End: end.UTC(),
		Reactive:          NewArmReport(reactive),
		ReactiveEqualCost: NewArmReport(equalCost.Arm.State()),
		Predictive:        NewArmReport(predictive),
		Forecast:          f,
	}
	extra, miss := round(equalCost.ExtraPercent), round(equalCost.CostError)
	r.ReactiveEqualCost.ExtraPercent, r.ReactiveEqualCost.CostError = &extra, &miss
	r.Measurements = r.measure()
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
	peer := "reactive, equal cost"
	if r.missesCost() {
		peer = "reactive, nearest cost"
	}
	return []namedArm{
		{"reactive", "reactive", r.Reactive},
		{"reactive_equal_cost", peer, r.ReactiveEqualCost},
		{"predictive", "predictive", r.Predictive},
	}
}

// missesCost reports whether no reactive arm was found that costs as much as the
// predictive one.
func (r Report) missesCost() bool {
	miss := r.ReactiveEqualCost.CostError
	return miss != nil && !costsEqual(*miss)
}

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
