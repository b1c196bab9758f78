package capacity

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// wide is a forecast whose 0.99-quantile lies half as high again as its
// 0.9-quantile.
func wide(values ...float64) *forecast.Forecast {
	f := ramp(values...)
	high := make([]float64, len(values))
	for i, v := range values {
		high[i] = 1.5 * v
	}
	f.Levels, f.Quantiles = []float64{0.9, 0.99}, [][]float64{values, high}
	return f
}

func shadowConfig() Config {
	c := config()
	c.ShadowQuantile, c.ShadowLead = 0.99, 6*time.Minute
	return c
}

func TestDecideShadowNeed(t *testing.T) {
	for _, tc := range []struct {
		name   string
		in     func(*Input)
		config func(*Config)
		want   Decision
	}{
		{
			name: "the shadow quantile within the shadow lead",
			want: Decision{Value: 19, Floor: 10, NeedActivation: 10, NowTerm: 10, NeedColdStart: 19, ShadowNeed: 30, ShadowKnown: true, Limit: 30},
		},
		{
			name: "it is capped like every need",
			in:   func(in *Input) { in.Highest = 1400 },
			want: Decision{Value: 19, Floor: 10, NeedActivation: 10, NowTerm: 10, NeedColdStart: 19, ShadowNeed: 21, ShadowKnown: true, Limit: 21},
		},
		{
			name:   "a lead that the forecast does not reach leaves it unknown, and the value alone",
			config: func(c *Config) { c.ShadowLead = time.Hour },
			want:   Decision{Value: 19, Floor: 10, NeedActivation: 10, NowTerm: 10, NeedColdStart: 19, Limit: 30},
		},
		{
			name:   "a forecast that is paused says nothing of it",
			config: func(c *Config) { c.Suspended = FallbackPaused },
			want:   Decision{Value: 10, Floor: 10, NeedActivation: 10, NowTerm: 10, NeedColdStart: 19, Limit: 30, Fallback: FallbackPaused},
		},
		{
			name: "data that may be partial lower no part of a value",
			in: func(in *Input) {
				in.Observed, in.Forecast, in.Degraded = 450, flat(450, 20), true
				in.Previous, in.PreviousNow, in.PreviousShadow = 17, 12, 24
			},
			want: Decision{Value: 17, Floor: 5, NeedActivation: 5, NowTerm: 12, NeedColdStart: 5, ShadowNeed: 24, ShadowKnown: true, Limit: 30, Held: true},
		},
		{
			name: "an unknown cover holds the value alone",
			in: func(in *Input) {
				in.CoverUnknown, in.Previous, in.PreviousNow, in.PreviousShadow = true, 25, 22, 40
			},
			want: Decision{Value: 25, Floor: 10, NeedActivation: 10, NowTerm: 10, NeedColdStart: 19, ShadowNeed: 30, ShadowKnown: true, Limit: 30, Held: true},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in, c := input(wide(910, 1000, 1200, 1500, 1900, 2100, 2300)), shadowConfig()
			c.ColdStartLead = 4 * time.Minute
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

// TestTheShadowsThatStandByAreNotAskedForTwice holds the worked example: 10
// replicas, a cold-start need of 20 and 3 warm shadows settle at 17 with the 3
// still warm.
func TestTheShadowsThatStandByAreNotAskedForTwice(t *testing.T) {
	in, c := input(flat(2000, 20)), config()
	in.Forecast = ramp(1000, 1000, 1500, 2000, 2000, 2000, 2000)
	in.Cover = 3
	got, err := Decide(in, c)
	if err != nil {
		t.Fatal(err)
	}
	if got.Value != 17 || got.NowTerm != 10 {
		t.Errorf("value %d of a nowTerm of %d, want 17 of 10", got.Value, got.NowTerm)
	}
}
