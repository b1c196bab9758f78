package publish

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Shadows is what is known of the shadows of one pool: what was written into its status, as it was seen at SeenAt. The zero Shadows
// says nothing of any.
//
// A status does not say whether it still holds, because it is written when something changes. It holds as long as its writer lives, which
// [Board.SawShadowsRole] is told, and for MaxAge from then on.
type Shadows struct {
	// Warm is how many of them can be activated now. Unknown, when not empty, says why that is not known.
	Warm    int
	Unknown string
	// List holds each of them, without those that have gone live.
	List []Shadow
	// SeenAt is the time of what was written.
	SeenAt time.Time
	// MaxAge is how long all this is given out without a sign of life from its writer.
	MaxAge time.Duration
}

// Shadow is one shadow.
type Shadow struct {
	// Pod is the name of its pod.
	Pod string
	// State is its state as the label of its pod has it.
	State string
	// Progress is how far it has warmed up, 0 to 1. NaN: not known, and given to nobody.
	Progress float64
	// Measured says that Progress is of SeenAt; else it follows from State and holds as long as that does.
	Measured bool
}

// Same says that s and o tell the same, whenever they were seen.
func (s Shadows) Same(o Shadows) bool {
	return s.Warm == o.Warm && s.Unknown == o.Unknown && s.MaxAge == o.MaxAge && slices.EqualFunc(s.List, o.List, func(a, b Shadow) bool {
		sameProgress := a.Progress == b.Progress || math.IsNaN(a.Progress) && math.IsNaN(b.Progress)
		return a.Pod == b.Pod && a.State == b.State && a.Measured == b.Measured && sameProgress
	})
}

// warm returns the number of warm shadows at now, where their role was seen last at alive.
func (s Shadows) warm(alive, now time.Time) Reading {
	if s.Unknown != "" {
		return Refuse(s.Unknown)
	}
	return s.reading(float64(s.Warm), false, alive, now)
}

// progress returns how far one of the shadows is at now.
func (s Shadows) progress(of Shadow, alive, now time.Time) Reading {
	if math.IsNaN(of.Progress) {
		return Refuse("how far shadow " + quote(of.Pod) + " has warmed up is not written in its pool's status")
	}
	return s.reading(of.Progress, of.Measured, alive, now)
}

// reading returns v, which was measured when it was written, or else was true when its writer was seen last.
func (s Shadows) reading(v float64, measured bool, alive, now time.Time) Reading {
	until := alive.Add(s.MaxAge)
	switch {
	case s.SeenAt.IsZero():
		return Reading{}
	case alive.IsZero():
		return Refuse("nobody is known to keep the shadows: look whether the adapter with the role shadows runs, with the " +
			"--leader-election.namespace of this one")
	case now.After(until):
		return Refuse(fmt.Sprintf("the adapter with the role shadows was seen alive %s ago for the last time: look whether it runs",
			age(now.Sub(alive))))
	}
	r := Reading{Value: v, ComputedAt: s.SeenAt, ValidUntil: until}
	if !measured && alive.After(s.SeenAt) {
		r.ComputedAt = alive
	}
	return r
}
