package warmup

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func start() time.Time { return time.Date(2026, 11, 26, 14, 0, 0, 0, time.UTC) }

// Whatever the app does, the pace stays between its bounds, sends no more than
// its bucket holds, and follows additive increase, multiplicative decrease.
func TestPaceStaysWithinItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		target := rapid.Float64Range(0.1, 200).Draw(t, "target")
		p := newPace(start(), target, 20*time.Second)
		now, sent, allowed := start(), 0, 1.0 // the bucket begins full
		for range rapid.IntRange(1, 200).Draw(t, "seconds") {
			ticks := rapid.IntRange(0, 40).Draw(t, "attempts")
			for range ticks {
				now = now.Add(time.Second / 40)
				allowed += p.rate / 40
				if _, ok := p.take(now); ok {
					sent++
					p.observe(Outcome{
						Route:   rapid.SampledFrom([]string{"a", "b"}).Draw(t, "route"),
						Class:   rapid.SampledFrom(classes()).Draw(t, "class"),
						Latency: time.Duration(rapid.IntRange(0, 2_000_000).Draw(t, "us")) * time.Microsecond,
					})
				}
			}
			if rapid.IntRange(0, 9).Draw(t, "saturated") == 0 {
				p.saturate()
			}
			was := p.rate
			p.step(now)
			if p.rate < minRate-1e-9 || p.rate > p.target+1e-9 || p.rate > max(target, minRate)+1e-9 {
				t.Fatalf("rate %g with target %g", p.rate, target)
			}
			if p.rate < was && p.rate < was*backOff-1e-9 {
				t.Fatalf("rate fell from %g to %g", was, p.rate)
			}
		}
		if float64(sent) > allowed+1e-6 {
			t.Fatalf("sent %d, the bucket allowed %g", sent, allowed)
		}
	})
}

func TestPaceRampsUpAndBacksOff(t *testing.T) {
	p := newPace(start(), 20, 20*time.Second)
	second := func(latency time.Duration, class Class) {
		for range 5 {
			p.observe(Outcome{Route: "a", Latency: latency, Class: class})
		}
		p.step(p.lastStep.Add(time.Second))
	}
	for range 10 {
		second(10*time.Millisecond, ClassSuccess)
	}
	require.InDelta(t, 10.5, p.rate, 1e-9, "half the ramp")
	second(100*time.Millisecond, ClassSuccess)
	require.InDelta(t, 5.25, p.rate, 1e-9, "the app slows down")
	second(10*time.Millisecond, ClassServer)
	require.InDelta(t, 2.625, p.rate, 1e-9, "the app fails")
	p.saturate()
	p.step(p.lastStep.Add(time.Second))
	require.InDelta(t, 1.3125, p.rate, 1e-9, "too many are on their way")
	for range 30 {
		second(10*time.Millisecond, ClassClient)
	}
	require.Equal(t, 20.0, p.rate)
}

// A token that is missing is there after the wait that take returned.
func TestPaceWaitsAsLongAsItSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := newPace(start(), 50, time.Second)
		now := start()
		for range rapid.IntRange(0, 5).Draw(t, "steps") {
			now = now.Add(time.Second)
			p.step(now)
		}
		for range 20 {
			wait, ok := p.take(now)
			if ok {
				continue
			}
			if now = now.Add(wait + time.Microsecond); wait <= 0 {
				t.Fatalf("wait %s", wait)
			}
			if _, ok := p.take(now); !ok {
				t.Fatalf("no token after %s at %g a second", wait, p.rate)
			}
		}
	})
}
