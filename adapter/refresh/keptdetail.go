package refresh

import (
	"encoding/json"
	"math"
	"slices"

	"github.com/foreshadow-dev/foreshadow/adapter/api/detail"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// keptDetail is a detail as it is published: its numbers in one row, its words
// shared. Few details are asked for, and every pool keeps one.
type keptDetail struct {
	head     detail.Forecast // without horizons and quality
	horizons []keptHorizon
	quality  []keptQuality
	models   []uint8 // of the weights, by index into the names of models
	numbers  []float64
}

type keptHorizon struct {
	ahead          string
	weights, bands uint8
}

type keptQuality struct {
	ahead     string
	forecasts int
	quantiles int
}

// modelNames are those of weights.
var modelNames = forecast.ModelNames()

// keep returns d in the form that is published.
func keep(d *detail.Forecast) *keptDetail {
	k := &keptDetail{head: *d}
	k.head.Horizons, k.head.Quality = nil, nil
	k.horizons, k.quality = make([]keptHorizon, 0, len(d.Horizons)), make([]keptQuality, 0, len(d.Quality))
	var models []uint8
	var numbers []float64
	for _, h := range d.Horizons {
		k.horizons = append(k.horizons, keptHorizon{h.Ahead, uint8(len(h.Weights)), uint8(len(h.Bands))})
		numbers = append(numbers, numberOr(h.Point), numberOr(h.Carried), numberOr(h.Share))
		for _, w := range h.Weights {
			models = append(models, uint8(max(0, slices.Index(modelNames, w.Model))))
			numbers = append(numbers, w.Value)
		}
		for _, b := range h.Bands {
			numbers = append(numbers, b.P, b.Width)
		}
	}
	for _, q := range d.Quality {
		k.quality = append(k.quality, keptQuality{q.Ahead, q.Forecasts, len(q.Quantiles)})
		numbers = append(numbers, q.AbsoluteError)
		for _, s := range q.Quantiles {
			numbers = append(numbers, s.P, s.Coverage, numberOr(s.PinballRatio))
		}
	}
	k.models, k.numbers = append(make([]uint8, 0, len(models)), models...), append(make([]float64, 0, len(numbers)), numbers...)
	return k
}

// numberOr is infinite where there is no number, which equals itself.
func numberOr(v *float64) float64 {
	if v == nil {
		return math.Inf(1)
	}
	return *v
}

// MarshalJSON writes the detail.
func (k *keptDetail) MarshalJSON() ([]byte, error) { return json.Marshal(k.detail()) }

// detail is what keep was given.
func (k *keptDetail) detail() *detail.Forecast {
	d, models, numbers := k.head, k.models, k.numbers
	next := func() float64 {
		v := numbers[0]
		numbers = numbers[1:]
		return v
	}
	d.Horizons = make([]detail.Horizon, len(k.horizons))
	for i, h := range k.horizons {
		out := &d.Horizons[i]
		out.Ahead, out.Point, out.Carried, out.Share = h.ahead, detail.Number(next()), detail.Number(next()), detail.Number(next())
		out.Weights, out.Bands = make([]detail.Weight, h.weights), make([]detail.Band, h.bands)
		for w := range out.Weights {
			out.Weights[w] = detail.Weight{Model: modelNames[models[w]], Value: next()}
		}
		models = models[h.weights:]
		for b := range out.Bands {
			out.Bands[b] = detail.Band{P: next(), Width: next()}
		}
	}
	d.Quality = make([]detail.Quality, len(k.quality))
	for i, q := range k.quality {
		d.Quality[i] = detail.Quality{Ahead: q.ahead, Forecasts: q.forecasts, AbsoluteError: next(), Quantiles: make([]detail.Scores, q.quantiles)}
		for s := range d.Quality[i].Quantiles {
			d.Quality[i].Quantiles[s] = detail.Scores{P: next(), Coverage: next(), PinballRatio: detail.Number(next())}
		}
	}
	return &d
}
