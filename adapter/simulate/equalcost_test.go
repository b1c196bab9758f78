package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSolveMeetsThePodHoursOfARealDay(t *testing.T) {
	for _, name := range BundledTraces() {
		trace, err := Bundled(name)
		require.NoError(t, err)
		_, day, err := trace.Split(24 * time.Hour)
		require.NoError(t, err)
		l := mustLoad(t, day)
		r := reactive(l)
		r.Workload.CapacityPerReplica, err = CapacityFor(day, 13, r.Target)
		require.NoError(t, err)
		plain, err := r.Arm("reactive", l, l.Start(), 0)
		require.NoError(t, err)
		require.NoError(t, plain.Advance(l.End()))
		hours := plain.State().Totals.PodHours()
		for _, c := range []struct{ cost, hint float64 }{
			{1, 0}, {0.8, 0}, {1.1, 0}, {1.1, 12}, {1.5, -1000}, {1.5, 1000}, {3, 0},
		} {
			got, err := r.Solve("equal", l, l.Start(), l.End(), hours*c.cost, c.hint)
			require.NoError(t, err)
			require.True(t, got.Converged(), "%s: %v times the cost, hint %v: missed by %v", name, c.cost, c.hint, got.CostError)
			require.InEpsilon(t, hours*c.cost, got.Arm.State().Totals.PodHours(), CostTolerance)
		}
	}
}

func TestWhatSolveReturnsCanBeReplayed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := mustLoad(t, minutes(rapid.SliceOfN(rapid.Float64Range(0, 200), 20, 20).Draw(t, "load")...))
		r := reactive(l)
		want := rapid.Float64Range(0.1, 50).Draw(t, "cost")
		got, err := r.Solve("equal", l, l.Start(), l.End(), want, rapid.Float64Range(-100, 1000).Draw(t, "hint"))
		require.NoError(t, err)
		again, err := r.Arm("equal", l, l.Start(), got.ExtraPercent)
		require.NoError(t, err)
		require.NoError(t, again.Advance(l.End()))
		require.Equal(t, again.State(), got.Arm.State())
		require.InDelta(t, again.State().Totals.PodHours()/want-1, got.CostError, 1e-9)
	})
}

func TestSolveFindsNoExtraForTheSameCost(t *testing.T) {
	l := mustLoad(t, minutes(wave()...))
	r := reactive(l)
	plain, err := r.Arm("reactive", l, l.Start(), 0)
	require.NoError(t, err)
	require.NoError(t, plain.Advance(l.End()))
	got, err := r.Solve("equal", l, l.Start(), l.End(), plain.State().Totals.PodHours(), 40)
	require.NoError(t, err)
	require.InDelta(t, 0, got.ExtraPercent, 0.7)
}

func TestSolveSaysWhereTheCostIsOutOfReach(t *testing.T) {
	l := mustLoad(t, minutes(100))
	r := reactive(l)
	r.HPA = DefaultHPA(2, 20)
	for _, c := range []struct {
		name  string
		hours float64
		want  int
	}{
		{"more than the maximum costs", 1e6, 20},
		{"less than the highest target costs", 1e-6, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := r.Solve("equal", l, l.Start(), at(time.Hour), c.hours, 0)
			require.NoError(t, err)
			require.False(t, got.Converged())
			require.Equal(t, c.want, got.Arm.State().Replicas)
		})
	}
}

func TestSolveRefusesWhatIsNoCost(t *testing.T) {
	l := mustLoad(t, minutes(1))
	_, err := reactive(l).Solve("equal", l, l.Start(), l.End(), 0, 0)
	require.EqualError(t, err, "solve arm equal of equal cost: 0 pod-hours: write a number above 0")
	r := reactive(l)
	r.Target = 0
	_, err = r.Solve("equal", l, l.Start(), l.End(), 1, 0)
	require.EqualError(t, err, `solve equal cost: start arm equal: average value 0 of metric "load_per_pod": write a number of at least 0.001`)
}
