package forecast

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// walked is a load whose days have two heights, with gaps and a jump in its end.
func walked() (*rolling, []layer) {
	const m = 96
	next := noise()
	x := days(12, m, func(d, p int) float64 {
		height := 1 + 0.5*math.Sin(2*math.Pi*float64(p)/m)
		if d%3 == 2 {
			height *= 0.3
		}
		return 50 * height * (1 + 0.2*next())
	})
	for i := 7 * m; i < 7*m+9; i++ {
		x[i] = math.NaN()
	}
	for i := len(x) - 20; i < len(x); i++ {
		x[i] *= 6
	}
	h, _, _ := newHistory(x, seasonsOf(15*time.Minute), unitOf(x))
	f := Fitted{seasons: h.seasons, n: len(x)}
	r := newRolling(h, f.choose(Config{Model: Auto}))
	var layers []layer
	for _, horizon := range horizons(peakReach, seasons{day: m}) {
		if l, ok := r.learn(horizon); ok {
			layers = append(layers, l)
		}
	}
	return r, layers
}

// A walk says what blending the models one by one at each step says.
func TestWalkBlends(t *testing.T) {
	r, layers := walked()
	w := newWalk(r, layers)
	for i, o := range r.origins {
		for at, got := range w.blend(r, i) {
			h := at + 1
			a, frac := locate(layers, h)
			b := min(a+1, len(layers)-1)
			want := 0.0
			for k, m := range r.models {
				move := 0.0
				if m.corrected {
					move = lerp(dot(&layers[a].beta[k], &r.feats[k][i]), dot(&layers[b].beta[k], &r.feats[k][i]), frac)
					if jump := r.jumps[k].of(i); jump != nil {
						move = jump.carry(move, h)
					}
					if m.season(r.h.seasons) > 0 {
						move *= r.h.swings.at(o + h)
					}
				}
				want += lerp(layers[a].weights[k], layers[b].weights[k], frac) * (r.base(k, o+h, o) + move)
			}
			if want == want {
				require.InDelta(t, want, got, 1e-9, "origin %d, %d steps ahead", o, h)
			}
		}
	}
}

// What the top of a window was off is taken in the spread of a step.
func TestPeaksAreScaledAsStepsAre(t *testing.T) {
	r, layers := walked()
	w := newWalk(r, layers)
	grows := false
	for i := range r.origins {
		blend := w.blend(r, i)
		scores := make([][]float64, len(layers))
		r.scorePeaks(i, blend, layers, scores)
		if len(scores[0]) == 0 {
			continue
		}
		l := &layers[0] // of one step: its own residual
		require.Equal(t, 1, l.horizon)
		o := r.origins[i]
		grown := r.grownAt(l, i, blend[0])
		require.InEpsilon(t, growth(l.gamma, r.unrest.at(i), l.delta, r.loud.of(blend[0])), grown, 0.1, "all coefficients, and those of the other fold")
		spread := grown * r.bins.at(l.scale, phaseOf(r.phase[i]+1, r.phases()))
		require.InDelta(t, (r.h.raw[o+1]-blend[0])/spread, scores[0][0], 1e-9)
		grows = grows || math.Abs(l.delta*r.loud.of(blend[0])) > 0.1
	}
	require.True(t, grows, "the load has no heights to tell apart")
}
