package forecast

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestJump(t *testing.T) {
	const limit = 10
	for _, tc := range []struct {
		name       string
		deviations []float64
		h          int
		want       float64 // of a deviation that the averages put at 1
	}{
		{"ordinary deviations make no jump", []float64{5, -5, 9, 9, 9}, 1, 1},
		{"one or two unusual ones are noise", []float64{0, 100, 100}, 1, 1},
		{"three in a row are carried by 4r/(4r+h)", []float64{0, 100, 100, 100}, 12, 1 + 99*0.5},
		{"far ahead little of a short run is left", []float64{100, 100, 100}, 1188, 1 + 99*0.01},
		{"one ordinary value takes back four", []float64{100, 100, 100, 100, 0}, 1, 1},
		{"a long run outlives one ordinary value", []float64{100, 100, 100, 100, 100, 100, 100, 0}, 12, 1 + 99*0.5},
		{"and one on the other side", []float64{100, 100, 100, 100, 100, 100, 100, -100}, 12, 1 + 99*0.5},
		{"a change of sides starts anew", []float64{100, 100, 100, -100, -100}, 1, 1},
		{"a drop is carried as a rise is", []float64{-100, -100, -100}, 12, 1 - 101*0.5},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var j jump
			for _, d := range tc.deviations {
				j.add(d, min(max(d, -limit), limit))
			}
			require.InDelta(t, tc.want, j.carry(1, tc.h), 1e-9)
		})
	}
}
