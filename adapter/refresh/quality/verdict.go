package quality

import (
	"math"
	"slices"
	"time"
)

const (
	// FallAfter days without skill in a row speak against a forecast.
	FallAfter = 3
	// ReturnAfter days with skill in a row speak for it again.
	ReturnAfter = 2
	// shortest is the horizon up to which a forecast decides how many replicas
	// there are, and by which it stands or falls.
	shortest = time.Hour
	// harmless is the share of the load by which a bound may lie too high on
	// average before it matters whether yesterday was better.
	harmless = 0.05
	// enough is the share of a day's forecasts that must have been judged.
	enough = 0.5
)

// Verdict says whether a forecast should be followed.
type Verdict struct {
	// Fallback says that it should not: it had no skill for FallAfter days, and
	// has not had any for ReturnAfter days since.
	Fallback bool
	// Skill is that of the last day that could be judged: 1 - pinball loss at
	// Config.Level over that of "as yesterday", up to an hour ahead. NaN: none
	// could.
	Skill float64
	// Day is when that day began.
	Day time.Time
}

// Verdict looks at the whole days that are looked back upon, the oldest first,
// as if there had been no days before them: so it depends on them alone. A day
// that cannot be judged, such as one of gaps, counts for nothing.
func (t *Tracker) Verdict() Verdict {
	v := Verdict{Skill: math.NaN()}
	level := slices.Index(t.cfg.Levels, t.cfg.Level)
	good, bad := 0, 0
	for _, d := range t.days {
		skill, fine, ok := t.dayOf(d, level)
		if !ok {
			continue
		}
		v.Skill, v.Day = skill, d.start
		if fine {
			good, bad = good+1, 0
		} else {
			good, bad = 0, bad+1
		}
		switch {
		case bad >= FallAfter:
			v.Fallback = true
		case good >= ReturnAfter:
			v.Fallback = false
		}
	}
	return v
}

// dayOf judges one day; ok is false where that cannot be done yet, or at all.
func (t *Tracker) dayOf(d *record, level int) (skill float64, fine, ok bool) {
	if !d.settled || level < 0 {
		return 0, false, false
	}
	var sum levelSums
	load, n, most := 0.0, 0, 0
	for i, h := range t.horizons {
		if time.Duration(h)*t.cfg.Step > shortest {
			continue
		}
		most += t.origins
		c := &d.cells[i]
		n, load = n+c.n, load+c.load
		sum.compared += c.levels[level].compared
		sum.loss += c.levels[level].loss
		sum.naive += c.levels[level].naive
	}
	if most == 0 || float64(sum.compared) < enough*float64(most) {
		return 0, false, false
	}
	slack := harmless * (1 - t.cfg.Level) * load * float64(sum.compared) / float64(n)
	ratio := sum.ratio()
	if math.IsNaN(ratio) {
		ratio = 1
	}
	return 1 - ratio, sum.loss < sum.naive || sum.loss <= slack, true
}
