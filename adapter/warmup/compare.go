package warmup

import (
	"fmt"
	"math"
	"time"
)

const (
	// How far a shadow may be above its source. A quantile of twenty latencies
	// scatters, and the higher the more; the slack is what a scheduler does to a
	// latency of microseconds.
	tolerance50, slack50 = 1.2, time.Millisecond
	tolerance90, slack90 = 1.5, 2 * time.Millisecond
	// mixTolerance is how far the share of a class may be from the source's,
	// beside two standard errors of the shadow's own share.
	mixTolerance = 0.05
	// rounding is what sums of shares are off by.
	rounding = 1e-9
	// selfTolerance is how much faster the newest half may be than the one
	// before it where nothing but the shadow itself is known: faster, and it
	// still warms up.
	selfTolerance = 1.2
)

// comparison is how near a shadow is to its source on one route: 1 is as good as
// the source, and text says what is not.
type comparison struct {
	latency, mix         float64
	latencyText, mixText string
}

// compare judges the newest outcomes of a route by the source's profile.
func compare(route string, outcomes []Outcome, ref RouteProfile) comparison {
	c := comparison{latency: 1, mix: 1}
	latest := outcomes[:min(recent, len(outcomes))]
	high, highIs := ref.P90, "is "
	if high == 0 {
		high, highIs = ref.P99, "p99 is "
	}
	for _, q := range []struct {
		name, is       string
		p, ref, factor float64
		slack          time.Duration
	}{{"p50", "is ", 0.5, ref.P50, tolerance50, slack50}, {"p90", highIs, 0.9, high, tolerance90, slack90}} {
		if q.ref == 0 {
			continue
		}
		got, bound := quantile(q.p, latest).Seconds(), q.ref*q.factor+q.slack.Seconds()
		if near := bound / math.Max(got, bound); near < c.latency {
			c.latency = near
			c.latencyText = fmt.Sprintf("%s: %s is %s, the source's %s", route, q.name, inText(got), q.is+inText(q.ref))
		}
	}
	if ref.P50 == 0 {
		c.compareOlder(route, outcomes)
	}
	c.compareMix(route, outcomes, ref)
	return c
}

// compareMix wants each class as often as the source has it. Where that is not
// known, a shadow may answer better than the source does.
func (c *comparison) compareMix(route string, outcomes []Outcome, ref RouteProfile) {
	wanted, known := ref.Classes, len(ref.Classes) > 0
	if !known {
		failed := ref.ErrorRatio
		wanted = map[Class]float64{ClassSuccess: 1 - failed, ClassServer: failed, ClassError: failed}
		outcomes = redirectsAsSuccess(outcomes)
	}
	got := mix(outcomes)
	for _, class := range classes() {
		want := wanted[class]
		bound := mixTolerance + 2*math.Sqrt(want*(1-want)/float64(len(outcomes)))
		more := got[class] - want
		off := more
		if known {
			off = math.Abs(off)
		} else if class == ClassSuccess {
			off = -off
		}
		if off <= bound+rounding {
			continue
		}
		// Of two that are as far off, the one that there is too much of says more.
		if near := 1 - off; near < c.mix-rounding || more > 0 && near < c.mix+rounding {
			c.mix = near
			c.mixText = fmt.Sprintf("%s: %.0f %% of the responses are %s, %.0f %% of the source's", route, 100*got[class], class, 100*want)
		}
	}
}

// compareSelf judges a shadow that has nobody to be compared with: it is warm
// when its latency falls no more, and answers.
func compareSelf(route string, outcomes []Outcome) comparison {
	c := comparison{latency: 1, mix: 1}
	c.compareOlder(route, outcomes)
	c.compareMix(route, outcomes, RouteProfile{})
	return c
}

// compareOlder wants the latency to fall no more.
func (c *comparison) compareOlder(route string, outcomes []Outcome) {
	half := min(recent, len(outcomes)) / 2
	newer, older := quantile(0.5, outcomes[:half]), quantile(0.5, outcomes[half:2*half])
	bound := float64(newer)*selfTolerance + float64(slack50)
	if near := bound / math.Max(float64(older), bound); near < c.latency {
		c.latency = near
		c.latencyText = fmt.Sprintf("%s: p50 still falls: %s after %s", route, inText(newer.Seconds()), inText(older.Seconds()))
	}
}

func redirectsAsSuccess(outcomes []Outcome) []Outcome {
	out := make([]Outcome, len(outcomes))
	for i, o := range outcomes {
		if o.Class == ClassRedirect {
			o.Class = ClassSuccess
		}
		out[i] = o
	}
	return out
}

// inText writes a latency as people read it.
func inText(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	case d >= time.Millisecond:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
