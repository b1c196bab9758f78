package forecast

import (
	"math"
	"slices"
)

const (
	jumpLeast = 3   // unusual deviations that make a jump
	jumpMiss  = 4   // how many of them any other takes back
	jumpHeld  = 40  // the most that there is to take back
	jumpStay  = 4   // see carry; between 1 and 8 the losses on real series hardly differ
	mayLast   = 0.2 // probability from which an upper quantile counts on a run
	widest    = 10  // times that a band may widen in a run
	jumpNoise = 0.9 // share of the distances from an average behind that is noise, not slope
	jumpDecay = 0.9 // weight of a deviation one step older in the height
)

// jump is a run of deviations beyond the limit on one side: a level shift in
// its first minutes, or an incident; which of them, only its length tells.
// With four unusual ones against each other one, which is ordinary or unusual on
// the other side, taken as its end, a run has at least four fifths of its steps
// outside. A job that no longer comes, or a moment of silence, ends no long one; ten
// steps in a row do, however long it was.
type jump struct {
	run      int // unusual steps, less four for each other one
	held     int // as many, but 40 at most: it ends when they are taken back
	side     bool
	sum, den float64
	off      float64 // sum of the distances from the height so far, weighted alike
	alarm    cusum
}

// add takes the next deviation and its clipped value.
func (j *jump) add(v, clipped float64) {
	if ordinary := v == clipped; ordinary || j.run > 0 && j.side != (v > 0) {
		if j.run, j.held = j.run-jumpMiss, j.held-jumpMiss; j.held <= 0 {
			*j = jump{alarm: j.alarm}
			j.alarm.forget(v)
		}
		if ordinary || j.run > 0 {
			return
		}
	}
	j.run, j.held = j.run+1, min(j.held+1, jumpHeld)
	if j.den > 0 {
		j.off = j.off*jumpDecay + math.Abs(v-j.sum/j.den)
	}
	j.side = v > 0
	j.sum, j.den = j.sum*jumpDecay+v, j.den*jumpDecay+1
}

// carry returns the deviation expected h steps ahead, where the averages alone
// say learnt. What has lasted r steps lasts another h with probability r/(r+h)
// by J. R. Gott's rule (Nature 363, 1993); load that moved stays for longer:
// 4r/(4r+h).
func (j *jump) carry(learnt float64, h int) float64 {
	if j.run < jumpLeast {
		return j.alarm.carry(learnt, h)
	}
	return lerp(learnt, j.sum/j.den, j.stays(h))
}

// carries says whether carry differs from what the averages say.
func (j *jump) carries() bool { return j.run >= jumpLeast || j.alarm.alarmed() }

// jumpAt is a jump that carries at one origin.
type jumpAt struct {
	origin int
	jump
}

// jumpsAt are those of one model, by origin: few, if any.
type jumpsAt []jumpAt

// of returns the jump at an origin; nil where none carries.
func (x jumpsAt) of(origin int) *jump {
	if len(x) == 0 {
		return nil
	}
	i, found := slices.BinarySearchFunc(x, origin, func(j jumpAt, origin int) int { return j.origin - origin })
	if !found {
		return nil
	}
	return &x[i].jump
}

// ordinary takes deviations as long as they are ordinary and returns how many
// those are. Most change nothing.
func (j *jump) ordinary(v, clipped []float64) int {
	clipped = clipped[:len(v)]
	quiet, calm := j.alarm.quiet(), j.run == 0 && j.alarm.idle()
	for i, x := range v {
		if x != clipped[i] { // or a gap
			return i
		}
		if calm && math.Abs(x) <= quiet {
			continue
		}
		j.alarm.add(x)
		if j.run > 0 {
			j.add(x, x)
		}
		calm = j.run == 0 && j.alarm.idle()
	}
	return len(v)
}

// idle returns how many of the next deviations leave the jump as it is: none,
// unless there is neither a run nor one that may begin.
func (j *jump) idle(v, clipped []float64) int {
	if j.run != 0 || !j.alarm.idle() {
		return 0
	}
	quiet := j.alarm.quiet()
	clipped = clipped[:len(v)]
	for i, x := range v {
		if x != clipped[i] || math.Abs(x) > quiet {
			return i
		}
	}
	return len(v)
}

// stays is the probability that a run lasts another h steps.
func (j *jump) stays(h int) float64 { return stays(j.run, h) }

func stays(run, h int) float64 {
	r := jumpStay * float64(run)
	return r / (r + float64(h))
}

// mayWiden says whether widens may differ from 1.
func (j *jump) mayWiden() bool { return j.run >= 2*jumpLeast }

// widens returns how much more a load moves in a run than it did before, between
// 1 and 10: a load at three times its level has three times its noise. usual is
// the mean distance from an average of about the same memory before it.
func (j *jump) widens(usual float64) float64 {
	if !j.mayWiden() || !(usual > 0) {
		return 1
	}
	return min(max(jumpNoise*j.off/j.den/usual, 1), widest)
}

// most returns the deviation that an upper quantile starts from: that of a run
// above the curve in full as long as it may last, since the chance that it is
// over is smaller than that it is not.
func (j *jump) most(learnt float64, h int) float64 {
	if j.run < jumpLeast || !j.side || j.stays(h) < mayLast {
		return j.carry(learnt, h)
	}
	return max(j.sum/j.den, learnt)
}
