package simulate

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

func minutes(values ...float64) forecast.Series {
	return forecast.Series{Start: t0, Step: time.Minute, Values: values}
}

// exactly compares numbers that no rounding touches.
func exactly(t require.TestingT, want, got float64, claim string) {
	if got != want {
		t.Errorf("%s: got %v, want %v", claim, got, want)
	}
}

func mustLoad(t require.TestingT, s forecast.Series, unforeseen ...Span) Load {
	l, err := NewLoad(s, unforeseen...)
	require.NoError(t, err)
	return l
}

func mustWorkload(t require.TestingT, cfg WorkloadConfig, l Load, warm int) *Workload {
	w, err := NewWorkload(cfg, l, t0, warm)
	require.NoError(t, err)
	return w
}

func at(d time.Duration) time.Time { return t0.Add(d) }

func TestAPodStartsColdAndWarmsUp(t *testing.T) {
	cfg := WorkloadConfig{CapacityPerReplica: 10, ColdStart: 90 * time.Second, Pending: 30 * time.Second, ColdCapacity: 0.4, ColdFor: 2 * time.Minute}
	w := mustWorkload(t, cfg, mustLoad(t, minutes(0)), 1)
	w.Resize(2)
	for _, c := range []struct {
		at       time.Duration
		capacity float64
		scale    Scale
		joins    int
	}{
		{0, 10, Scale{SpecReplicas: 2, StatusReplicas: 2, Sampled: 1, Pending: 1}, 0},
		{29 * time.Second, 10, Scale{SpecReplicas: 2, StatusReplicas: 2, Sampled: 1, Pending: 1}, 0},
		{30 * time.Second, 10, Scale{SpecReplicas: 2, StatusReplicas: 2, Sampled: 1, Missing: 1}, 0},
		{89 * time.Second, 10, Scale{SpecReplicas: 2, StatusReplicas: 2, Sampled: 1, Missing: 1}, 0},
		{90 * time.Second, 14, Scale{SpecReplicas: 2, StatusReplicas: 2, Sampled: 2}, 1},
		{209 * time.Second, 14, Scale{SpecReplicas: 2, StatusReplicas: 2, Sampled: 2}, 1},
		{210 * time.Second, 20, Scale{SpecReplicas: 2, StatusReplicas: 2, Sampled: 2}, 1},
	} {
		w.Advance(at(c.at))
		exactly(t, c.capacity, w.Capacity(), "capacity at "+c.at.String())
		require.Equal(t, c.scale, w.Scale(), "scale at %v", c.at)
		require.Equal(t, c.joins, w.Totals().ColdJoins, "cold joins at %v", c.at)
	}
}

func TestOverloadIsTheLoadAboveTheCapacityInService(t *testing.T) {
	cfg := WorkloadConfig{CapacityPerReplica: 10, ColdStart: 30 * time.Second, ColdCapacity: 0.5, ColdFor: time.Minute}
	// 10, then 18, then 10. One warm pod; a second is asked for at 60 s, serves
	// 5 from 90 s and 10 from 150 s.
	l := mustLoad(t, minutes(10, 18, 18, 10), Span{at(2 * time.Minute), at(3 * time.Minute)})
	w := mustWorkload(t, cfg, l, 1)
	w.Advance(at(time.Minute))
	require.Equal(t, Totals{Offered: 600, PodTime: time.Minute}, w.Totals(), "a load equal to the capacity is none too much")
	w.Resize(2)
	w.Advance(at(4 * time.Minute))
	want := Totals{
		Foreseen:   60 * time.Second, // 30 s by 8, 30 s by 3
		Unforeseen: 30 * time.Second, // by 3, until the pod is warm
		Offered:    600 + 1080 + 1080 + 600,
		Lost:       30*8 + 30*3 + 30*3,
		ColdJoins:  1,
		PodTime:    7 * time.Minute,
	}
	require.Equal(t, want, w.Totals())
	require.Equal(t, 90*time.Second, want.Overload())
	require.InEpsilon(t, 420.0/3360, want.LostRatio(), 1e-12)
	require.InEpsilon(t, 7.0/60, want.PodHours(), 1e-12)
	require.Zero(t, Totals{}.LostRatio(), "no load, nothing lost")
}

func TestScaleInDeletesTheUnreadyFirstThenTheNewest(t *testing.T) {
	cfg := WorkloadConfig{CapacityPerReplica: 1, ColdStart: time.Minute, ColdFor: time.Hour}
	w := mustWorkload(t, cfg, mustLoad(t, minutes(0)), 2)
	w.Resize(3)
	w.Advance(at(90 * time.Second))
	w.Resize(5)
	w.Resize(3)
	require.Equal(t, Scale{SpecReplicas: 3, StatusReplicas: 3, Sampled: 3}, w.Scale(), "both starting pods went")
	w.Resize(2)
	exactly(t, 2, w.Capacity(), "the cold one went, the two warm ones stay")
	w.Resize(-1)
	require.Zero(t, w.Scale())
	require.Zero(t, w.Capacity())
}

