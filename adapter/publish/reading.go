package publish

import (
	"fmt"
	"math"
	"time"

	"github.com/prometheus/common/model"
)

// Reading is one computed number with the time it was computed at and the time until which it may be given out.
// The zero Reading is refused: nothing was computed yet.
type Reading struct {
	// Value is the number. NaN and infinity are refused.
	Value float64
	// ComputedAt is the time of the computation; the metrics API gives it as the timestamp of the value.
	ComputedAt time.Time
	// ValidUntil is the last instant at which the value may be given out. Zero means never.
	ValidUntil time.Time
	// Reason, when not empty, refuses the reading: a sentence without a full stop that says what is wrong and, where
	// somebody can do something, what to do.
	Reason string
}

// Refuse returns a reading that is not given out, for the reason given.
func Refuse(reason string) Reading { return Reading{Reason: reason} }

// Refusal says why r must not be given out at now; it is empty when r may be given out. ValidUntil itself is still valid.
func (r Reading) Refusal(now time.Time) string {
	switch {
	case r.Reason != "":
		return r.Reason
	case r.ComputedAt.IsZero():
		return "it has not been computed yet"
	case math.IsNaN(r.Value) || math.IsInf(r.Value, 0):
		return fmt.Sprintf("it was computed as %v, which is not a number of anything", r.Value)
	case now.After(r.ValidUntil):
		return fmt.Sprintf("its last value was computed %s ago and was valid until %s: nothing newer was computed",
			age(now.Sub(r.ComputedAt)), r.ValidUntil.UTC().Format(time.RFC3339))
	}
	return ""
}

// age writes d as Prometheus does, in whole seconds; nothing is younger than 0s.
func age(d time.Duration) string {
	return model.Duration(max(d, 0).Truncate(time.Second)).String()
}
