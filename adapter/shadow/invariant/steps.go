package invariant

import (
	"slices"
	"time"
)

// steps is a number over time that changes at instants.
type steps []step

type step struct {
	at    time.Time
	value int
}

// set returns the number with v from now on. Time does not run backwards.
func (s steps) set(at time.Time, v int) steps {
	if n := len(s); n > 0 && s[n-1].value == v {
		return s
	}
	return append(s, step{at, v})
}

// last is the number now, 0 if it was never set.
func (s steps) last() int {
	if len(s) == 0 {
		return 0
	}
	return s[len(s)-1].value
}

// since calls f for each value that held at some time from an instant on.
func (s steps) since(from time.Time, f func(step)) {
	for _, p := range slices.Backward(s) {
		f(p)
		if !p.at.After(from) {
			return
		}
	}
}

func (s steps) maxSince(from time.Time) int {
	out := s.last()
	s.since(from, func(p step) { out = max(out, p.value) })
	return out
}

func (s steps) minSince(from time.Time) int {
	out := s.last()
	s.since(from, func(p step) { out = min(out, p.value) })
	return out
}