func TestWithoutAColdPhaseNoPodJoinsCold(t *testing.T) {
	w := mustWorkload(t, WorkloadConfig{CapacityPerReplica: 1}, mustLoad(t, minutes(3)), 1)
	w.Resize(3)
	w.Advance(at(time.Minute))
	require.Equal(t, Totals{Offered: 180, PodTime: 3 * time.Minute}, w.Totals())
}

func TestWorkloadRefusesABadConfiguration(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*WorkloadConfig)
		want   string
	}{
		{"no capacity", func(c *WorkloadConfig) { c.CapacityPerReplica = 0 }, "configure workload: capacity per replica of 0: write a number above 0"},
		{"capacity that is not a number", func(c *WorkloadConfig) { c.CapacityPerReplica = math.NaN() }, "configure workload: capacity per replica of NaN: write a number above 0"},
		{"negative cold start", func(c *WorkloadConfig) { c.ColdStart = -1 }, "configure workload: cold start of -1ns: write a duration of at least 0s"},
		{"pending for longer than the cold start", func(c *WorkloadConfig) { c.Pending = time.Hour }, "configure workload: pending time of 1h0m0s: write a duration from 0s to the cold start, 1m30s"},
		{"cold capacity in percent", func(c *WorkloadConfig) { c.ColdCapacity = 40 }, "configure workload: cold capacity of 40: write a ratio from 0 to 1, such as 0.4"},
		{"negative cold time", func(c *WorkloadConfig) { c.ColdFor = -time.Second }, "configure workload: cold time of -1s: write a duration of at least 0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := DefaultWorkload(5, 90*time.Second)
			c.change(&cfg)
			_, err := NewWorkload(cfg, Load{}, t0, 1)
			require.EqualError(t, err, c.want)
		})
	}
}

// dumb replays second by second what Workload does event by event.
type dumb struct {
	cfg    WorkloadConfig
	born   []int // second of creation; far in the past for a warm pod
	totals Totals
}

func (d *dumb) second(now int, load float64, unforeseen bool) {
	start, cold := int(d.cfg.ColdStart.Seconds()), int(d.cfg.ColdFor.Seconds())
	capacity := 0.0
	for _, b := range d.born {
		switch age := now - b; {
		case age < start:
		case age < start+cold:
			capacity += d.cfg.CapacityPerReplica * d.cfg.ColdCapacity
		default:
			capacity += d.cfg.CapacityPerReplica
		}
	}
	d.totals = d.totals.plus(time.Second, len(d.born), load, capacity, unforeseen)
	for _, b := range d.born {
		if cold > 0 && now+1 == b+start {
			d.totals.ColdJoins++
		}
	}
}

func (d *dumb) resize(now, n int) {
	for len(d.born) < n {
		d.born = append(d.born, now)
		if d.cfg.ColdStart == 0 && d.cfg.ColdFor > 0 {
			d.totals.ColdJoins++
		}
	}
	// All pods take the same time to start: the newest goes first.
	d.born = d.born[:n]
}

func TestEventStepsEqualASecondBySecondReplay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cfg := WorkloadConfig{
			CapacityPerReplica: float64(rapid.IntRange(1, 8).Draw(t, "capacity")),
			ColdStart:          time.Duration(rapid.IntRange(0, 100).Draw(t, "cold start")) * time.Second,
			ColdCapacity:       0.5,
			ColdFor:            time.Duration(rapid.IntRange(0, 100).Draw(t, "cold for")) * time.Second,
		}
		values := rapid.SliceOfN(rapid.Float64Range(0, 40), 6, 6).Draw(t, "load")
		mark := rapid.IntRange(-30, 300).Draw(t, "mark")
		span := Span{at(time.Duration(mark) * time.Second), at(time.Duration(mark+70) * time.Second)}
		l := mustLoad(t, minutes(values...), span)
		warm := rapid.IntRange(0, 5).Draw(t, "warm")
		w := mustWorkload(t, cfg, l, warm)
		d := &dumb{cfg: cfg}
		for range warm {
			d.born = append(d.born, math.MinInt32)
		}
		lost := 0.0
		for now := 0; now < 360; {
			n := rapid.IntRange(0, 8).Draw(t, "replicas")
			w.Resize(n)
			d.resize(now, n)
			to := min(now+rapid.IntRange(1, 60).Draw(t, "seconds"), 360)
			w.Advance(at(time.Duration(to) * time.Second))
			for ; now < to; now++ {
				s := at(time.Duration(now) * time.Second)
				d.second(now, l.At(s), l.Unforeseen(s))
			}
			got := w.Totals()
			if got.Lost < lost || got.Lost > got.Offered {
				t.Fatalf("lost went from %v to %v of %v", lost, got.Lost, got.Offered)
			}
			lost = got.Lost
		}
		got, want := w.Totals(), d.totals
		require.InDelta(t, want.Offered, got.Offered, 1e-6*(1+want.Offered))
		require.InDelta(t, want.Lost, got.Lost, 1e-6*(1+want.Offered))
		got.Offered, got.Lost, want.Offered, want.Lost = 0, 0, 0, 0
		require.Equal(t, want, got)
	})
}
