package publish

import (
	"math"
	"slices"
	"time"
)

// Shadows is what is known of the shadows of one pool: what was written into its status, as it was seen at SeenAt. The zero Shadows
// says nothing of any.
type Shadows struct {
	// Warm is how many of them can be activated now.
	Warm Reading
	// List holds each of them.
	List []Shadow
	// SeenAt is the time that the metrics API gives as the timestamp of their values.
	SeenAt time.Time
}

// Shadow is one shadow.
type Shadow struct {
	// Pod is the name of its pod.
	Pod string
	// State is its state as the label of its pod has it.
	State string
	// Progress is how far it has warmed up, 0 to 1. NaN: not known, and given to nobody.
	Progress float64
}

// Same says that s and o tell the same, whenever they were seen.
func (s Shadows) Same(o Shadows) bool {
	return s.Warm.Value == o.Warm.Value && s.Warm.Reason == o.Warm.Reason && slices.EqualFunc(s.List, o.List, func(a, b Shadow) bool {
		return a.Pod == b.Pod && a.State == b.State && (a.Progress == b.Progress || math.IsNaN(a.Progress) && math.IsNaN(b.Progress))
	})
}
