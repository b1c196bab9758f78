package capacity

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

var origin = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

// ramp is a forecast with one step a minute: its 0.9-quantile is values.
func ramp(values ...float64) *forecast.Forecast {
	return &forecast.Forecast{
		Origin: origin, Step: time.Minute,
		Point:  values,
		Levels: []float64{0.9}, Quantiles: [][]float64{values},
	}
}

func config() Config {
	return Config{
		CapacityPerReplica: 100, Headroom: 0.1, Quantile: 0.9, Cap: 1.5,
		ActivationLead: time.Minute, ColdStartLead: 5 * time.Minute,
		MaxAge: 15 * time.Minute, HoldAfter: 3 * time.Minute,
	}
}

// input observes 900 now, with 2,000 as the highest load of the past.
func input(f *forecast.Forecast) Input {
	return Input{Now: origin, Observed: 900, ObservedAt: origin, Highest: 2000, Forecast: f}
}

func TestDecide(t *testing.T) {
	rising := ramp(910, 1000, 1200, 1500, 1900, 2100, 2300, 2300)
	for _, tc := range []struct {
		name   string
		in     func(*Input)
		config func(*Config)
		want   Decision
	}{
		{
			name: "a rise within the cold-start lead is asked for now",
			want: Decision{Value: 21, Floor: 10, NeedActivation: 10, NowTerm: 10, NeedColdStart: 21, Limit: 30},
		},
		{
			name: "a rise within the activation lead raises nowTerm",
			in:   func(in *Input) { in.Forecast = ramp(1500, 1000, 900, 900, 900, 900) },
			want: Decision{Value: 15, Floor: 10, NeedActivation: 15, NowTerm: 15, NeedColdStart: 15, Limit: 30},
		},
		{
			name: "a forecast below the observed load never lowers the value below the floor",
			in:   func(in *Input) { in.Forecast = flat(10, 6) },
			want: Decision{Value: 10, Floor: 10, NeedActivation: 1, NowTerm: 10, NeedColdStart: 1, Limit: 30},
		},
		{
			name: "warm replicas cover what the cold-start lead needs",
			in:   func(in *Input) { in.Cover = 3 },
			want: Decision{Value: 18, Floor: 10, NeedActivation: 10, NowTerm: 10, NeedColdStart: 21, Cover: 3, Limit: 30},
		},
		{
			name: "the cap holds a wild forecast",
			in:   func(in *Input) { in.Forecast = flat(1e9, 6); in.Highest = 1000 },
			want: Decision{Value: 15, Floor: 10, NeedActivation: 15, NowTerm: 15, NeedColdStart: 15, Limit: 15},
		},
		{
			name: "the cap never holds below the observed load",
			in: func(in *Input) {
				in.Observed, in.Highest = 5000, 1000
				in.Forecast = flat(1e9, 6)
			},
			want: Decision{Value: 56, Floor: 56, NeedActivation: 50, NowTerm: 56, NeedColdStart: 50, Limit: 50},
		},
		{
			name: "old data lets the forecast advance with the clock and raise",
			in:   func(in *Input) { in.Now = origin.Add(2 * time.Minute); in.Degraded = true; in.Previous = 19 },
			want: Decision{Value: 23, Floor: 10, NeedActivation: 15, NowTerm: 15, NeedColdStart: 23, Limit: 30},
		},
		{
			name: "old data never lowers",
			in: func(in *Input) {
				in.Forecast = ramp(900, 900, 900, 900, 900, 900)
				in.Degraded = true
				in.Previous = 19
			},
			want: Decision{Value: 19, Floor: 10, NeedActivation: 9, NowTerm: 10, NeedColdStart: 9, Limit: 30, Held: true},
		},
		{
			name: "a sample older than holdAfter never lowers",
			in:   func(in *Input) { in.Now = origin.Add(4 * time.Minute); in.Forecast = flat(900, 20); in.Previous = 19 },
			want: Decision{Value: 19, Floor: 10, NeedActivation: 9, NowTerm: 10, NeedColdStart: 9, Limit: 30, Held: true},
		},
		{
			name: "fresh data lowers",
			in:   func(in *Input) { in.Forecast = flat(900, 20); in.Previous = 19 },
			want: Decision{Value: 10, Floor: 10, NeedActivation: 9, NowTerm: 10, NeedColdStart: 9, Limit: 30},
		},
		{
			name: "an unknown cover keeps the last value",
			in:   func(in *Input) { in.CoverUnknown = true; in.Previous = 25 },
			want: Decision{Value: 25, Floor: 10, NeedActivation: 10, NowTerm: 10, NeedColdStart: 21, Limit: 30, Held: true},
		},
		{
			name:   "observing gives the reactive floor and still tells the terms",
			config: func(c *Config) { c.Suspended = FallbackObserve },
			want:   Decision{Value: 10, Floor: 10, NeedActivation: 10, NowTerm: 10, NeedColdStart: 21, Limit: 30, Fallback: FallbackObserve},
		},
		{
			name:   "a pause gives the reactive floor",
			config: func(c *Config) { c.Suspended = FallbackPaused },
			want:   Decision{Value: 10, Floor: 10, NeedActivation: 10, NowTerm: 10, NeedColdStart: 21, Limit: 30, Fallback: FallbackPaused},
		},
		{
			name:   "a pause takes the forecast out of a value that is held",
			in:     func(in *Input) { in.Degraded, in.Previous, in.PreviousFloor = true, 40, 12 },
			config: func(c *Config) { c.Suspended = FallbackPaused },
			want:   Decision{Value: 12, Floor: 10, NeedActivation: 10, NowTerm: 10, NeedColdStart: 21, Limit: 30, Fallback: FallbackPaused, Held: true},
		},
		{
			name:   "the forecast is looked at until the next value is computed",
			config: func(c *Config) { c.Interval = time.Minute },
			want:   Decision{Value: 23, Floor: 10, NeedActivation: 12, NowTerm: 12, NeedColdStart: 23, Limit: 30},
		},
		{
			name: "without a forecast the floor stands",
			in:   func(in *Input) { in.Forecast = nil },
			want: Decision{Value: 10, Floor: 10, NowTerm: 10, Limit: 30, Fallback: FallbackNoForecast},
		},
		{
			name: "a forecast that ends before the lead has no say",
			in:   func(in *Input) { in.Forecast = ramp(1500, 1500) },
			want: Decision{Value: 10, Floor: 10, NowTerm: 10, Limit: 30, Fallback: FallbackNoForecast},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in, c := input(rising), config()
			if tc.in != nil {
				tc.in(&in)
			}
			if tc.config != nil {
				tc.config(&c)
			}
			got, err := Decide(in, c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("decision (-want +got):\n%s", diff)
			}
		})
	}
}

