package forecast_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata" // the machine may have none

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

// localLoad is a load that follows the clocks of a place: quiet nights, two
// peaks a day, half of it on Saturdays and Sundays.
func localLoad(at time.Time) float64 {
	h := float64(at.Hour()) + float64(at.Minute())/60
	v := 100 + 80*math.Exp(-(h-10)*(h-10)/4) + 120*math.Exp(-(h-19)*(h-19)/3)
	if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
		v /= 2
	}
	return v
}

// seriesOf samples a load of local times, with noise, for some days up to end.
func seriesOf(end time.Time, days int, step time.Duration, loc *time.Location, load func(time.Time) float64) forecast.Series {
	rng := rand.New(rand.NewPCG(1, 2))
	n := int(time.Duration(days) * 24 * time.Hour / step)
	s := forecast.Series{Start: end.Add(-time.Duration(n-1) * step).UTC(), Step: step}
	for i := range n {
		s.Values = append(s.Values, load(s.Time(i).In(loc))*(1+0.02*rng.NormFloat64()))
	}
	return s
}

// missed is the mean distance of a day's forecast from the load, as a share.
func missed(t *testing.T, s forecast.Series, cfg forecast.Config, loc *time.Location, load func(time.Time) float64) (share, covered float64) {
	t.Helper()
	fit, err := forecast.Fit(s, cfg)
	require.NoError(t, err)
	steps := int(24 * time.Hour / s.Step)
	f, err := fit.Forecast(s, steps, []float64{0.1, 0.5, 0.95})
	require.NoError(t, err)
	require.Len(t, f.Point, steps)
	require.Equal(t, s.Origin(), f.Origin)
	sum := 0.0
	for i, v := range f.Point {
		want := load(s.Time(len(s.Values) + i).In(loc))
		sum += math.Abs(v-want) / want
		if want <= f.Quantiles[2][i] {
			covered++
		}
		require.LessOrEqual(t, f.Quantiles[0][i], f.Quantiles[1][i])
		require.LessOrEqual(t, v, f.Quantiles[1][i])
		require.LessOrEqual(t, f.Quantiles[1][i], f.Quantiles[2][i])
	}
	_, err = f.Peak(0.95, f.Origin, f.End())
	require.NoError(t, err)
	return sum / float64(steps), covered / float64(steps)
}

func TestForecastFollowsTheClock(t *testing.T) {
	for _, c := range []struct{ zone, change string }{
		{"Europe/Berlin", "2026-03-29T01:00:00Z"},
		{"Europe/Berlin", "2026-10-25T01:00:00Z"},
		{"America/New_York", "2026-03-08T07:00:00Z"},
		{"America/New_York", "2026-11-01T06:00:00Z"},
		{"Australia/Lord_Howe", "2026-04-04T15:00:00Z"},
		{"Australia/Lord_Howe", "2026-10-03T15:30:00Z"},
	} {
		loc := zone(t, c.zone)
		change, err := time.Parse(time.RFC3339, c.change)
		require.NoError(t, err)
		_, bound := change.Add(-time.Second).In(loc).ZoneBounds()
		require.True(t, bound.Equal(change), "%s changes at %s", c.zone, bound.UTC())
		for _, after := range []time.Duration{-13 * time.Hour, -90 * time.Minute, -30 * time.Minute, 10 * time.Minute, 45 * time.Minute, 5 * time.Hour, 30 * time.Hour, 4 * 24 * time.Hour} {
			t.Run(fmt.Sprintf("%s %s %v after", c.zone, c.change, after), func(t *testing.T) {
				s := seriesOf(change.Add(after), 28, 5*time.Minute, loc, localLoad)
				known, covered := missed(t, s, forecast.Config{Location: loc}, loc, localLoad)
				utc, _ := missed(t, s, forecast.Config{}, loc, localLoad)
				t.Logf("mean error %.4f, in UTC %.4f; covered %.3f", known, utc, covered)
				require.Less(t, known, 0.025)
				require.Greater(t, covered, 0.9)
				if c.zone != "Australia/Lord_Howe" {
					require.Less(t, known, utc/3)
				}
			})
		}
	}
}
