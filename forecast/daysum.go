package forecast

import (
	"math"
	"slices"
)

const (
	dayParts   = 24  // of a day, with any of which a sum of a day may begin
	oddTimes   = 1.5 // times the usual sum, or the usual one times it, from which a day is odd
	oddAlone   = 2   // times as far from the usual sum as any other on its side
	oddSigmas  = 3   // robust standard deviations above the usual sum; below it, zero is the end
	oddHours   = 0.8 // share of its hours that lie beyond halfway to its level
	oddLongest = 1.5 // days; what lasts longer is a level
)

// oddDays returns the incidents before step over of which no step need be odd: a
// day at three times a load that bursts lies within the bands, but its sum is far
// from that of any other day.
//
// The sums of the days that begin with the same hour are compared, each hour in
// turn. A day is odd if its sum is 1.5 times the median and three robust standard
// deviations above it, or the median 1.5 times the sum, and no other on its side is
// more than half as far from the median: another such day may come again. So may a
// day of the week that was seen once, which is never odd and may hide a lesser one.
// An odd day is an incident if it lasts from two hours, six steps at least, to a day
// and a half, with four fifths of its hours beyond halfway. Incident or not, it is
// left out before the rest is looked at, so that it hides no lesser one.
func (h *history) oddDays(over int) (out []span) {
	if h.day < dayParts || len(h.raw) <= 7*h.day {
		return nil
	}
	d := newDaySums(h.raw, h.day, h.arena)
	for {
		x, found := d.oddest()
		if !found {
			return out
		}
		a, located := d.locate(&x)
		lasts := a.to-a.from >= h.lasting() && float64(a.to-a.from) <= oddLongest*float64(h.day)
		if located && lasts && a.to <= over && d.steady(&x) {
			out = append(out, a)
		}
		d.forget(min(x.newest, x.at), max(x.oldest+1, x.at+dayParts))
	}
}

// daySums are the hours of a history, counted back from its end.
type daySums struct {
	values []float64
	day    int       // steps
	hours  []float64 // means, the last first; NaN where most is missing
	usual  [dayParts]float64
}

// oddDay is a day whose sum is odd, and the hours that make it so.
type oddDay struct {
	at, side       int
	times          float64 // its sum in usual ones
	newest, oldest int     // hours
}

func newDaySums(x []float64, day int, a *arena) *daySums {
	d := &daySums{values: x, day: day, hours: a.take(len(x) / day * dayParts)}
	to := len(x)
	for k := range d.hours {
		from := d.from(k)
		d.hours[k] = meanOfMost(x[from:to])
		to = from
	}
	col := make([]float64, 0, len(x)/day)
	for p := range d.usual {
		col = col[:0]
		for k := p; k < len(d.hours); k += dayParts {
			if v := d.hours[k]; v == v {
				col = append(col, v)
			}
		}
		d.usual[p] = median(col)
	}
	return d
}

// from returns the first step of hour k.
func (d *daySums) from(k int) int { return len(d.values) - (k+1)*d.day/dayParts }

// meanOfMost is the mean of x without the gaps; NaN where they are more than half.
func meanOfMost(x []float64) float64 {
	a, b := 0.0, 0.0 // two sums do not wait for each other
	for i := 1; i < len(x); i += 2 {
		a += x[i-1]
		b += x[i]
	}
	if len(x)%2 == 1 {
		a += x[len(x)-1]
	}
	if a += b; a == a {
		return a / float64(len(x))
	}
	n := 0
	for _, v := range x {
		if v == v {
			n++
		}
	}
	if 2*n < len(x) {
		return math.NaN()
	}
	return windowMean(x, 0, len(x)-1)
}

// oddest returns the day that is furthest from the usual of those that are odd.
func (d *daySums) oddest() (x oddDay, found bool) {
	days := len(d.hours) / dayParts
	sums, sorted := make([]float64, 0, days), make([]float64, 0, days)
	most := 0.0
	for first := range dayParts {
		sums, sorted = sums[:0], sorted[:0]
		for k := first; k+dayParts <= len(d.hours); k += dayParts {
			v := d.sum(k)
			if sums = append(sums, v); v == v {
				sorted = append(sorted, v)
			}
		}
		mid := median(sorted)
		for _, side := range [2]int{1, -1} {
			v, times := oddOf(sorted, mid, side)
			if times <= most*(1+rounding) {
				continue
			}
			if i := slices.Index(sums, v); seenInAWeek(sums, i) {
				x, most = oddDay{at: first + i*dayParts, side: side, times: v / mid}, times
			}
		}
	}
	return x, most > 0
}

