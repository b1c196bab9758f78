package forecast_test

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

const stateWindow = 5 * 24 * time.Hour

func newState(t require.TestingT, s forecast.Series) *forecast.State {
	state, err := forecast.NewState(s.Step, stateWindow, forecast.Config{})
	require.NoError(t, err)
	for i, v := range s.Values {
		require.NoError(t, state.Add(s.Time(i), v))
	}
	return state
}

// answers is what a state forecasts; nothing where it has no value.
func answers(t require.TestingT, s *forecast.State) (forecast.Forecast, bool) {
	f, err := s.Forecast(60, wide)
	if err != nil {
		require.ErrorIs(t, err, forecast.ErrNoData)
		return f, false
	}
	return f, true
}

func sameAnswers(t require.TestingT, a, b *forecast.State) {
	x, ok := answers(t, a)
	y, again := answers(t, b)
	require.Equal(t, ok, again)
	require.True(t, equal(x, y, 1), "forecasts differ")
	require.Equal(t, x.Note, y.Note)
}

// A state that was fed for long and refitted on the way, one that is made from
// the history that a restart reads, and one restored from a checkpoint agree.
func TestStateIsAFunctionOfTheHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySeries(t)
		s.Start = s.Start.Truncate(s.Step)
		fed, err := forecast.NewState(s.Step, stateWindow, forecast.Config{})
		require.NoError(t, err)
		ask := rapid.IntRange(1, 400).Draw(t, "ask every")
		checkpoint := rapid.IntRange(0, len(s.Values)-1).Draw(t, "checkpoint at")
		var raw []byte
		for i, v := range s.Values {
			require.NoError(t, fed.Add(s.Time(i), v))
			if i%ask == 0 {
				answers(t, fed)
			}
			if i == checkpoint {
				raw, err = fed.MarshalBinary()
				require.NoError(t, err)
			}
		}
		sameAnswers(t, fed, newState(t, s.Between(s.Origin().Add(-fed.Reach()), s.Origin())))

		restored, err := forecast.NewState(s.Step, stateWindow, forecast.Config{})
		require.NoError(t, err)
		require.NoError(t, restored.UnmarshalBinary(raw))
		for i, v := range s.Values[checkpoint+1:] {
			require.NoError(t, restored.Add(s.Time(checkpoint+1+i), v))
		}
		sameAnswers(t, fed, restored)
		if err := restored.Refit(); err != nil {
			require.ErrorIs(t, err, forecast.ErrNoData)
		}
	})
}

// The codes of the values cost no accuracy that anybody could see.
func TestStateForecastsAsTheSeriesDoes(t *testing.T) {
	for _, n := range sizes {
		s := traffic(n.points, n.step)
		s.Start = s.Start.Truncate(24 * time.Hour)
		state, err := forecast.NewState(s.Step, forecast.Window, forecast.Config{})
		require.NoError(t, err)
		for i, v := range s.Values {
			require.NoError(t, state.Add(s.Time(i), v))
		}
		got, err := state.Forecast(60, []float64{0.5, 0.95})
		require.NoError(t, err)
		fit, err := forecast.Fit(s.Between(s.Start, forecast.FitOrigin(s)), forecast.Config{})
		require.NoError(t, err)
		want, err := fit.Forecast(s, 60, []float64{0.5, 0.95})
		require.NoError(t, err)
		for i := range want.Point {
			require.InEpsilon(t, want.Point[i], got.Point[i], 2e-3)
			require.InEpsilon(t, want.Quantiles[1][i], got.Quantiles[1][i], 2e-3)
		}
	}
}

// The sizes that are promised for four weeks of minutes.
func TestStateSizes(t *testing.T) {
	s := traffic(30*1440, time.Minute)
	state, err := forecast.NewState(s.Step, forecast.Window, forecast.Config{})
	require.NoError(t, err)
	for i, v := range s.Values {
		require.NoError(t, state.Add(s.Time(i), v))
	}
	raw, err := state.MarshalBinary()
	require.NoError(t, err)
	require.LessOrEqual(t, len(raw), 48<<10)
	require.LessOrEqual(t, state.Samples().Size(), 48<<10)
	require.Less(t, cap(raw), len(raw)+len(raw)/8+1, "the checkpoint is made in one piece")
}

