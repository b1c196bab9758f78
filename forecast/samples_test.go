package forecast

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var anyStep = rapid.SampledFrom([]time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, 7 * time.Minute, time.Hour, 9 * time.Hour})

// anyValues draws loads of any size with gaps.
func anyValues(t *rapid.T, n int) []float64 {
	level := math.Exp(rapid.Float64Range(-30, 30).Draw(t, "level"))
	state := rapid.Uint64().Draw(t, "seed")
	values := make([]float64, n)
	for i := range values {
		state = state*6364136223846793005 + 1442695040888963407
		u := float64(state>>40) / (1 << 24)
		values[i] = level * (1 + math.Sin(float64(i)/40) + u)
		switch {
		case u < 0.02:
			values[i] = math.NaN()
		case u < 0.03:
			values[i] *= 40
		case u < 0.05:
			values[i] = 0
		}
	}
	return values
}

func fill(t require.TestingT, step time.Duration, length int, start time.Time, values []float64) *Samples {
	width := Wide
	if len(values)%2 == 1 {
		width = Narrow
	}
	return fillWidth(t, step, length, width, start, values)
}

func fillWidth(t require.TestingT, step time.Duration, length int, width Width, start time.Time, values []float64) *Samples {
	s, err := NewSamples(step, length, width)
	require.NoError(t, err)
	for i, v := range values {
		require.NoError(t, s.Add(start.Add(time.Duration(i)*step), v))
	}
	return s
}

// sameSeries compares values bit for bit; a gap equals a gap.
func sameSeries(t require.TestingT, want, got Series) {
	require.True(t, want.Start.Equal(got.Start), "%v and %v", want.Start, got.Start)
	require.Equal(t, want.Step, got.Step)
	require.Len(t, got.Values, len(want.Values))
	for i, v := range want.Values {
		require.True(t, v == got.Values[i] || v != v && got.Values[i] != got.Values[i], "value %d: %v and %v", i, v, got.Values[i])
	}
}

func TestSamplesReadBackNearly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		step := anyStep.Draw(t, "step")
		length := rapid.IntRange(1, 900).Draw(t, "length")
		values := anyValues(t, rapid.IntRange(1, 2000).Draw(t, "n"))
		start := time.Unix(rapid.Int64Range(-1e9, 3e9).Draw(t, "start"), 0).UTC()
		s := fill(t, step, length, start, values)
		got := s.Series()
		require.Len(t, got.Values, s.Len())
		require.GreaterOrEqual(t, s.Len(), min(length, len(values)))
		require.Less(t, s.Len(), length+s.block)
		require.True(t, got.Origin().Equal(start.Add(time.Duration(len(values)-1)*step)))
		require.True(t, s.End().Equal(got.Origin()))
		known := values[len(values)-s.Len():]
		for i, v := range known {
			if v != v {
				require.True(t, math.IsNaN(got.Values[i]), "a gap became %v", got.Values[i])
				continue
			}
			lo, hi := math.Inf(1), math.Inf(-1)
			for _, w := range values[max(0, len(values)-s.Len()+i-s.block):min(len(values), len(values)-s.Len()+i+s.block)] {
				if w == w {
					lo, hi = min(lo, w), max(hi, w)
				}
			}
			require.InDelta(t, v, got.Values[i], (hi-lo)/s.width.most()*1.0001)
			require.GreaterOrEqual(t, got.Values[i], 0.0)
		}
	})
}

// What is read depends on the values alone: not on how much lay before them,
// not on whether they were coded already, not on a pause in between.
func TestSamplesAreAFunctionOfTheValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		step := anyStep.Draw(t, "step")
		length := rapid.IntRange(1, 900).Draw(t, "length")
		values := anyValues(t, rapid.IntRange(1, 2000).Draw(t, "n"))
		start := time.Unix(rapid.Int64Range(-1e9, 3e9).Draw(t, "start"), 0).UTC()
		fed := fill(t, step, length, start, values)

		late := len(values) - min(len(values), length+2*fed.block)
		again := fillWidth(t, step, length, fed.width, start.Add(time.Duration(late)*step), values[late:])
		sameSeries(t, fed.Series(), again.Series())

		cut := rapid.IntRange(0, len(values)-1).Draw(t, "checkpoint after")
		half := fillWidth(t, step, length, fed.width, start, values[:cut])
		raw, err := half.MarshalBinary()
		require.NoError(t, err)
		var restored Samples
		require.NoError(t, restored.UnmarshalBinary(raw))
		sameSeries(t, half.Series(), restored.Series())
		for i, v := range values[cut:] {
			require.NoError(t, restored.Add(start.Add(time.Duration(cut+i)*step), v))
		}
		sameSeries(t, fed.Series(), restored.Series())
		require.Equal(t, math.Float64bits(fed.Newest()), math.Float64bits(restored.Newest()))
	})
}

