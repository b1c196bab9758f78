package forecast

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// packable is a load of minutes with a job at a fixed minute and noise.
func packable(days int) Series {
	s := Series{Start: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC), Step: time.Minute, Values: make([]float64, days*1440+77)}
	state := uint64(7)
	for i := range s.Values {
		state = state*6364136223846793005 + 1442695040888963407
		noise := float64(state>>40)/(1<<24) - 0.5
		s.Values[i] = 100 + 60*math.Sin(2*math.Pi*float64(i)/1440) + 15*math.Cos(2*math.Pi*float64(i)/10080) + 20*noise
		if i%1440 == 720 {
			s.Values[i] += 400
		}
	}
	return s
}

// unpacked fits s and returns what was learnt, before and after it was packed.
func unpacked(t *testing.T, s Series) (f *Fitted, before, after learnt) {
	t.Helper()
	f, err := Fit(s, Config{})
	require.NoError(t, err)
	h, _, _ := newHistory(s.Values, f.seasons, f.unit)
	r := newRolling(h, f.choose(Config{}.withDefaults()))
	before = learnt{bands: h.bands, swings: h.swings}
	f.tabulate(h, r, &before)
	for _, horizon := range horizons((f.n-r.start)/3, f.seasons) {
		l, ok := r.learn(horizon)
		require.True(t, ok)
		before.layers = append(before.layers, l)
	}
	before.peaks = r.learnPeaks(before.layers)
	return f, before, f.unpack(new(arena), before.tableStart, f.n+2*f.day)
}

func TestPackedFitSaysTheSame(t *testing.T) {
	f, before, after := unpacked(t, packable(16))
	require.Equal(t, before.tableStart, after.tableStart)
	for k, want := range before.tables {
		if want == nil {
			require.Nil(t, after.tables[k])
			continue
		}
		spread := 0.0 // of neighbouring steps
		for i := range want[1:] {
			spread = max(spread, math.Abs(want[i+1]-want[i]))
		}
		for i, v := range want[:min(len(want), len(after.tables[k]))] {
			require.InDelta(t, v, after.tables[k][i], float64(f.half)*spread/2+1e-4, "%s at step %d", f.models[k].name, i)
			if i%f.half == 0 {
				require.InDelta(t, v, after.tables[k][i], 1e-4, "knot %d of %s", i/f.half, f.models[k].name)
			}
		}
	}
	require.InDeltaSlice(t, before.swings.byPhase, after.swings.byPhase, 1e-4)
	require.Len(t, after.layers, len(before.layers))
	for i, want := range before.layers {
		got := after.layers[i]
		require.Equal(t, want.horizon, got.horizon)
		require.InDeltaSlice(t, want.weights, got.weights, 1e-6)
		require.InDeltaSlice(t, want.scale, got.scale, 1e-4)
		for k := range want.beta {
			require.InDeltaSlice(t, want.beta[k][:], got.beta[k][:], 1e-6)
		}
		require.InDeltaSlice(t, want.pool.q[:], got.pool.q[:], 1e-3)
		require.IsNonDecreasing(t, got.pool.q[:])
	}
	require.Len(t, after.peaks, len(before.peaks))
}

// What a fit takes for ordinary is ordinary for its forecasts.
func TestPackedBandsAreNoTighter(t *testing.T) {
	_, before, after := unpacked(t, packable(16))
	for p := range before.bands.lo {
		require.LessOrEqual(t, after.bands.lo[p], before.bands.lo[p])
		require.GreaterOrEqual(t, after.bands.hi[p], before.bands.hi[p])
		require.InDelta(t, before.bands.hi[p], after.bands.hi[p], 0.1)
	}
	bands := bands{lo: []float64{math.Inf(-1), 1}, hi: []float64{math.Inf(1), 2}}
	w := packer{}
	w.bound(bands.lo, -1)
	w.bound(bands.hi, 1)
	r := unpacker{code: w.code, arena: new(arena)}
	bands.lo, bands.hi = r.bound(2), r.bound(2)
	require.Equal(t, 0, bands.side(1e300, 0), "a phase without a band has no anomalies")
	require.InDelta(t, 1e300, bands.clip(1e300, 0), 0)
	require.Equal(t, 1, bands.side(2.1, 1))
}

// A part of the tables is that part of all of them, on the second day too, which
// repeats the first for models that look back whole days.
func TestUnpackedPartsAgree(t *testing.T) {
	f, err := Fit(packable(16), Config{})
	require.NoError(t, err)
	first := f.packed.tableStart
	end := f.n + 2*f.day
	all := f.unpack(new(arena), first, end)
	for _, part := range [][2]int{{first, first + 1}, {f.n - 3, f.n + 80}, {f.n + 1400, f.n + 1500}, {f.n + 2000, end}} {
		got := f.unpack(new(arena), part[0], part[1])
		for k := range all.tables {
			if all.tables[k] != nil {
				require.Equal(t, all.tables[k][part[0]-first:part[1]-first], got.tables[k], fmt.Sprint(f.models[k].name, part))
			}
		}
	}
}

func TestStateOfFourWeeksOfMinutesIsSmall(t *testing.T) {
	s := packable(29)
	state, err := NewState(s.Step, Window, Config{})
	require.NoError(t, err)
	for i, v := range s.Values {
		require.NoError(t, state.Add(s.Time(i), v))
	}
	require.NoError(t, state.Refit())
	require.LessOrEqual(t, state.Samples().Size()+cap(state.fits.current.packed.code), 61<<10)
}
