package capacity

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func cpu(change func(*Dimension)) Dimension {
	d := Dimension{Name: "CPU", Observed: 9, ObservedAt: origin, Highest: 20, Forecast: flat(9, 10), CapacityPerReplica: 0.5}
	if change != nil {
		change(&d)
	}
	return d
}

func lost(d *Dimension) { d.ObservedAt = origin.Add(-16 * time.Minute) }

// What was needed now, and for shadows, is kept with the value of a lost
// dimension; who takes the forecast out does not wait for it.
func TestALostDimensionKeepsItsTerms(t *testing.T) {
	in := input(flat(900, 10))
	in.Dimensions = []Dimension{cpu(lost)}
	in.Previous, in.PreviousFloor, in.PreviousNow, in.PreviousShadow, in.PreviousShares = 24, 12, 20, 26, []Share{{"CPU", 24}}
	d, err := Decide(in, config())
	require.NoError(t, err)
	require.Equal(t, []int{24, 20, 26}, []int{d.Value, d.NowTerm, d.ShadowNeed})
	require.True(t, d.Held)
	c := config()
	c.Suspended = FallbackPaused
	d, err = Decide(in, c)
	require.NoError(t, err)
	require.Equal(t, 12, d.Value)
}

func TestDecideOverDimensions(t *testing.T) {
	for _, tc := range []struct {
		name   string
		dims   []Dimension
		in     func(*Input)
		value  int
		floor  int
		decide string
		shares []Share
	}{
		{name: "none", value: 10, floor: 10},
		{name: "one that needs more decides", dims: []Dimension{cpu(nil)}, value: 20, floor: 20, decide: "CPU", shares: []Share{{"CPU", 20}}},
		{
			name: "one that needs as much leaves it to the load",
			dims: []Dimension{cpu(func(d *Dimension) { d.CapacityPerReplica = 1 })}, value: 10, floor: 10, shares: []Share{{"CPU", 10}},
		},
		{name: "one without a capacity has no say", dims: []Dimension{cpu(func(d *Dimension) { d.CapacityPerReplica = 0 })}, value: 10, floor: 10},
		{name: "one that was never read has no say", dims: []Dimension{cpu(func(d *Dimension) { d.ObservedAt = time.Time{} })}, value: 10, floor: 10},
		{name: "one that is too old and never asked has no say", dims: []Dimension{cpu(lost)}, value: 10, floor: 10},
		{
			name: "one that is too old asks for what it asked for last", dims: []Dimension{cpu(lost)},
			in: func(in *Input) {
				in.Previous, in.PreviousShares = 30, []Share{{"Memory", 30}, {"CPU", 24}}
			},
			value: 24, floor: 10, decide: "CPU", shares: []Share{{"CPU", 24}},
		},
		{
			name: "which the load may exceed", dims: []Dimension{cpu(lost)},
			in: func(in *Input) {
				in.Previous, in.PreviousShares = 20, []Share{{"CPU", 4}}
			},
			value: 10, floor: 10, shares: []Share{{"CPU", 4}},
		},
		{
			name: "one without a forecast counts by what is observed",
			dims: []Dimension{cpu(func(d *Dimension) { d.Forecast, d.Observed = nil, 12 })}, value: 27, floor: 27, decide: "CPU", shares: []Share{{"CPU", 27}},
		},
		{
			name:  "where the load's forecast is not used, none is",
			dims:  []Dimension{cpu(func(d *Dimension) { d.Forecast = flat(100, 10) })},
			in:    func(in *Input) { in.Forecast = nil },
			value: 20, floor: 20, decide: "CPU", shares: []Share{{"CPU", 20}},
		},
		{
			name:  "the last one read badly holds the value",
			dims:  []Dimension{cpu(func(d *Dimension) { d.Degraded = true })},
			in:    func(in *Input) { in.Previous = 33 },
			value: 33, floor: 20, decide: "CPU", shares: []Share{{"CPU", 20}},
		},
		{
			name: "the greatest of several", dims: []Dimension{cpu(nil), cpu(func(d *Dimension) { d.Name, d.CapacityPerReplica = "Memory", 0.25 })},
			value: 40, floor: 40, decide: "Memory", shares: []Share{{"CPU", 20}, {"Memory", 40}},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := input(flat(900, 10))
			in.Dimensions = tc.dims
			if tc.in != nil {
				tc.in(&in)
			}
			d, err := Decide(in, config())
			require.NoError(t, err)
			require.Equal(t, tc.value, d.Value)
			require.Equal(t, tc.floor, d.Floor)
			require.Equal(t, tc.decide, d.Dimension)
			require.Equal(t, tc.shares, d.Shares)
		})
	}
}

// TestDimensionsOnlyRaise holds each term against the load's alone.
func TestDimensionsOnlyRaise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string, most float64) float64 { return rapid.Float64Range(0, most).Draw(t, name) }
		in := input(flat(draw("forecast", 4000), 10))
		in.Observed, in.Cover = draw("observed", 4000), rapid.IntRange(0, 10).Draw(t, "cover")
		c := config()
		c.ShadowQuantile, c.ShadowLead = 0.9, 5*time.Minute
		alone, err := Decide(in, c)
		require.NoError(t, err)
		in.Dimensions = []Dimension{cpu(func(d *Dimension) { d.Observed, d.Forecast = draw("use", 40), flat(draw("use ahead", 40), 10) })}
		both, err := Decide(in, c)
		require.NoError(t, err)
		share := both.Shares[0].Replicas
		require.Equal(t, max(alone.Value, share), both.Value)
		require.GreaterOrEqual(t, both.Floor, alone.Floor)
		require.GreaterOrEqual(t, both.NowTerm, alone.NowTerm)
		require.GreaterOrEqual(t, both.ShadowNeed, alone.ShadowNeed)
		require.Equal(t, share > alone.Value, both.Dimension == "CPU")
	})
}

func TestRest(t *testing.T) {
	n := 2 * MinLearnSamples
	use := forecast.Series{Start: origin, Step: time.Minute, Values: make([]float64, n)}
	replicas := forecast.Series{Start: origin.Add(-time.Minute), Step: time.Minute, Values: make([]float64, n+1)}
	for i := range use.Values {
		pods := float64(4 + i%3)
		replicas.Values[i+1] = pods
		use.Values[i] = 100*pods + float64(i)
	}
	use.Values[7] = math.NaN()
	rest, ok := Rest(use, replicas)
	require.True(t, ok)
	require.InDelta(t, 100, rest, 5)
	above := AboveRest(use, replicas, 100)
	require.True(t, math.IsNaN(above.Values[7]))
	require.Equal(t, 50.0, above.Values[50])
	require.Zero(t, AboveRest(use, replicas, 1e6).Values[50], "never below 0")
	_, ok = Rest(use.Between(origin, origin.Add(time.Hour)), replicas)
	require.False(t, ok, "an hour teaches nothing")
	_, ok = Rest(use, forecast.Series{})
	require.False(t, ok)

	room, ok := Room(1000, 700)
	require.True(t, ok)
	require.Equal(t, 300.0, room)
	_, ok = Room(1000, 950)
	require.False(t, ok)
}