func TestCheckpointRefused(t *testing.T) {
	state := newState(t, traffic(700, 5*time.Minute))
	raw, err := state.MarshalBinary()
	require.NoError(t, err)
	change := func(at int, b byte) []byte {
		out := append([]byte(nil), raw...)
		out[at] ^= b
		return out
	}
	signed := func(out []byte) []byte {
		out = out[:len(out)-4]
		return binary.LittleEndian.AppendUint32(out, crc32.Checksum(out, crc32.MakeTable(crc32.Castagnoli)))
	}
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "checkpoint is damaged: it is cut short after 0 bytes, within its header"},
		{"other file", change(0, 1), `checkpoint is damaged: it begins with "GSHS", not with "FSHS"`},
		{"version", signed(change(4, 3)), "checkpoint is of another version: 2, and 1 is known: read the history anew"},
		{"step", signed(change(15, 0x80)), "checkpoint is damaged: samples step"},
		{"length", signed(change(35, 0xff)), "checkpoint is damaged: samples length"},
		{"offset", signed(change(23, 0x80)), "checkpoint is damaged: its grid lies"},
		{"end", signed(change(31, 0x40)), "checkpoint is damaged: it ends at step"},
		{"known", signed(change(38, 0xff)), "checkpoint is damaged:"},
		{"cut", raw[:len(raw)-9], "checkpoint is damaged: it is cut short after"},
		{"longer", append(append([]byte(nil), raw...), 0), "checkpoint is damaged: 1 bytes follow its end"},
		{"a value", change(200, 1), "checkpoint is damaged: its sum is"},
		{"the sum", change(len(raw)-1, 1), "checkpoint is damaged: its sum is"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := state.Samples().Series()
			require.ErrorContains(t, state.UnmarshalBinary(c.data), c.want)
			require.Equal(t, len(before.Values), state.Samples().Len(), "a refusal changes nothing")
		})
	}
	other, err := forecast.NewState(time.Minute, stateWindow, forecast.Config{})
	require.NoError(t, err)
	require.EqualError(t, other.UnmarshalBinary(raw),
		"checkpoint of 1729 values 5m0s apart: this state keeps 8641, 1m0s apart: read the history anew")
}

func TestNewStateRefuses(t *testing.T) {
	_, err := forecast.NewState(0, stateWindow, forecast.Config{})
	require.EqualError(t, err, "step 0s: write a positive duration")
	_, err = forecast.NewState(time.Minute, 29*24*time.Hour, forecast.Config{})
	require.EqualError(t, err, "window 696h0m0s: write a positive duration, at most 672h0m0s")
	_, err = forecast.NewState(time.Minute, stateWindow, forecast.Config{Model: "Oracle"})
	require.ErrorContains(t, err, `model "Oracle": write one of`)
}

func FuzzCheckpoint(f *testing.F) {
	for _, n := range []int{1, 700} {
		raw, err := newState(f, traffic(n, 5*time.Minute)).MarshalBinary()
		require.NoError(f, err)
		f.Add(raw)
		f.Add(raw[:len(raw)/2])
	}
	empty, err := forecast.NewState(time.Minute, stateWindow, forecast.Config{})
	require.NoError(f, err)
	raw, err := empty.MarshalBinary()
	require.NoError(f, err)
	f.Add(raw)
	f.Fuzz(func(t *testing.T, data []byte) {
		// A right sum, so that what lies behind it is reached as well.
		signed := binary.LittleEndian.AppendUint32(slices.Clip(data), crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli)))
		for _, data := range [][]byte{data, signed} {
			var s forecast.Samples
			if s.UnmarshalBinary(data) != nil {
				continue
			}
			// Room is made by parts, of which the length in the header says how many
			// there may be: 24 bytes for each, of at most 7,711, and two parts in use.
			require.LessOrEqual(t, s.Size(), 1<<18+2*len(data))
			require.LessOrEqual(t, s.Len(), 16*len(data)+4096)
			again, err := s.MarshalBinary()
			require.NoError(t, err)
			require.Equal(t, data, again)
			series := s.Series()
			if s.Len() > 0 {
				require.NoError(t, s.Add(series.Time(s.Len()), 1))
			}
			require.False(t, math.IsInf(s.Newest(), 0))
		}
	})
}

func BenchmarkStateAdd(b *testing.B) {
	s := traffic(30*1440, time.Minute)
	state, err := forecast.NewState(s.Step, forecast.Window, forecast.Config{})
	if err != nil {
		b.Fatal(err)
	}
	at := s.Start
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		at = at.Add(time.Minute)
		if err := state.Add(at, s.Values[i%len(s.Values)]); err != nil {
			b.Fatal(err)
		}
	}
}
