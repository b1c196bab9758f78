package forecast_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func TestFitsSayAgainWhatTheySaid(t *testing.T) {
	s := traffic(16*288, 5*time.Minute)
	levels := []float64{0.9}
	fits := forecast.Fits{Window: 14 * 24 * time.Hour, KeepsPast: true}
	upTo := func(i int) forecast.Series { return s.Between(s.Start, s.Time(i)) }
	said, err := fits.Forecast(upTo(15*288-40), 12, levels)
	require.NoError(t, err)
	yesterday := fits.Current()
	require.Nil(t, fits.Past())
	_, err = fits.Forecast(upTo(15*288+200), 12, levels)
	require.NoError(t, err)
	require.NotSame(t, yesterday, fits.Current())
	require.Same(t, yesterday, fits.Past())

	today := fits.Current()
	again, err := fits.Again(upTo(15*288-40), 12, levels)
	require.NoError(t, err)
	require.Equal(t, said, again)
	fits.ForgetPast()
	again, err = fits.Again(upTo(15*288-40), 12, levels)
	require.NoError(t, err)
	require.Equal(t, said, again, "fitted anew")
	require.Same(t, today, fits.Current())
	_, err = fits.Again(upTo(15*288+199), 12, levels)
	require.NoError(t, err)
	require.Nil(t, fits.Past(), "the current fit serves")
}

func TestFitsOfNothingButTheNewestValues(t *testing.T) {
	s := traffic(8*288, 5*time.Minute)
	origin := forecast.FitOrigin(s)
	for i := range s.Values {
		if !s.Time(i).After(origin) {
			s.Values[i] = math.NaN()
		}
	}
	fits := forecast.Fits{Window: forecast.Window, KeepsPast: true}
	before := s
	before.Values = s.Values[:len(s.Values)-1]
	_, err := fits.Forecast(before, 3, []float64{0.9})
	require.NoError(t, err)
	first := fits.Current()
	_, err = fits.Forecast(s, 3, []float64{0.9})
	require.NoError(t, err)
	require.NotSame(t, first, fits.Current(), "the next value makes them more")
}
