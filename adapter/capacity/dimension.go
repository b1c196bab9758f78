package capacity

import (
	"math"
	"slices"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Dimension is a resource that the workload needs replicas for beside its load:
// what its pods use of it together, and what one of them carries.
type Dimension struct {
	Name string
	// Observed, ObservedAt, Highest and Forecast are of its use, as those of the
	// load in Input.
	Observed   float64
	ObservedAt time.Time
	Highest    float64
	Forecast   *forecast.Forecast
	// CapacityPerReplica is what one replica carries; 0 if it is not known.
	CapacityPerReplica float64
	// Degraded says that the newest read failed or may be partial.
	Degraded bool
}

// Share is what one dimension would ask for alone.
type Share struct {
	Name     string
	Replicas int
}

// counts says whether a dimension has a say at now: not before its capacity is
// known, nor before it was read.
func (d Dimension) counts() bool {
	return d.CapacityPerReplica > 0 && !math.IsInf(d.CapacityPerReplica, 0) && !d.ObservedAt.IsZero()
}

// lost says that the newest sample is older than maxAge. Other than for the load
// that is no reason to publish nothing.
func (d Dimension) lost(now time.Time, maxAge time.Duration) bool {
	return now.Sub(d.ObservedAt) > maxAge
}

// keep has a lost dimension ask for what it asked for last.
func (d *Decision) keep(dim Dimension, in Input, c Config) {
	i := slices.IndexFunc(in.PreviousShares, func(s Share) bool { return s.Name == dim.Name })
	if i < 0 {
		return
	}
	last := in.PreviousShares[i].Replicas
	if c.Suspended != FallbackNone {
		last = min(last, in.PreviousFloor) // as in hold
	}
	d.Shares = append(d.Shares, Share{Name: dim.Name, Replicas: last})
	if last <= d.Value {
		return
	}
	d.Value, d.Dimension, d.Held = last, dim.Name, true
	if c.Suspended != FallbackNone {
		return
	}
	d.NowTerm = max(d.NowTerm, min(in.PreviousNow, last))
	if in.PreviousShadow > d.ShadowNeed {
		d.ShadowNeed, d.ShadowKnown = in.PreviousShadow, true
	}
}

// raise takes the greatest need over the dimensions: each term is the maximum
// of the load's and theirs. old says that one of them may not be lowered by.
func (d *Decision) raise(in Input, c Config) (old bool) {
	for _, dim := range in.Dimensions {
		if !dim.counts() {
			continue
		}
		if dim.lost(in.Now, c.MaxAge) {
			d.keep(dim, in, c)
			continue
		}
		old = old || dim.Degraded || in.Now.Sub(dim.ObservedAt) > c.HoldAfter
		own := in
		own.Observed, own.Highest, own.Forecast = dim.Observed, dim.Highest, dim.Forecast
		per := c
		per.CapacityPerReplica = dim.CapacityPerReplica
		if d.Fallback != FallbackNone {
			per.Suspended = d.Fallback // what holds the load's forecast back holds theirs
		}
		t := terms(own, per)
		d.Shares = append(d.Shares, Share{Name: dim.Name, Replicas: t.Value})
		if t.Value > d.Value {
			d.Dimension = dim.Name
		}
		d.Value, d.Floor, d.NowTerm = max(d.Value, t.Value), max(d.Floor, t.Floor), max(d.NowTerm, t.NowTerm)
		d.NeedActivation, d.NeedColdStart = max(d.NeedActivation, t.NeedActivation), max(d.NeedColdStart, t.NeedColdStart)
		d.ShadowNeed, d.ShadowKnown = max(d.ShadowNeed, t.ShadowNeed), d.ShadowKnown || t.ShadowKnown
		d.Limit = max(d.Limit, t.Limit)
	}
	return old
}

const (
	// restQuantile is the share of the past in which a replica used less than what
	// counts as its use at rest.
	restQuantile = 0.05
	// leastRoom is the least share of a replica's capacity that must be left above
	// its use at rest.
	leastRoom = 0.1
)

// Rest returns what a replica uses at rest: the 0.05-quantile of use / replicas
// over the steps at which both are known. ok is false with fewer than
// MinLearnSamples of them. The series must share their step and grid.
func Rest(use, replicas forecast.Series) (perReplica float64, ok bool) {
	var ratios []float64
	eachJoint(use, replicas, func(_ int, u, n float64) { ratios = append(ratios, u/n) })
	if len(ratios) < MinLearnSamples {
		return math.NaN(), false
	}
	slices.Sort(ratios)
	return ratios[int(restQuantile*float64(len(ratios)))], true
}

// AboveRest returns the part of a use that comes from load: use - rest x
// replicas, at least 0; a gap where either is not known. What replicas use at
// rest grows with their number, so that asking for more of them because of it
// would never end.
func AboveRest(use, replicas forecast.Series, rest float64) forecast.Series {
	out := forecast.Series{Start: use.Start, Step: use.Step, Values: make([]float64, len(use.Values))}
	for i := range out.Values {
		out.Values[i] = math.NaN()
	}
	eachJoint(use, replicas, func(i int, u, n float64) { out.Values[i] = max(0, u-rest*n) })
	return out
}

// Room returns what of a replica's capacity is left above its use at rest; ok is
// false where that is next to nothing.
func Room(perReplica, rest float64) (room float64, ok bool) {
	room = perReplica - rest
	return room, room >= leastRoom*perReplica
}

// eachJoint calls f for each step at which both series are known and there was a
// replica; i is the index in use.
func eachJoint(use, replicas forecast.Series, f func(i int, u, n float64)) {
	if use.Step != replicas.Step || use.Step <= 0 {
		return
	}
	offset := int(use.Start.Sub(replicas.Start) / use.Step)
	for i, u := range use.Values {
		j := i + offset
		if j < 0 || j >= len(replicas.Values) {
			continue
		}
		if n := replicas.Values[j]; u >= 0 && n >= 1 { // false for gaps
			f(i, u, n)
		}
	}
}
