package refresh

import (
	"fmt"
	"math"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/refresh/quality"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// newTracker returns who judges the forecasts that these settings ask for.
func (s Settings) newTracker() *quality.Tracker {
	return quality.New(quality.Config{Step: s.Step, Span: s.span(), Levels: s.levels(), Level: s.Capacity.Quantile})
}

// judge scores the forecasts whose time has come. What may be half of the load
// is no measure of them.
func (l *Loop) judge(load forecast.Series) {
	if l.known.degraded {
		return
	}
	l.quality.Advance(load, l.fits.Again)
	if l.quality.Behind() {
		l.fits.ForgetPast() // a call takes a day, and the next day is of another fit
	} else {
		l.noSkill = l.quality.Verdict().Fallback
	}
}

// noSkill says why the forecast is not followed, and until when.
func (r Report) noSkill() string {
	s := fmt.Sprintf("the forecast was no better than the load of the day before for %d days: the reactive floor is given until it is better for %d days",
		quality.FallAfter, quality.ReturnAfter)
	if !math.IsNaN(r.Verdict.Skill) && !r.Verdict.Day.IsZero() {
		s += fmt.Sprintf(" (skill %.2f on %s)", r.Verdict.Skill, r.Verdict.Day.UTC().Format(time.DateOnly))
	}
	return s
}

// hadNoSkill says that an earlier process did not follow the pool's forecast.
func hadNoSkill(p *v1alpha1.ShadowPool) bool {
	c := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionForecastReady)
	return c != nil && c.Reason == v1alpha1.ReasonNoSkill
}

// qualities are the scores as they are published.
func (r Report) qualities(words *probabilities) []publish.Quality {
	out := make([]publish.Quality, 0, len(r.Quality))
	for _, s := range r.Quality {
		q := publish.Quality{Horizon: s.Horizon, AbsoluteError: s.AbsoluteError, Levels: make([]publish.QuantileQuality, 0, len(s.Levels))}
		for _, l := range s.Levels {
			q.Levels = append(q.Levels, publish.QuantileQuality{
				P: words.of(l.P), Coverage: l.Coverage, PinballRatio: l.PinballRatio,
			})
		}
		out = append(out, q)
	}
	return out
}

// qualityStatus is what the status says of the pool's own quantile. Three
// digits are enough, and rarely change.
func (r Report) qualityStatus() []v1alpha1.ForecastQuality {
	out := make([]v1alpha1.ForecastQuality, 0, len(r.Quality))
	for _, s := range r.Quality {
		q := v1alpha1.ForecastQuality{Horizon: v1alpha1.DurationOf(s.Horizon), AbsoluteError: shortDecimal(s.AbsoluteError)}
		if l, ok := s.At(r.Settings.Capacity.Quantile); ok {
			q.Coverage, q.PinballRatio = shortDecimal(l.Coverage), shortDecimal(l.PinballRatio)
		}
		out = append(out, q)
	}
	return out
}

// shortDecimal writes three significant digits of v; nothing of what is no
// number.
func shortDecimal(v float64) v1alpha1.Decimal {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	if err != nil {
		return ""
	}
	return v1alpha1.DecimalOf(short)
}
