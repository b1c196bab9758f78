package forecast_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func TestIncidents(t *testing.T) {
	const m = 288
	fitted := func(s forecast.Series, incidents ...forecast.Interval) forecast.Forecast {
		fit, err := forecast.Fit(s, forecast.Config{Incidents: incidents})
		require.NoError(t, err)
		f, err := fit.Forecast(s, m, levels)
		require.NoError(t, err)
		return f
	}
	hit := func(from, to int, v float64) forecast.Series {
		s := traffic(15*m, 5*time.Minute)
		for i := from; i < to; i++ {
			s.Values[i] = v
		}
		return s
	}
	told := func(s forecast.Series, from, to int) forecast.Interval {
		return forecast.Interval{From: s.Time(from), To: s.Time(to - 1)}
	}
	t.Run("is a gap", func(t *testing.T) {
		gap, s := hit(13*m, 14*m, math.NaN()), hit(13*m, 14*m, 5000)
		require.True(t, equal(fitted(gap), fitted(s, told(s, 13*m, 14*m)), 1))
		require.Equal(t, 5000.0, s.Values[13*m], "the series is not written to")
	})
	t.Run("that is not over is no gap", func(t *testing.T) {
		s := hit(15*m-9, 15*m, 5000)
		require.True(t, equal(fitted(s), fitted(s, told(s, 15*m-9, 15*m+50)), 1))
	})
	t.Run("elsewhere is nothing", func(t *testing.T) {
		s := traffic(15*m, 5*time.Minute)
		require.True(t, equal(fitted(s), fitted(s, told(s, -400, -3), told(s, 20*m, 21*m)), 1))
	})
	t.Run("the end before the beginning is refused", func(t *testing.T) {
		s := traffic(15*m, 5*time.Minute)
		_, err := forecast.Fit(s, forecast.Config{Incidents: []forecast.Interval{{From: s.Time(288), To: s.Time(0)}}})
		require.EqualError(t, err, "incident 2023-11-15T22:13:20Z to 2023-11-14T22:13:20Z: write an end that is not before its beginning")
	})
}
