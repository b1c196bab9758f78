package quality

import (
	"math"
	"slices"
	"time"
)

// Score is how good the forecasts of one horizon were.
type Score struct {
	Horizon time.Duration
	// Forecasts is how many were judged; there is at least one.
	Forecasts int
	// AbsoluteError is the mean distance of the load from the point.
	AbsoluteError float64
	Levels        []LevelScore
}

// LevelScore is how good one quantile was.
type LevelScore struct {
	P float64
	// Coverage is the share of loads at or below the quantile.
	Coverage float64
	// PinballRatio is the pinball loss over that of "as yesterday": below 1 is
	// better. NaN where there was no yesterday, or it was never wrong.
	PinballRatio float64
}

// Skill is 1 less the ratio: above 0 the forecast is better than yesterday.
func (s LevelScore) Skill() float64 { return 1 - s.PinballRatio }

// At returns the score of a quantile; ok is false if it was not judged.
func (s Score) At(p float64) (LevelScore, bool) {
	if i := slices.IndexFunc(s.Levels, func(l LevelScore) bool { return l.P == p }); i >= 0 {
		return s.Levels[i], true
	}
	return LevelScore{}, false
}

// Scores sums up the days, by horizon; horizons that nothing was judged at are
// left out.
func (t *Tracker) Scores() []Score {
	var out []Score
	for i, h := range t.horizons {
		sum := cell{levels: make([]levelSums, len(t.cfg.Levels))}
		for _, d := range t.days {
			sum.plus(&d.cells[i])
		}
		if sum.n == 0 {
			continue
		}
		s := Score{
			Horizon: time.Duration(h) * t.cfg.Step, Forecasts: sum.n,
			AbsoluteError: sum.absolute / float64(sum.n),
		}
		for l, p := range t.cfg.Levels {
			s.Levels = append(s.Levels, LevelScore{
				P: p, Coverage: float64(sum.levels[l].covered) / float64(sum.n), PinballRatio: sum.levels[l].ratio(),
			})
		}
		out = append(out, s)
	}
	return out
}

func (s levelSums) ratio() float64 {
	if s.naive <= 0 {
		return math.NaN()
	}
	return s.loss / s.naive
}
