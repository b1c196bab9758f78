package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestASpikeRisesHoldsAndFalls(t *testing.T) {
	s := Spike{Start: at(2 * time.Minute), Length: 3 * time.Minute, Factor: 3}
	flat := minutes(10, 10, 10, 10, 10, 10, 10, 10)
	got, err := s.Apply(flat)
	require.NoError(t, err)
	require.Equal(t, []float64{10, 10, 20, 30, 30, 20, 10, 10}, got.Values)
	exactly(t, 10, flat.Values[3], "the given series stays as it is")
	require.Equal(t, Span{at(2 * time.Minute), at(6 * time.Minute)}, s.Span())
	for i, v := range got.Values {
		require.Equal(t, v != 10, s.Span().Contains(got.Time(i)), "value %d", i)
	}
}

func TestASpikeBelowOneIsADip(t *testing.T) {
	got, err := Spike{Start: t0, Length: time.Minute, Factor: 0}.Apply(minutes(10, 10))
	require.NoError(t, err)
	require.Equal(t, []float64{5, 5}, got.Values)
}

func TestASpikeOutsideOfTheReplayIsRefused(t *testing.T) {
	for _, c := range []struct {
		name  string
		spike Spike
		want  string
	}{
		{"too early", Spike{at(-time.Minute), time.Minute, 2}, "inject spike: it lasts from 2024-05-05T23:59:00Z to 2024-05-06T00:01:00Z, the replay from 2024-05-06T00:00:00Z to 2024-05-06T00:03:00Z: write a start and a length inside the replay"},
		{"too long", Spike{t0, 3 * time.Minute, 2}, "inject spike: it lasts from 2024-05-06T00:00:00Z to 2024-05-06T00:04:00Z, the replay from 2024-05-06T00:00:00Z to 2024-05-06T00:03:00Z: write a start and a length inside the replay"},
		{"shorter than its ramp", Spike{t0, time.Second, 2}, "inject spike: length 1s: write a duration of at least 1m0s"},
		{"negative", Spike{t0, time.Minute, -2}, "inject spike: factor -2: write a number of at least 0, such as 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := c.spike.Apply(minutes(1, 1, 1))
			require.EqualError(t, err, c.want)
		})
	}
}
