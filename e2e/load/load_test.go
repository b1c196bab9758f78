package load

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestDay(t *testing.T) {
	rise := time.Date(2026, 3, 1, 23, 59, 30, 0, time.UTC)
	again := rise.Add(10 * time.Minute)
	d := Day{Rises: []time.Time{rise, again}, Ramp: 20 * time.Second, Hold: time.Minute, Base: 100, Peak: 500}
	for _, tc := range []struct {
		name string
		at   time.Duration
		want float64
	}{
		{"flat before the rise", -time.Second, 100},
		{"half way up", 10 * time.Second, 300},
		{"at the peak from the end of the ramp", 20 * time.Second, 500},
		{"at the peak until the way down", 80 * time.Second, 500},
		{"half way down", 90 * time.Second, 300},
		{"flat again", 100 * time.Second, 100},
		{"half way up the second rise of the day", 610 * time.Second, 300},
		{"the same a day later, over midnight", 24*time.Hour + 90*time.Second, 300},
		{"the same two weeks before", -14*24*time.Hour + 10*time.Second, 300},
	} {
		t.Run(tc.name, func(t *testing.T) {
			require.InDelta(t, tc.want, d.At(rise.Add(tc.at)), 1e-9)
		})
	}
}

func TestSourceMayBeTakenOver(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	s := NewSource(func(t time.Time) float64 { return float64(t.Unix()) })
	require.InDelta(t, float64(at.Unix()), s.At(at), 0)
	s.Hold(7)
	require.InDelta(t, 7, s.At(at), 0)
}
