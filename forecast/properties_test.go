package forecast_test

import (
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// anySeries draws a load of up to nine days at ten minutes: a cycle, noise,
// spikes, shifts, runs of gaps.
func anySeries(t *rapid.T) forecast.Series {
	n := rapid.IntRange(1, 9*144+50).Draw(t, "n")
	// Not below the normal numbers: halves of those are rounded.
	level := max(rapid.Float64Range(0, 1000).Draw(t, "level"), 1e-100)
	swing := rapid.Float64Range(0, 1).Draw(t, "swing")
	noise := rapid.Float64Range(0, 1).Draw(t, "noise")
	state := rapid.Uint64().Draw(t, "seed")
	next := func() float64 {
		state = state*6364136223846793005 + 1442695040888963407
		return float64(state>>40) / (1 << 24)
	}
	s := forecast.Series{Start: time.Unix(1_700_000_000, 0).UTC(), Step: 10 * time.Minute, Values: make([]float64, n)}
	for i := range s.Values {
		s.Values[i] = level * (1 + swing*math.Sin(2*math.Pi*float64(i)/144) + noise*(next()-0.5))
		if next() < 0.003 {
			s.Values[i] *= 50
		}
		s.Values[i] = max(s.Values[i], 0)
	}
	for range rapid.IntRange(0, 4).Draw(t, "gaps") {
		at := rapid.IntRange(0, n-1).Draw(t, "gap at")
		for i := range rapid.IntRange(0, min(200, n-at)).Draw(t, "gap of") {
			s.Values[at+i] = math.NaN()
		}
	}
	if rapid.Bool().Draw(t, "shift") {
		for i := rapid.IntRange(0, n-1).Draw(t, "shift at"); i < n; i++ {
			s.Values[i] *= 3
		}
	}
	return s
}

var wide = []float64{0.05, 0.5, 0.9, 0.95, 0.99, 0.999}

func run(t require.TestingT, fitOn, s forecast.Series, horizon int) (forecast.Forecast, bool) {
	fit, err := forecast.Fit(fitOn, forecast.Config{})
	if err != nil {
		require.ErrorIs(t, err, forecast.ErrNoData)
		return forecast.Forecast{}, false
	}
	f, err := fit.Forecast(s, horizon, wide)
	if err != nil {
		require.ErrorIs(t, err, forecast.ErrNoData)
		return forecast.Forecast{}, false
	}
	return f, true
}

// sane holds the invariants that doc.go promises.
func sane(t require.TestingT, s forecast.Series, f forecast.Forecast) {
	most := s.Max()
	for i, p := range f.Point {
		below := math.Inf(-1)
		require.False(t, math.IsNaN(p) || math.IsInf(p, 0), "point %d is %v", i, p)
		for l, level := range f.Levels {
			q := f.Quantiles[l][i]
			require.False(t, math.IsNaN(q) || math.IsInf(q, 0), "quantile %v of step %d is %v", level, i, q)
			require.GreaterOrEqual(t, q, below, "quantiles cross at step %d", i)
			if level >= 0.5 {
				require.GreaterOrEqual(t, q, p, "quantile %v of step %d lies below the point", level, i)
			}
			if s.Min() >= 0 {
				require.GreaterOrEqual(t, q, 0.0)
				require.LessOrEqual(t, q/3, most*(1+1e-15))
			}
			below = q
		}
	}
	for l, level := range f.Levels {
		most, err := f.Max(level, f.Origin, f.End())
		require.NoError(t, err)
		peak, err := f.Peak(level, f.Origin, f.End())
		require.NoError(t, err)
		require.Equal(t, slices.Max(f.Quantiles[l]), most)
		require.GreaterOrEqual(t, peak, most)
		require.False(t, math.IsInf(peak, 0) || math.IsNaN(peak))
	}
	sum := 0.0
	for _, w := range f.Weights {
		sum += w.Value
	}
	require.InDelta(t, 1, sum, 1e-9)
}

func TestForecastsAreSane(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySeries(t)
		known := forecast.Series{Start: s.Start, Step: s.Step, Values: s.Values[:rapid.IntRange(0, len(s.Values)).Draw(t, "fit at")]}
		if f, ok := run(t, known, s, rapid.IntRange(1, 320).Draw(t, "horizon")); ok {
			sane(t, s, f)
		}
	})
}