func TestSamplesTakeCorrections(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		step := anyStep.Draw(t, "step")
		values := anyValues(t, rapid.IntRange(1, 1500).Draw(t, "n"))
		start := time.Unix(1_700_000_000, 0).UTC()
		s := fill(t, step, 900, start, values)
		at := rapid.IntRange(-50, len(values)+10).Draw(t, "at")
		fresh := anyValues(t, rapid.IntRange(0, 1500).Draw(t, "fresh"))
		first := s.first()
		s.Correct(start.Add(time.Duration(at)*step), fresh)
		require.Equal(t, first, s.first())
		want := append([]float64(nil), values...)
		for i, v := range fresh {
			if j := at + i; j >= 0 && j < len(want) && v == v {
				want[j] = v
			}
		}
		// Blocks that are replaced as a whole are as if they had come so.
		exact, got := fillWidth(t, step, 900, s.width, start, want).Series(), s.Series()
		require.Len(t, got.Values, len(exact.Values))
		for i := range got.Values {
			j := len(values) - len(got.Values) + i
			// What stays in a gap of fresh may have a far greater range.
			whole := j >= at+s.block && j < at+len(fresh)-s.block && !slices.ContainsFunc(fresh[j-at-s.block:j-at+s.block], math.IsNaN)
			if whole && exact.Values[i] == exact.Values[i] {
				require.InEpsilon(t, exact.Values[i]+1e-12, got.Values[i]+1e-12, 0.5)
			}
			require.Equal(t, exact.Values[i] != exact.Values[i], got.Values[i] != got.Values[i], "gap at %d", i)
		}
	})
}

func TestSamplesRefuse(t *testing.T) {
	_, err := NewSamples(0, 5, Wide)
	require.EqualError(t, err, "samples step 0s: write a positive duration, at most 24h0m0s")
	_, err = NewSamples(time.Minute, 0, Wide)
	require.EqualError(t, err, "samples length 0: write 1 to 4194304")
	_, err = NewSamples(time.Minute, 5, 3)
	require.EqualError(t, err, "samples width 3: write 1 or 2")
	s := fill(t, time.Minute, 10, time.Unix(60, 0), []float64{1, 2})
	require.EqualError(t, s.Add(time.Unix(121, 0), 3), "instant 1970-01-01T00:02:01Z: not on the grid of 1m0s that ends at 1970-01-01T00:02:00Z")
	require.EqualError(t, s.Add(time.Unix(120, 0), 3), "instant 1970-01-01T00:02:00Z: not after the newest value, of 1970-01-01T00:02:00Z")
	require.EqualError(t, s.Add(time.Unix(180, 0), math.Inf(1)), "value at 1970-01-01T00:03:00Z is infinite: mark it as a gap (NaN)")
	require.Equal(t, 2, s.Len())
}

func TestSamplesOfExtremeValues(t *testing.T) {
	values := []float64{math.MaxFloat64, -math.MaxFloat64, 0, 5e-324, math.MaxFloat64 / 3}
	for range 300 {
		values = append(values, math.MaxFloat64, 1)
	}
	require.NoError(t, fill(t, time.Minute, 1000, time.Unix(0, 0), values).Series().Validate())
}

func TestAddAllocatesNothing(t *testing.T) {
	s := fill(t, time.Minute, 2000, time.Unix(0, 0), make([]float64, 3000))
	at := s.End()
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		at = at.Add(time.Minute)
		if err := s.Add(at, 7); err != nil {
			t.Fatal(err)
		}
	}))
}
