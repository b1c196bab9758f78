package forecast

const (
	jumpLeast = 3   // unusual deviations in a row that make a jump
	jumpMiss  = 4   // how many of them one ordinary deviation takes back
	jumpStay  = 4   // see carry; between 1 and 8 the losses on real series hardly differ
	jumpDecay = 0.9 // weight of a deviation one step older in the height
)

// jump is a run of deviations beyond the limit on one side: a level shift in
// its first minutes, or an incident; which of them, only its length tells.
// With four unusual ones against each ordinary one taken as its end, a run has
// at least four fifths of its steps outside.
type jump struct {
	run      int
	side     bool
	sum, den float64
}

// add takes the next deviation and its clipped value.
func (j *jump) add(v, clipped float64) {
	switch {
	case v == clipped:
		if j.run -= jumpMiss; j.run <= 0 {
			*j = jump{}
		}
		return
	case j.run > 0 && j.side != (v > 0):
		*j = jump{}
	}
	j.run++
	j.side = v > 0
	j.sum, j.den = j.sum*jumpDecay+v, j.den*jumpDecay+1
}

// carry returns the deviation expected h steps ahead, where the averages alone
// say learnt. What has lasted r steps lasts another h with probability r/(r+h)
// by J. R. Gott's rule (Nature 363, 1993); load that moved stays for longer:
// 4r/(4r+h).
func (j *jump) carry(learnt float64, h int) float64 {
	if j.run < jumpLeast {
		return learnt
	}
	r := jumpStay * float64(j.run)
	return lerp(learnt, j.sum/j.den, r/(r+float64(h)))
}
