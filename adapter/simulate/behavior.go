package simulate

import (
	"math"
	"slices"
	"time"
)

// The scaling policies that an HPA has unless its behavior says otherwise: in
// any 15 seconds it adds at most 4 pods or doubles, whichever is more, and
// removes as many as it likes.
const (
	policyPeriod     = 15 * time.Second
	policyPods       = 4
	policyUpFactor   = 2.0
	policyDownFactor = 0.0
)

type recommendation struct {
	at       time.Time
	replicas int
}

type scaleEvent struct {
	at     time.Time
	change int
}

// stabilise follows a raise at once and lowers to the highest recommendation of
// the scale-down window, then remembers the proposal. A recommendation exactly
// as old as the window no longer counts.
func (h *HPA) stabilise(now time.Time, current, proposal int) int {
	highest := proposal
	cutoff := now.Add(-h.cfg.ScaleDownWindow)
	h.past = slices.DeleteFunc(h.past, func(r recommendation) bool { return !r.at.After(cutoff) })
	for _, r := range h.past {
		highest = max(highest, r.replicas)
	}
	h.past = append(h.past, recommendation{at: now, replicas: proposal})
	return min(max(current, proposal), highest)
}

// limit applies the policies and the bounds to a change of the current replicas.
func (h *HPA) limit(now time.Time, current, desired int) int {
	start := float64(current - h.changed(now))
	switch {
	case desired > current:
		most := max(start+policyPods, math.Ceil(start*policyUpFactor), float64(current))
		return min(desired, h.cfg.MaxReplicas, int(most))
	case desired < current:
		least := min(int(start*policyDownFactor), current)
		return max(desired, h.cfg.MinReplicas, least)
	}
	return desired
}

// changed is the net change of replicas within the policies' period.
func (h *HPA) changed(now time.Time) int {
	n := 0
	for _, e := range h.events {
		if e.at.After(now.Add(-policyPeriod)) {
			n += e.change
		}
	}
	return n
}

func (h *HPA) record(now time.Time, change int) {
	cutoff := now.Add(-policyPeriod)
	h.events = slices.DeleteFunc(h.events, func(e scaleEvent) bool { return !e.at.After(cutoff) })
	h.events = append(h.events, scaleEvent{at: now, change: change})
}
