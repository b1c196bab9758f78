package warmup

import (
	"context"
	"sync"
	"time"
)

// flight is a round as it is sent.
type flight struct {
	driver *Driver
	flying sync.WaitGroup

	mu    sync.Mutex
	round *round
}

func (f *flight) over() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.round.over()
}

// step judges, and says what came of it.
func (f *flight) step(now time.Time) {
	d := f.driver
	profile := d.profile()
	f.mu.Lock()
	f.round.setProfile(now, profile)
	f.round.step(now)
	p := f.round.progress(now)
	f.mu.Unlock()
	if p.Requests == 0 && p.InFlight == 0 && !p.TimedOut && d.workload() == nil {
		p.Stage, p.Message = StageNoRequests, d.whyNothing()
	}
	d.say(p)
}

// land says what the round came to.
func (f *flight) land(now time.Time) {
	p := f.round.progress(now)
	if !f.round.over() {
		p.Stage, p.Message, p.Rate = StageIdle, "the warm-up was ended from outside", 0
	}
	f.driver.say(p)
}

// send sends one request if there is one and the pace allows it, and returns how
// long to wait then. What taps send goes first.
func (f *flight) send(ctx context.Context, now time.Time) time.Duration {
	d := f.driver
	list := d.workload()
	if d.feed.Inbox.empty() && list == nil {
		return look
	}
	f.mu.Lock()
	wait, ok := f.round.next(now)
	f.mu.Unlock()
	if !ok {
		return wait
	}
	m, ok := d.feed.Inbox.next()
	switch {
	case !ok:
		m.request = list.next()
	case !m.source.At.IsZero():
		f.mu.Lock()
		f.round.observeSource(m.source)
		f.mu.Unlock()
	}
	f.flying.Go(func() { f.do(ctx, m.request) })
	return 0
}

func (f *flight) do(ctx context.Context, r *Request) {
	timed, cancel := context.WithTimeout(ctx, f.driver.settings.RequestTimeout)
	defer cancel()
	o := f.driver.app.Do(timed, r)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.round.observe(o)
	if ctx.Err() == nil {
		f.driver.metrics.sent(o)
	}
}
