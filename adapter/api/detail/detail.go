// Package detail is what the adapter answers about the forecast of one pool, as
// JSON, beyond what the status of a ShadowPool has room for: Forecast, at Path.
// It imports nothing of ours, so that a client takes it alone.
package detail

import (
	"math"
	"net/url"
	"time"
)

// MaxBytes bounds an answer; who reads one need not read on.
const MaxBytes = 64 << 10

// Path is where the forecast of a pool is found on the adapter's web address.
func Path(namespace, pool string) string {
	return "/api/v1/pools/" + url.PathEscape(namespace) + "/" + url.PathEscape(pool) + "/forecast"
}

// Forecast is how a forecast came about and how good the ones before it were.
// Loads are in the unit of the pool's query; a number that there is not is left
// out.
type Forecast struct {
	Namespace string `json:"namespace"`
	Pool      string `json:"pool"`
	// Algorithm is the pool's; Origin the last value that the forecast knows.
	Algorithm string    `json:"algorithm"`
	Origin    time.Time `json:"origin"`
	// Maturity says how much the history allowed, Note what it lacks.
	Maturity string `json:"maturity"`
	Note     string `json:"note,omitempty"`

	History History `json:"history"`
	Daily   Season  `json:"daily"`
	Weekly  Season  `json:"weekly"`

	// Level is the mean load of the last hour, Expected what the shapes of
	// earlier days said of the last value, Deviation how far it lies above that.
	Level     *float64 `json:"level,omitempty"`
	Expected  *float64 `json:"expected,omitempty"`
	Deviation *float64 `json:"deviation,omitempty"`
	// Unusual is how many steps in a row have lain far off.
	Unusual int `json:"unusualSteps,omitempty"`

	Horizons []Horizon `json:"horizons"`
	Quality  []Quality `json:"quality,omitempty"`
	// Fallback says that the forecast is not followed: it had no skill for days.
	Fallback bool `json:"fallback"`
	// Skill is that of the last whole day.
	Skill *float64 `json:"skill,omitempty"`
}

// History is what the models were fitted on.
type History struct {
	Start   time.Time `json:"start"`
	End     time.Time `json:"end"`
	Values  int       `json:"values"`
	Missing int       `json:"missing"`
}

// Season says whether a cycle is repeated, and why.
type Season struct {
	Used   bool    `json:"used"`
	Weight float64 `json:"weight"`
	Why    string  `json:"why"`
}

// Horizon takes one step of the forecast apart.
type Horizon struct {
	Ahead   string   `json:"ahead"`
	Weights []Weight `json:"weights"`
	Point   *float64 `json:"point,omitempty"`
	// Carried is how much of the point is the deviation that is expected to
	// last, Share that over the deviation.
	Carried *float64 `json:"carried,omitempty"`
	Share   *float64 `json:"share,omitempty"`
	Bands   []Band   `json:"bands,omitempty"`
}

// Weight is the share of one model.
type Weight struct {
	Model string  `json:"model"`
	Value float64 `json:"value"`
}

// Band is how far a quantile lies above the point.
type Band struct {
	P     float64 `json:"p"`
	Width float64 `json:"width"`
}

// Quality is how good the forecasts of the last week were, so far ahead.
type Quality struct {
	Ahead         string   `json:"ahead"`
	Forecasts     int      `json:"forecasts"`
	AbsoluteError float64  `json:"absoluteError"`
	Quantiles     []Scores `json:"quantiles"`
}

// Scores are those of one quantile.
type Scores struct {
	P            float64  `json:"p"`
	Coverage     float64  `json:"coverage"`
	PinballRatio *float64 `json:"pinballRatio,omitempty"`
}

// Number returns v for an answer: nothing where it is no number.
func Number(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}