func TestSameInputSameOutput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySeries(t)
		before := slices.Clone(s.Values)
		a, ok := run(t, s, s, 200)
		b, again := run(t, s, s, 200)
		require.Equal(t, ok, again)
		require.True(t, equal(a, b, 1))
		for i, v := range before {
			require.True(t, v == s.Values[i] || math.IsNaN(v) && math.IsNaN(s.Values[i]), "the series was written to")
		}
	})
}

// equal says whether b is a times scale, bit for bit.
func equal(a, b forecast.Forecast, scale float64) bool {
	if len(a.Point) != len(b.Point) {
		return false
	}
	for i := range a.Point {
		if a.Point[i]*scale != b.Point[i] {
			return false
		}
		for l := range a.Levels {
			if a.Quantiles[l][i]*scale != b.Quantiles[l][i] {
				return false
			}
		}
	}
	return true
}

func TestScaleAndTimeAreNoInformation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySeries(t)
		want, ok := run(t, s, s, 150)
		if !ok {
			return
		}
		scale := math.Ldexp(1, rapid.IntRange(-40, 40).Draw(t, "scale"))
		scaled := forecast.Series{Start: s.Start, Step: s.Step, Values: slices.Clone(s.Values)}
		for i := range scaled.Values {
			scaled.Values[i] *= scale
		}
		got, _ := run(t, scaled, scaled, 150)
		require.True(t, equal(want, got, scale), "a load in another unit is forecast in that unit")

		weeks := time.Duration(rapid.IntRange(-50, 50).Draw(t, "weeks")) * 7 * 24 * time.Hour
		moved := forecast.Series{Start: s.Start.Add(weeks), Step: s.Step, Values: s.Values}
		got, _ = run(t, moved, moved, 150)
		require.Equal(t, want.Origin.Add(weeks), got.Origin)
		require.True(t, equal(want, got, 1), "a load some weeks later is forecast some weeks later")
	})
}

// Another unit that is no power of two costs what packing a fit does.
func TestUnitIsNoInformation(t *testing.T) {
	for _, step := range []time.Duration{5 * time.Minute, time.Hour} {
		s := proportional(int(9*24*time.Hour/step), step)
		want, _ := run(t, s, s, int(24*time.Hour/step))
		for _, scale := range []float64{1.1, 1.6, 1e6, 1e-6} {
			scaled := forecast.Series{Start: s.Start, Step: s.Step, Values: slices.Clone(s.Values)}
			for i := range scaled.Values {
				scaled.Values[i] *= scale
			}
			got, _ := run(t, scaled, scaled, int(24*time.Hour/step))
			for i, v := range want.Point {
				require.InDelta(t, v, got.Point[i]/scale, 0.03, "%v: step %d of a load around 100, times %g", step, i, scale)
				for l := range want.Levels {
					require.InDelta(t, want.Quantiles[l][i], got.Quantiles[l][i]/scale, 0.03, "%v: step %d of a load around 100, times %g", step, i, scale)
				}
			}
		}
	}
}

// proportional is a load around 100 that is as noisy as it is high.
func proportional(points int, step time.Duration) forecast.Series {
	s := traffic(points, step)
	next := uint64(7)
	for i := range s.Values {
		next = next*6364136223846793005 + 1442695040888963407
		days := float64(i) * step.Hours() / 24
		level := 1 + 0.8*math.Sin(2*math.Pi*days) + 0.5*math.Sin(2*math.Pi*days/3.7)
		s.Values[i] = 60 * max(level, 0.05) * (0.5 + float64(next>>40)/(1<<24))
	}
	return s
}

// Values after the origin are not there to be seen: a longer slice with the
// same beginning forecasts the same.
func TestForecastDoesNotLookAhead(t *testing.T) {
	s := traffic(12*288, 5*time.Minute)
	cut := 11*288 + 77
	known := s.Values[:cut:cut]
	want, _ := run(t, forecast.Series{Start: s.Start, Step: s.Step, Values: known}, forecast.Series{Start: s.Start, Step: s.Step, Values: known}, 100)
	for i := cut; i < len(s.Values); i++ {
		s.Values[i] = -1e9
	}
	got, _ := run(t, forecast.Series{Start: s.Start, Step: s.Step, Values: s.Values[:cut]}, forecast.Series{Start: s.Start, Step: s.Step, Values: s.Values[:cut]}, 100)
	require.True(t, equal(want, got, 1))
}

