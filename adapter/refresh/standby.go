package refresh

import (
	"cmp"
	"fmt"
	"math"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
)

// Standby is what a pool's status says of its shadows, as far as a value
// depends on it. Another role writes it, and nothing is computed anew here
// because it was written again as it was.
type Standby struct {
	// Cover is the number of replicas that need no cold start; it is not known
	// while nobody has written it.
	Cover      int
	CoverKnown bool
	// ColdStart and WarmUp are learnt, 0 where nothing was.
	ColdStart, WarmUp time.Duration
}

const (
	// leadGrid is what learnt leads are rounded up to, so that each start-up
	// moves neither a forecast's range nor the lead label of its metrics.
	leadGrid = 10 * time.Second
	// maxColdStart and maxWarmUp are the most that a spec can ask for: what was
	// learnt from a pod that hung must not reach past a forecast.
	maxColdStart = 6 * time.Hour
	maxWarmUp    = time.Hour
)

// StandbyOf reads the status of a pool.
func StandbyOf(p *v1alpha1.ShadowPool) Standby {
	var s Standby
	if c := p.Status.Cover; c != nil {
		s.Cover, s.CoverKnown = int(max(c.Replicas, 0)), true
	}
	if l := p.Status.Leads; l != nil {
		s.ColdStart, s.WarmUp = learntLead(l.ColdStart, maxColdStart), learntLead(l.WarmUp, maxWarmUp)
	}
	return s
}

// learntLead reads a lead; one that cannot be read taught nothing.
func learntLead(d v1alpha1.Duration, most time.Duration) time.Duration {
	v, err := d.Parse()
	if err != nil || v <= 0 {
		return 0
	}
	return min((v + leadGrid - 1).Truncate(leadGrid), most)
}

// withLeads returns the settings with the leads that hold when this was learnt:
// a cold start that nobody gave is the learnt one, and a shadow takes a cold
// start and a warm-up.
func (s Settings) withLeads(learnt Standby) Settings {
	coldStart := cmp.Or(learnt.ColdStart, s.GivenColdStart, DefaultColdStartLead)
	s.Capacity.ColdStartLead = cmp.Or(s.GivenColdStart, coldStart)
	s.Capacity.ShadowLead = coldStart + cmp.Or(learnt.WarmUp, s.MinReady)
	return s
}

// shadowsOf returns what others may read of a pool's shadows, as its status said
// it at a time.
func shadowsOf(p *v1alpha1.ShadowPool, at time.Time) publish.Shadows {
	out := publish.Shadows{SeenAt: at}
	out.MaxAge, _ = p.Spec.Prediction.MaxAge.Parse() // who may not write it is refused elsewhere
	counts, cover := p.Status.Counts, p.Status.Cover
	switch {
	case p.Spec.Mode != v1alpha1.ModeActive:
		out.Unknown = fmt.Sprintf("the pool is in mode %s and keeps no shadows: write spec.mode Active", p.Spec.Mode)
	case counts == nil || cover == nil:
		out.Unknown = "nobody has counted its shadows yet: look whether the adapter with the role shadows runs"
	default:
		// What is ready may still be held back, such as by a pause: the cover counts
		// those that may go live, besides the bridges and those that were lost.
		out.Warm = int(max(0, cover.Replicas-cover.Lost-counts.Bridged))
	}
	for _, s := range p.Status.Shadows {
		if s.State != v1alpha1.ShadowActive && s.State != v1alpha1.ShadowDeactivated {
			progress, measured := progressOf(s)
			out.List = append(out.List, publish.Shadow{Pod: s.Name, State: string(s.State), Progress: progress, Measured: measured})
		}
	}
	return out
}

// writtenAt is when a status that was there before us was written, at the
// earliest: what we see for the first time may be old.
func writtenAt(p *v1alpha1.ShadowPool, now time.Time) time.Time {
	if d := p.Status.LastDecision; d != nil && d.Time.Time.Before(now) {
		return d.Time.Time
	}
	return now
}

// progressOf returns how far a shadow has warmed up, NaN where that is not said
// and does not follow from its state, and whether it was measured.
func progressOf(s v1alpha1.ShadowStatus) (progress float64, measured bool) {
	switch s.State {
	case v1alpha1.ShadowReady, v1alpha1.ShadowActive, v1alpha1.ShadowBridged:
		return 1, false
	case v1alpha1.ShadowWarming:
		if v, err := s.Progress.Parse(); err == nil && v >= 0 && v <= 1 {
			return v, true
		}
		return math.NaN(), true
	case v1alpha1.ShadowCreating, v1alpha1.ShadowDraining, v1alpha1.ShadowDeactivated:
	}
	return 0, false
}

// SetStandby takes over what is known of the shadows. The cover counts in the
// next decision; the leads from the next round on, in which they are forecast.
func (l *Loop) SetStandby(s Standby) { l.standby = s }

// awaitsCover says that nobody has said yet how many replicas need no cold
// start: that is only so after a start of this process, of a pool that may have
// had shadows before it.
func (l *Loop) awaitsCover() bool {
	return l.resumed && l.settings.Mode == v1alpha1.ModeActive && !l.standby.CoverKnown
}

// cover returns the replicas that need no cold start, and whether they are
// unknown. After maxAge without a word there are none.
func (l *Loop) cover(now time.Time) (replicas int, unknown bool) {
	switch {
	case l.settings.Mode != v1alpha1.ModeActive:
		return 0, false
	case !l.awaitsCover():
		return l.standby.Cover, false
	case l.unknownUntil.IsZero():
		l.unknownUntil = now.Add(l.settings.Capacity.MaxAge)
	}
	return 0, !now.After(l.unknownUntil)
}