// sum is that of the day whose last hour is k; NaN where more than a quarter of it is
// missing. An hour that no day has is no part of it.
func (d *daySums) sum(k int) float64 {
	sum, known, missing, p := 0.0, 0, 0, k%dayParts
	for _, v := range d.hours[k : k+dayParts] {
		if usual := d.usual[p]; usual == usual {
			known++
			if v != v {
				missing++
				v = usual
			}
			sum += v
		}
		if p++; p == dayParts {
			p = 0
		}
	}
	if 4*missing > known {
		return math.NaN()
	}
	return sum
}

// oddOf returns the sum on one side of the others that is odd, and how many times
// the usual one it is, or the usual one is it; 0 for none. A tie is odd, in any unit.
func oddOf(sorted []float64, mid float64, side int) (v, times float64) {
	n := len(sorted)
	if n < 2 || !(mid > 0) {
		return 0, 0
	}
	v, next := sorted[n-1], sorted[n-2]
	if times = v / mid; side < 0 {
		v, next = sorted[0], sorted[1]
		times = mid / v
	}
	off := math.Abs(v-mid) * (1 + rounding)
	if times*(1+rounding) < oddTimes || off < oddAlone*float64(side)*(next-mid) {
		return 0, 0
	}
	if _, mad := medianMAD(sorted); side > 0 && off < oddSigmas*madToSigma*mad {
		return 0, 0
	}
	return v, times
}

// seenInAWeek says whether the sum a week before or after that of day i is known.
func seenInAWeek(sums []float64, i int) bool {
	for _, j := range [2]int{i - 7, i + 7} {
		if j >= 0 && j < len(sums) && sums[j] == sums[j] {
			return true
		}
	}
	return false
}

// locate finds the incident around an odd day: the hours, and at their ends the
// steps, over which the sum of the distances beyond halfway to its level is
// greatest, which for Gaussian noise are the likeliest ends of a mean that moves
// and moves back (D. Hinkley, Biometrika 57, 1970). It finds none where no hour lies
// beyond halfway, since hours may each be usual of which no other day has all.
func (d *daySums) locate(x *oddDay) (at span, found bool) {
	x.newest, x.oldest = x.at, x.at+dayParts-1
	most, sum, begin := 0.0, 0.0, 0
	for k := max(0, x.at-dayParts/2); k < min(len(d.hours), x.at+dayParts*3/2); k++ {
		if sum <= 0 {
			sum, begin = 0, k
		}
		if v := d.beyond(x, d.hours[k], k); v == v {
			sum += v
		}
		if sum > most {
			most, x.newest, x.oldest = sum, begin, k
		}
	}
	if most == 0 {
		return span{}, false
	}
	from, to, hour := d.from(x.oldest), d.from(x.newest-1), d.day/dayParts
	return span{
		from: d.edge(x, from+hour-1, max(0, from-hour)-1, -1),
		to:   d.edge(x, to-hour, min(len(d.values), to+hour), 1) + 1,
		side: x.side,
	}, true
}

// beyond is how far v lies beyond halfway from what is usual in hour k.
func (d *daySums) beyond(x *oddDay, v float64, k int) float64 {
	return (v - (1+x.times)/2*d.usual[k%dayParts]) * float64(x.side)
}

// edge returns the step up to which, on the way from one on, the sum of the
// distances is greatest.
func (d *daySums) edge(x *oddDay, from, to, by int) int {
	at, most, sum := from, 0.0, 0.0
	for i := from; i != to; i += by {
		if v := d.beyond(x, d.values[i], (len(d.values)-1-i)*dayParts/d.day); v == v {
			sum += v
		}
		if sum > most {
			at, most = i, sum
		}
	}
	return at
}

// steady says whether most hours lie beyond halfway: a few bursts may come again
// at any time.
func (d *daySums) steady(x *oddDay) bool {
	beyond, present := 0, 0
	for k := x.newest; k <= x.oldest; k++ {
		v := d.beyond(x, d.hours[k], k)
		if v == v {
			present++
		}
		if v > 0 {
			beyond++
		}
	}
	return float64(beyond) >= oddHours*float64(present)
}

// forget makes gaps of hours.
func (d *daySums) forget(from, to int) {
	for k := from; k < to; k++ {
		d.hours[k] = math.NaN()
	}
}
