package publish

import (
	"math"
	"testing"
	"time"
)

func TestRefusal(t *testing.T) {
	computed := Reading{Value: 7, ComputedAt: noon, ValidUntil: noon.Add(15 * time.Minute)}
	tests := []struct {
		name   string
		change func(*Reading)
		after  time.Duration
		want   string
	}{
		{name: "a fresh reading is given out", after: time.Minute},
		{name: "the last instant of its validity is valid", after: 15 * time.Minute},
		{
			name: "one nanosecond later it is refused", after: 15*time.Minute + 1,
			want: "its last value was computed 15m ago and was valid until 2026-11-23T12:15:00Z: nothing newer was computed",
		},
		{
			name: "a refresh that hangs for a day is told by the age", after: 24*time.Hour + 5*time.Second,
			want: "its last value was computed 1d5s ago and was valid until 2026-11-23T12:15:00Z: nothing newer was computed",
		},
		{
			name: "a reason refuses however fresh", change: func(r *Reading) { r.Reason = "the capacity per replica is unknown" },
			want: "the capacity per replica is unknown",
		},
		{name: "nothing computed is no 0", change: func(r *Reading) { *r = Reading{} }, want: "it has not been computed yet"},
		{
			name: "no validity is never valid", change: func(r *Reading) { r.ValidUntil = time.Time{} },
			want: "its last value was computed 0s ago and was valid until 0001-01-01T00:00:00Z: nothing newer was computed",
		},
		{
			name: "NaN is refused", change: func(r *Reading) { r.Value = math.NaN() },
			want: "it was computed as NaN, which is not a number of anything",
		},
		{
			name: "infinity is refused", change: func(r *Reading) { r.Value = math.Inf(-1) },
			want: "it was computed as -Inf, which is not a number of anything",
		},
		{name: "a clock that was set back refuses nothing", after: -time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := computed
			if tt.change != nil {
				tt.change(&r)
			}
			if got := r.Refusal(noon.Add(tt.after)); got != tt.want {
				t.Errorf("Refusal() = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRefuse(t *testing.T) {
	if got, want := Refuse("the query returned nothing").Refusal(noon), "the query returned nothing"; got != want {
		t.Errorf("Refusal() = %q, want %q", got, want)
	}
}
