package backtest

import (
	"slices"
	"time"
)

// ForecastView is a forecast as programs read it.
type ForecastView struct {
	Series   string       `json:"series"`
	Origin   time.Time    `json:"origin"`
	Step     string       `json:"step"`
	Maturity string       `json:"maturity"`
	Note     string       `json:"note,omitempty"`
	Models   []WeightView `json:"models,omitempty"`
	Steps    []StepView   `json:"steps"`
}

// WeightView is the share of one model in the first step.
type WeightView struct {
	Model  string  `json:"model"`
	Weight float64 `json:"weight"`
}

// StepView is one step of a forecast; quantiles are by their level, such as
// "0.95".
type StepView struct {
	Timestamp time.Time          `json:"timestamp"`
	Point     float64            `json:"point"`
	Quantiles map[string]float64 `json:"quantiles"`
}

// View returns the forecast for programs.
func (f *Forecast) View(levels []float64) ForecastView {
	v := ForecastView{
		Series: f.Series.Name, Origin: f.Origin.UTC(), Step: Duration(f.Step),
		Maturity: string(f.Maturity), Note: f.Note, Steps: make([]StepView, len(f.Point)),
	}
	for _, w := range f.Weights {
		v.Models = append(v.Models, WeightView{w.Model, w.Value})
	}
	for i, point := range f.Point {
		s := StepView{Timestamp: f.Origin.Add(time.Duration(i+1) * f.Step).UTC(), Point: point, Quantiles: map[string]float64{}}
		for _, p := range levels {
			s.Quantiles[number(p)] = f.Quantiles[slices.Index(f.Levels, p)][i]
		}
		v.Steps[i] = s
	}
	return v
}
