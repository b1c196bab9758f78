package warmup

import (
	"errors"
	"fmt"
	"time"
)

// Settings are those of a warm-up; the zero value of none is useful, see
// DefaultSettings.
type Settings struct {
	// Fraction is the share of the source pod's requests a second that is sent;
	// Rate is what is sent where nobody knows them, MaxRate the most.
	Fraction, Rate, MaxRate float64
	RampUp                  time.Duration
	// MinRequests are needed at least, and Stable is how long all conditions
	// must hold.
	MinRequests int
	Stable      time.Duration
	// Timeout ends a round. It must be below the pool's.
	Timeout time.Duration
	// MaxInFlight requests are on their way, each for at most RequestTimeout.
	MaxInFlight    int
	RequestTimeout time.Duration
}

// DefaultSettings are those of the program's flags.
func DefaultSettings() Settings {
	return Settings{
		Fraction: 0.2, Rate: 10, MaxRate: 50, RampUp: 20 * time.Second, MinRequests: 50, Stable: 10 * time.Second,
		Timeout: 4*time.Minute + 50*time.Second, MaxInFlight: 16, RequestTimeout: 10 * time.Second,
	}
}

// validate says at once all that is wrong, by the names of the flags.
func (s Settings) validate() error {
	return errors.Join(
		check(s.Fraction > 0 && s.Fraction <= 1, "--warmup.fraction", s.Fraction, "write a share above 0 and up to 1, such as 0.2"),
		check(s.Rate > 0 && s.Rate <= s.MaxRate, "--warmup.rate", s.Rate, "write a number above 0 and up to --warmup.max-rate"),
		check(s.MaxRate > 0 && s.MaxRate <= 10_000, "--warmup.max-rate", s.MaxRate, "write a number above 0 and up to 10000"),
		check(s.RampUp >= time.Second, "--warmup.ramp-up", s.RampUp, "write a duration from 1s"),
		check(s.MinRequests >= 2*least, "--warmup.min-requests", s.MinRequests, fmt.Sprintf("write a number from %d", 2*least)),
		check(s.Stable >= time.Second, "--warmup.stable", s.Stable, "write a duration from 1s"),
		check(s.Timeout > s.Stable, "--warmup.timeout", s.Timeout, "write a duration above --warmup.stable"),
		check(s.MaxInFlight > 0 && s.MaxInFlight <= 1000, "--warmup.max-in-flight", s.MaxInFlight, "write a number from 1 to 1000"),
		check(s.RequestTimeout > 0, "--warmup.request-timeout", s.RequestTimeout, "write a duration above 0"),
	)
}

// rateFor is what a round aims at.
func (s Settings) rateFor(p *Profile) float64 {
	if p == nil || p.RequestsPerSecond == 0 {
		return min(s.Rate, s.MaxRate)
	}
	ratio := p.LoadRatio
	if ratio == 0 {
		ratio = 1
	}
	return min(s.Fraction*p.RequestsPerSecond*ratio, s.MaxRate)
}

const (
	// An error burst: of the last burst outcomes at least half failed.
	burst, burstShare = 20, 0.5
	// The app is then left alone, longer each time.
	firstPause, maxPause = 15 * time.Second, 2 * time.Minute
)

// round is one warm-up: outcomes go in, Progress and a pace come out. It knows no
// clock; instants are handed to it and never go back.
type round struct {
	settings Settings
	number   int
	began    time.Time
	deadline time.Time
	profile  *Profile

	pace     *pace
	evidence *evidence
	requests int
	counted  int // those since the app failed last
	inFlight int

	last        []Class // the newest outcomes, for bursts
	pause       time.Duration
	pausedUntil time.Time

	holdsSince time.Time // zero: some condition does not hold
	verdict    verdict
	warm       bool
	timedOut   bool
}

// newRound begins a round. It ends by the deadline at the latest.
func newRound(s Settings, number int, began, deadline time.Time, p *Profile) *round {
	return &round{
		settings: s, number: number, began: began, deadline: deadline, profile: p,
		pace: newPace(began, s.rateFor(p), s.RampUp), evidence: newEvidence(), pause: firstPause,
	}
}

// setProfile takes a new profile of the source.
func (r *round) setProfile(now time.Time, p *Profile) {
	r.profile = p
	r.pace.aim(now, r.settings.rateFor(p))
}

// over says that nothing may be sent any more.
func (r *round) over() bool { return r.warm || r.timedOut }

// next says that a request may go now, or else when to ask again. One that goes
// must be Observed.
func (r *round) next(now time.Time) (wait time.Duration, ok bool) {
	switch {
	case r.over():
		return time.Second, false
	case now.Before(r.pausedUntil):
		return r.pausedUntil.Sub(now), false
	case r.inFlight >= r.settings.MaxInFlight:
		r.pace.saturate()
		return 50 * time.Millisecond, false
	}
	wait, ok = r.pace.take(now)
	if ok {
		r.inFlight++
	}
	return wait, ok
}