func flat(v float64, n int) *forecast.Forecast {
	values := make([]float64, n)
	for i := range values {
		values[i] = v
	}
	return ramp(values...)
}

func TestDecideRefuses(t *testing.T) {
	for _, tc := range []struct {
		name   string
		in     func(*Input)
		config func(*Config)
		is     error
		want   string
	}{
		{
			name:   "an unknown capacity",
			config: func(c *Config) { c.CapacityPerReplica = 0 },
			is:     ErrCapacityUnknown,
			want:   "the capacity of one replica is not known: write spec.load.capacityPerReplica, or a spec.load.replicasQuery from which it can be learnt",
		},
		{
			name: "a load that was never read",
			in:   func(in *Input) { in.ObservedAt = time.Time{} },
			is:   ErrNoLoad,
			want: "no sample of the load was ever read: look at spec.load.query in Prometheus",
		},
		{
			name: "a load older than maxAge",
			in:   func(in *Input) { in.Now = origin.Add(15*time.Minute + time.Second) },
			is:   ErrTooOld,
			want: "the newest sample of the load is too old: it is of 2026-03-02T09:00:00Z and spec.prediction.maxAge is 15m0s",
		},
		{
			name: "a first answer that may be partial",
			in:   func(in *Input) { in.Degraded = true },
			is:   ErrIncomplete,
			want: "the first answer may be partial: nothing is published until one is whole",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in, c := input(flat(900, 30)), config()
			if tc.in != nil {
				tc.in(&in)
			}
			if tc.config != nil {
				tc.config(&c)
			}
			_, err := Decide(in, c)
			if !errors.Is(err, tc.is) {
				t.Fatalf("got error %v, want %v", err, tc.is)
			}
			if err.Error() != tc.want {
				t.Errorf("got  %q\nwant %q", err, tc.want)
			}
		})
	}
}

func TestDecideDoesNotDependOnTheInstantWithinAStep(t *testing.T) {
	rising := ramp(910, 1000, 1200, 1500, 1900, 2100, 2300)
	want, err := Decide(input(rising), config())
	if err != nil {
		t.Fatal(err)
	}
	for _, late := range []time.Duration{time.Second, 30 * time.Second, 59 * time.Second} {
		in := input(rising)
		in.Now = origin.Add(late)
		got, err := Decide(in, config())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v later (-want +got):\n%s", late, diff)
		}
	}
}

func TestDecideInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 1e5), 1, 30).Draw(t, "forecast")
		in := Input{
			Now:          origin.Add(time.Duration(rapid.IntRange(0, 15*60).Draw(t, "age")) * time.Second),
			Observed:     rapid.Float64Range(0, 1e5).Draw(t, "observed"),
			ObservedAt:   origin,
			Highest:      rapid.Float64Range(0, 1e5).Draw(t, "highest"),
			Forecast:     ramp(values...),
			Degraded:     rapid.Bool().Draw(t, "degraded"),
			CoverUnknown: rapid.Bool().Draw(t, "coverUnknown"),
			Cover:        rapid.IntRange(0, 50).Draw(t, "cover"),
			Previous:     rapid.IntRange(1, 2000).Draw(t, "previous"),
		}
		in.PreviousNow = rapid.IntRange(0, in.Previous).Draw(t, "previousNow")
		in.PreviousShadow = rapid.IntRange(0, 2000).Draw(t, "previousShadow")
		got, err := Decide(in, shadowConfig())
		if err != nil {
			t.Fatal(err)
		}
		if got.NowTerm > got.Value || got.NowTerm < got.Floor {
			t.Fatalf("nowTerm %d is not between the floor %d and the value %d", got.NowTerm, got.Floor, got.Value)
		}
		if in.Degraded && (got.NowTerm < in.PreviousNow || got.ShadowNeed < in.PreviousShadow) {
			t.Fatalf("degraded data lowered nowTerm %d to %d or shadowNeed %d to %d", in.PreviousNow, got.NowTerm, in.PreviousShadow, got.ShadowNeed)
		}
		if most := max(got.Limit, in.PreviousShadow); got.ShadowNeed > most || got.ShadowNeed > 0 && !got.ShadowKnown {
			t.Fatalf("shadowNeed %d (known %v) is above the limit and the last one (%d)", got.ShadowNeed, got.ShadowKnown, most)
		}
		if got.Value < got.Floor {
			t.Fatalf("value %d is below the reactive floor %d", got.Value, got.Floor)
		}
		if in.Degraded && got.Value < in.Previous {
			t.Fatalf("degraded data lowered %d to %d", in.Previous, got.Value)
		}
		if most := max(got.Limit, got.Floor, in.Previous); got.Value > most {
			t.Fatalf("value %d is above the limit, the floor and the last value (%d)", got.Value, most)
		}
	})
}

func TestTheWindowCoversTheLeadFromEveryInstantOfAStep(t *testing.T) {
	f := ramp(1, 1, 1)
	for _, late := range []time.Duration{0, time.Nanosecond, 30 * time.Second, time.Minute - time.Nanosecond} {
		for _, lead := range []time.Duration{time.Second, time.Minute, 90 * time.Second} {
			now := origin.Add(late)
			from, to := gridWindow(*f, now, lead)
			if from.After(now) || to.Before(now.Add(lead)) || to.Sub(from) > lead+2*time.Minute {
				t.Errorf("%v after the origin a lead of %v is looked for from %v to %v", late, lead, from.Sub(origin), to.Sub(origin))
			}
		}
	}
}

// TestDecideAsksForThePeak holds the value to the quantile of the highest load
// of the lead, which is more than the highest quantile of its steps.
func TestDecideAsksForThePeak(t *testing.T) {
	noisy := forecast.Series{Start: origin.AddDate(0, 0, -10), Step: time.Minute}
	src := rand.New(rand.NewPCG(1, 2))
	for range 10 * 24 * 60 {
		noisy.Values = append(noisy.Values, 1000+150*src.NormFloat64())
	}
	fitted, err := forecast.Fit(noisy, forecast.Config{})
	if err != nil {
		t.Fatal(err)
	}
	fc, err := fitted.Forecast(noisy, 30, []float64{0.9})
	if err != nil {
		t.Fatal(err)
	}
	now := noisy.Origin()
	highest, err := fc.Max(0.9, now, now.Add(6*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	c := config()
	c.CapacityPerReplica = 1
	got, err := Decide(Input{Now: now, Observed: 1, ObservedAt: now, Highest: noisy.Max(), Forecast: &fc}, c)
	if err != nil {
		t.Fatal(err)
	}
	if got.NeedColdStart <= Need(highest, 1) {
		t.Errorf("the cold-start lead needs %d, no more than the highest 0.9-quantile of a step, %v", got.NeedColdStart, highest)
	}
}
