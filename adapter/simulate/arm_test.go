package simulate

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// wave is a day of load that swings once, from 20 to 180.
func wave() []float64 {
	v := make([]float64, 24*60)
	for i := range v {
		v[i] = 100 - 80*math.Cos(2*math.Pi*float64(i)/float64(len(v)))
	}
	return v
}

func reactive(l Load) Reactive {
	return Reactive{
		Workload: DefaultWorkload(10, 5*time.Minute), HPA: DefaultHPA(1, 100), Target: 0.7, Read: l.Read,
	}
}

func TestTheHPALooksEvery15Seconds(t *testing.T) {
	var looks []time.Duration
	m := direct(func(now time.Time) (float64, error) {
		looks = append(looks, now.Sub(t0))
		return 1, nil
	})
	a, err := NewArm(ArmConfig{Name: "a", Workload: DefaultWorkload(1, 0), HPA: DefaultHPA(1, 2), Metrics: []Metric{m}, Replicas: 1}, mustLoad(t, minutes(0)), t0)
	require.NoError(t, err)
	require.NoError(t, a.Advance(at(30*time.Second)))
	require.Equal(t, []time.Duration{0, 15 * time.Second}, looks, "the sync due at the end waits")
	require.NoError(t, a.Advance(at(20*time.Second)), "going back is nothing")
	require.NoError(t, a.Advance(at(31*time.Second)))
	require.Equal(t, []time.Duration{0, 15 * time.Second, 30 * time.Second}, looks)
}

func TestAnArmGoesOnPastInvalidMetrics(t *testing.T) {
	m := direct(func(now time.Time) (float64, error) {
		if now.Equal(at(15*time.Second)) || now.Equal(at(30*time.Second)) {
			return 0, errGone
		}
		return 3, nil
	})
	cfg := exact(1, 5)
	a, err := NewArm(ArmConfig{Name: "predictive", Workload: DefaultWorkload(1, 0), HPA: cfg, Metrics: []Metric{m}, Replicas: 1}, mustLoad(t, minutes(0)), t0)
	require.NoError(t, err)
	err = a.Advance(at(time.Minute))
	require.EqualError(t, err, "sync HPA of arm predictive at 2024-05-06T00:00:15Z: compute replicas: 1 of 1 metrics invalid: read metric wanted: gone", "the first of them")
	require.ErrorIs(t, err, errGone)
	s := a.State()
	require.Equal(t, 2, s.InvalidSyncs)
	require.Equal(t, 3, s.Replicas)
	require.Equal(t, "predictive", s.Name)
}

func TestArmRefusesABadStart(t *testing.T) {
	good := ArmConfig{Name: "a", Workload: DefaultWorkload(1, 0), HPA: DefaultHPA(1, 2), Metrics: []Metric{direct(constant(1))}, Replicas: 1}
	l := mustLoad(t, minutes(0))
	_, err := NewArm(good, Load{}, t0)
	require.EqualError(t, err, "start arm a: it has no load: use NewLoad")
	bad := good
	bad.Replicas = 3
	_, err = NewArm(bad, l, t0)
	require.EqualError(t, err, "start arm a: 3 replicas: write a number from 1 to 2, the HPA's bounds")
	bad = good
	bad.Metrics = nil
	_, err = NewArm(bad, l, t0)
	require.EqualError(t, err, "start arm a: configure HPA: no metric given: write at least one")
	bad = good
	bad.Workload.CapacityPerReplica = 0
	_, err = NewArm(bad, l, t0)
	require.EqualError(t, err, "start arm a: configure workload: capacity per replica of 0: write a number above 0")
}

func TestAReplayIsAFunctionOfItsInputsAndNotOfItsSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := mustLoad(t, minutes(rapid.SliceOfN(rapid.Float64Range(0, 200), 30, 30).Draw(t, "load")...))
		r := reactive(l)
		r.HPA = DefaultHPA(2, rapid.IntRange(2, 40).Draw(t, "max"))
		whole, err := r.Arm("a", l, l.Start(), 0)
		require.NoError(t, err)
		require.NoError(t, whole.Advance(l.End()))
		steps, err := r.Arm("a", l, l.Start(), 0)
		require.NoError(t, err)
		before := Totals{}
		for now := l.Start(); now.Before(l.End()); {
			now = now.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "step")) * time.Second)
			if now.After(l.End()) {
				now = l.End()
			}
			_ = steps.Advance(now)
			s := steps.State()
			if s.Replicas < 2 || s.Replicas > r.HPA.MaxReplicas || s.Ready > s.Replicas {
				t.Fatalf("%d replicas, %d ready, bounds are 2 to %d", s.Replicas, s.Ready, r.HPA.MaxReplicas)
			}
			if s.Totals.Lost < before.Lost || s.Totals.PodTime < before.PodTime || s.Totals.Overload() < before.Overload() {
				t.Fatalf("a total fell: %+v after %+v", s.Totals, before)
			}
			before = s.Totals
		}
		got, want := steps.State(), whole.State()
		require.InDelta(t, want.Totals.Lost, got.Totals.Lost, 1e-6*(1+want.Totals.Offered))
		require.InDelta(t, want.Totals.Offered, got.Totals.Offered, 1e-6*(1+want.Totals.Offered))
		got.Totals.Lost, got.Totals.Offered = want.Totals.Lost, want.Totals.Offered
		require.Equal(t, want, got)
	})
}

func TestAForesightedMetricAvoidsTheOverloadOfAReactiveOne(t *testing.T) {
	hourly := make([]float64, 6*60)
	for i := range hourly {
		hourly[i] = 100 - 80*math.Cos(2*math.Pi*float64(i)/60)
	}
	l := mustLoad(t, minutes(hourly...))
	late, err := reactive(l).Arm("reactive", l, l.Start(), 0)
	require.NoError(t, err)
	r := reactive(l)
	r.Read = func(now time.Time) (float64, error) {
		highest := 0.0
		for ahead := range 9 {
			highest = max(highest, l.At(now.Add(time.Duration(ahead)*time.Minute)))
		}
		return highest, nil
	}
	early, err := r.Arm("early", l, l.Start(), 0)
	require.NoError(t, err)
	require.NoError(t, late.Advance(l.End()))
	require.NoError(t, early.Advance(l.End()))
	require.Positive(t, late.State().Totals.Overload())
	require.Zero(t, early.State().Totals.Overload())
}