// observe takes what became of a request.
func (r *round) observe(o Outcome) {
	r.inFlight--
	if r.over() {
		return // it was cancelled, and says nothing
	}
	r.requests++
	r.counted++
	if r.evidence.source[o.Route] == nil {
		o.Route = r.profile.groupOf(o.Route)
	}
	o = keep(r.evidence.shadow, o)
	r.pace.observe(o)
	r.last = append(r.last, o.Class)
	if len(r.last) > burst {
		r.last = r.last[1:]
	}
	if r.isBurst() {
		r.abort(o.At)
	}
}

// observeSource takes what the source pod made of a request that a tap mirrored.
func (r *round) observeSource(o Outcome) { keep(r.evidence.source, o) }

func (r *round) isBurst() bool {
	failed := 0
	for _, c := range r.last {
		if c.failed() {
			failed++
		}
	}
	return len(r.last) == burst && float64(failed) >= burstShare*burst
}

// abort leaves the app alone for a while. What it made of the requests before
// says nothing about it afterwards.
func (r *round) abort(now time.Time) {
	r.pausedUntil = now.Add(r.pause)
	r.pause = min(2*r.pause, maxPause)
	r.last = nil
	r.counted = 0
	source := r.evidence.source
	r.evidence = newEvidence()
	r.evidence.source = source
	r.pace = newPace(r.pausedUntil, r.settings.rateFor(r.profile), r.settings.RampUp)
	r.holdsSince = time.Time{}
}

// step judges the evidence; call it about once a second.
func (r *round) step(now time.Time) {
	if r.over() {
		return
	}
	r.verdict = r.evidence.judge(now, r.profile)
	if !now.Before(r.deadline) {
		r.timedOut = true
		return
	}
	if now.Before(r.pausedUntil) {
		return
	}
	r.pace.step(now)
	v := &r.verdict
	if r.counted < r.settings.MinRequests || v.enough < 1 || v.mix < 1 || v.latency < 1 || v.cpu < 1 {
		r.holdsSince = time.Time{}
		return
	}
	if r.holdsSince.IsZero() {
		r.holdsSince = now
	}
	r.warm = now.Sub(r.holdsSince) >= r.settings.Stable
}

// progress says how far the round is.
func (r *round) progress(now time.Time) Progress {
	p := Progress{
		Version: ProgressVersion, Round: r.number, Began: r.began, Requests: r.requests, InFlight: r.inFlight,
		Rate: r.pace.rate, Reference: r.verdict.reference,
	}
	p.Stage, p.Message, p.Ratio = r.missing(now)
	if r.over() {
		p.Rate = 0
		p.Done = r.warm && r.inFlight == 0
		p.TimedOut = r.timedOut
	}
	return p
}

// Of the ratio, what the shadow does is the most, and that it goes on doing so
// the rest.
const shareOfBehaviour = 0.8

// missing returns the first condition that does not hold.
func (r *round) missing(now time.Time) (stage Stage, message string, ratio float64) {
	v := &r.verdict
	enough := min(float64(r.counted)/float64(r.settings.MinRequests), 1)
	ratio = shareOfBehaviour * min(enough, v.enough, v.mix, v.latency, v.cpu)
	switch {
	case r.warm && r.inFlight > 0:
		return StageFinishing, "", 1
	case r.warm:
		return StageReady, "", 1
	case r.timedOut:
		stage, message, _ = r.unmet()
		return StageTimedOut, fmt.Sprintf("not warm after %s: %s: %s", r.deadline.Sub(r.began), stage, message), ratio
	case now.Before(r.pausedUntil):
		return StageAborted, fmt.Sprintf("the app failed; it is left alone for %s", r.pausedUntil.Sub(now).Round(time.Second)), 0
	}
	stage, message, met := r.unmet()
	if met {
		gone := now.Sub(r.holdsSince)
		ratio += (1 - shareOfBehaviour) * min(1, gone.Seconds()/r.settings.Stable.Seconds())
		message = fmt.Sprintf("all conditions have held for %s of %s", gone.Round(time.Second), r.settings.Stable)
	}
	return stage, message, ratio
}

// unmet returns the first condition that the evidence lacks; met if it lacks
// none.
func (r *round) unmet() (stage Stage, message string, met bool) {
	v := &r.verdict
	few := fmt.Sprintf("%d of %d requests", r.requests, r.settings.MinRequests)
	switch {
	case v.mix < 1:
		return StageResponsesDiffer, v.mixText, false
	case r.requests < r.settings.MinRequests && r.pace.rate < r.pace.target:
		return StageRamping, fmt.Sprintf("%s at %.1f a second, of %.1f", few, r.pace.rate, r.pace.target), false
	case r.requests < r.settings.MinRequests:
		return StageTooFewRequests, few, false
	case v.enough < 1:
		return StageTooFewRequests, v.enoughText, false
	case v.latency < 1:
		return StageLatencyAbove, v.latencyText, false
	case v.cpu < 1:
		return StageCPUAbove, v.cpuText, false
	case r.holdsSince.IsZero():
		return StageStabilising, "", false
	}
	return StageStabilising, "", true
}