// fuzzedSeries repeats a pattern of bytes: 255 is a gap, 254 an infinity, which
// the caller marks as a gap, 253 a reset, 252 a run of gaps, 251 is 1e300.
func fuzzedSeries(pattern []byte, offset, scale float64, step time.Duration, repeat int) forecast.Series {
	s := forecast.Series{Start: time.Unix(0, 0).UTC(), Step: step}
	for r := 0; r <= repeat && len(s.Values) < fuzzedMost; r++ {
		for i, b := range pattern {
			v := offset + scale*float64(b)
			switch b {
			case 255:
				v = math.NaN()
			case 254:
				v = math.Inf(1 - 2*(r&1))
			case 253:
				v = scale * float64(r*i%17)
			case 252:
				s.Values = append(s.Values, slices.Repeat([]float64{math.NaN()}, r%97)...)
				continue
			case 251:
				v = 1e300
			}
			s.Values = append(s.Values, v)
		}
	}
	return s
}

// fuzzedMost is about ten years of daily values.
const fuzzedMost = 4000

func FuzzForecast(f *testing.F) {
	add := func(pattern []byte, offset, scale float64, step time.Duration, horizon, repeat uint16) {
		f.Add(pattern, offset, scale, uint32(step/time.Second), horizon, repeat)
	}
	add([]byte{1}, 0, 1, time.Minute, 5, 0)
	add([]byte{1, 2}, 0, 1, time.Minute, 5, 0)
	add([]byte{0, 0, 0, 0}, 0, 1, time.Hour, 60, 700)
	add([]byte{255}, 0, 1, time.Minute, 5, 100)
	add([]byte{254, 1, 2}, 0, 1, time.Minute, 5, 300)
	add([]byte{7, 7, 255, 7}, 5, 0, 5*time.Minute, 30, 900)
	add([]byte{0, 1, 0, 0, 255, 255, 9}, 1e300, 1e300, 10*time.Minute, 200, 400)
	add([]byte{251, 1, 0, 3}, 0, 1, 5*time.Minute, 288, 900)
	add([]byte{9, 1, 4}, -3, 1e-310, 30*time.Minute, 9, 333)
	add([]byte{0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 9}, 0, 2, time.Minute, 60, 300)
	add([]byte{5, 9, 253, 40, 41, 44, 252, 3}, 0, 1, 5*time.Minute, 300, 500)
	add([]byte{5, 9, 120, 40, 41, 44, 80}, 0, 1, 24*time.Hour, 30, 570)  // ten years of days
	add([]byte{5, 9, 120, 40, 41, 44, 80}, 0, 1, 22*time.Hour, 500, 570) // no whole day
	add([]byte{1, 200, 3}, 0, 1e18, 18*time.Hour, 3, 50)
	f.Fuzz(func(t *testing.T, pattern []byte, offset, scale float64, stepSeconds uint32, horizon, repeat uint16) {
		if len(pattern) == 0 || stepSeconds == 0 || math.IsNaN(offset) || math.IsNaN(scale) {
			return
		}
		s := fuzzedSeries(pattern, offset, scale, time.Duration(stepSeconds)*time.Second, int(repeat)%1000)
		if s.Validate() != nil {
			_, err := forecast.Fit(s, forecast.Config{})
			require.ErrorContains(t, err, "is infinite: mark it as a gap (NaN)")
			for i, v := range s.Values {
				if math.IsInf(v, 0) {
					s.Values[i] = math.NaN()
				}
			}
		}
		half := forecast.Series{Start: s.Start, Step: s.Step, Values: s.Values[:(len(s.Values)+1)/2]}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, fitOn := range []forecast.Series{s, half} {
			if fc, ok := run(t, fitOn, s, int(horizon)%500+1); ok {
				sane(t, s, fc)
			}
		}
		runtime.ReadMemStats(&after)
		// A fit and a forecast hold some copies of the history, a curve for each model, and pools of 512 residuals.
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(64<<20))
	})
}
