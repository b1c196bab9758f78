package quality

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// moody has skill on the days that it is told: it knows the load, or lies far
// above it.
func moody(good func(day int) bool) Predict {
	return func(known forecast.Series, horizon int, levels []float64) (forecast.Forecast, error) {
		f := forecast.Forecast{Origin: known.Origin(), Step: known.Step, Levels: levels, Quantiles: make([][]float64, len(levels))}
		off := 100_000.0
		if good(int(known.Origin().Sub(monday.AddDate(0, 0, -30)) / day)) {
			off = 0
		}
		for i := range horizon {
			v := wave(known.Origin().Add(time.Duration(i+1)*step)) + off
			f.Point = append(f.Point, v)
			for l := range levels {
				f.Quantiles[l] = append(f.Quantiles[l], v)
			}
		}
		return f, nil
	}
}

// verdicts are those of ten days in a row, B for a fallback and . for none.
func verdicts(t *testing.T, days string, load func(time.Time) float64) string {
	t.Helper()
	good := func(day int) bool { return day < 30 || day >= 30+len(days) || days[day-30] != '-' }
	tr, out := New(config()), make([]byte, len(days))
	for i := range days {
		end := monday.AddDate(0, 0, i+1).Add(4 * time.Hour)
		for range Days + 2 {
			tr.Advance(series(monday.AddDate(0, 0, -20), end, load), moody(good))
		}
		if tr.Verdict().Fallback {
			out[i] = 'B'
		} else {
			out[i] = '.'
		}
	}
	return string(out)
}

func TestVerdict(t *testing.T) {
	for _, tt := range []struct{ name, days, want string }{
		{"two bad days are forgiven", "--++--++", "........"},
		{"the third falls back", "---+++", "..BB.."},
		{"one good day does not return", "----+--+", "..BBBBBB"},
		{"two good days return", "-----++--+", "..BBBB...."},
		{"what is further back than a week counts for nothing", "---+-+-+-+-+", "..BBBBB....."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, verdicts(t, tt.days, wave)); diff != "" {
				t.Errorf("days %s (-want +got):\n%s", tt.days, diff)
			}
		})
	}
}

func TestADayOfGapsCountsForNothing(t *testing.T) {
	gaps := func(at time.Time) float64 {
		if !at.Before(monday.AddDate(0, 0, 2)) && at.Before(monday.AddDate(0, 0, 3)) {
			return math.NaN()
		}
		return wave(at)
	}
	// Nor does the day after, which has no yesterday.
	if diff := cmp.Diff("....BB.", verdicts(t, "-----++", gaps)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAForecastOfALoadThatRepeatsNeedsNoSkill(t *testing.T) {
	// Yesterday is never wrong, and a forecast that is off by a hundredth is as good.
	same := func(at time.Time) float64 { return 1000 + 400*math.Sin(2*math.Pi*float64(at.Hour())/24) }
	near := func(known forecast.Series, horizon int, levels []float64) (forecast.Forecast, error) {
		f, err := asNow(known, horizon, levels)
		for i := range horizon {
			f.Quantiles[0][i] = 1.01 * same(known.Origin().Add(time.Duration(i+1)*step))
		}
		return f, err
	}
	if v := caughtUp(t, series(monday.AddDate(0, 0, -16), monday, same), near).Verdict(); v.Fallback {
		t.Errorf("fell back with skill %v", v.Skill)
	}
}
