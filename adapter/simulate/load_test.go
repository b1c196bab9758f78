package simulate

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func TestLoadHoldsAValueUntilTheNext(t *testing.T) {
	l := mustLoad(t, minutes(1, 2, 3))
	for _, c := range []struct {
		at   time.Duration
		want float64
	}{
		{-time.Hour, 1}, {0, 1}, {time.Minute - 1, 1}, {time.Minute, 2}, {3*time.Minute - 1, 3}, {time.Hour, 3},
	} {
		exactly(t, c.want, l.At(at(c.at)), "load at "+c.at.String())
		got, err := l.Read(at(c.at))
		require.NoError(t, err)
		exactly(t, c.want, got, "metric at "+c.at.String())
	}
	require.Equal(t, t0, l.Start())
	require.Equal(t, at(3*time.Minute), l.End())
}

func TestLoadNamesTheNextChange(t *testing.T) {
	l := mustLoad(t, minutes(1, 2, 3), Span{at(70 * time.Second), at(80 * time.Second)})
	limit := at(time.Hour)
	for _, c := range []struct{ from, want time.Duration }{
		{-time.Minute, 0},
		{0, time.Minute},
		{30 * time.Second, time.Minute},
		{time.Minute, 70 * time.Second},
		{70 * time.Second, 80 * time.Second},
		{80 * time.Second, 2 * time.Minute},
	} {
		require.Equal(t, at(c.want), l.next(at(c.from), limit), "from %v", c.from)
	}
	require.Equal(t, at(time.Second), l.next(t0, at(time.Second)), "the limit comes first")
}

func TestASpanHoldsItsStartAndNotItsEnd(t *testing.T) {
	l := mustLoad(t, minutes(1), Span{at(time.Second), at(2 * time.Second)})
	require.False(t, l.Unforeseen(t0))
	require.True(t, l.Unforeseen(at(time.Second)))
	require.False(t, l.Unforeseen(at(2*time.Second)))
}

func TestLoadRefusesWhatIsNoLoad(t *testing.T) {
	for _, c := range []struct {
		name   string
		series forecast.Series
		want   string
	}{
		{"empty", minutes(), "read load: no values from 2024-05-06 00:00:00 +0000 UTC on"},
		{"gap", minutes(1, math.NaN()), "read load: value NaN at 2024-05-06 00:01:00 +0000 UTC: write a number of at least 0"},
		{"negative", minutes(-1), "read load: value -1 at 2024-05-06 00:00:00 +0000 UTC: write a number of at least 0"},
		{"no step", forecast.Series{Values: []float64{1}}, "read load: series step 0s: write a positive duration"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := NewLoad(c.series)
			require.EqualError(t, err, c.want)
		})
	}
}
