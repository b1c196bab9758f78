package warmup

import (
	"context"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"k8s.io/utils/clock"
)

// Feed is what comes to a driver from outside, each nil if it does not.
type Feed struct {
	// List returns the user's workload, nil while there is none.
	List func() *List
	// ListErr says why there is none.
	ListErr func() error
	// Profile returns the source's, nil while nobody knows it.
	Profile func() *Profile
	// State returns the pod's ShadowState; without it the pod always warms up,
	// once.
	State func() string
	// Inbox has what taps send.
	Inbox *Inbox
}

// The states of a pod in which a driver has something to do, as they are in the
// label of the pod. While one is created its app may start already.
const (
	stateCreating = "creating"
	stateWarming  = "warming"
)

const (
	// tick is how often a driver judges and looks around.
	tick = time.Second
	// look is how long it waits at most where there is nothing to send.
	look = 100 * time.Millisecond
	// lateness is by how much a label may be known later here than to the
	// controller.
	lateness = 90 * time.Second
)

// Driver sends the requests of a warm-up to the app, round after round.
type Driver struct {
	settings Settings
	app      App
	feed     Feed
	clock    clock.WithTicker
	logger   log.Logger
	metrics  *Metrics
	random   *rand.Rand

	progress atomic.Pointer[Progress]

	// The rest is that of the goroutine that runs.
	pick    *picker
	reached time.Time // when the app took a connection first
	rounds  int
	served  bool // the pod has been in a state that is none of a warm-up's
}

// NewDriver returns one that does nothing until it is Run.
func NewDriver(s Settings, app App, feed Feed, random *rand.Rand, c clock.WithTicker, logger log.Logger, m *Metrics) (*Driver, error) {
	if err := s.validate(); err != nil {
		return nil, err
	}
	d := &Driver{settings: s, app: app, feed: feed, clock: c, logger: logger, metrics: m, random: random}
	d.say(Progress{Stage: StageIdle})
	return d, nil
}

// Progress returns the newest one.
func (d *Driver) Progress() Progress { return *d.progress.Load() }

// say publishes a progress.
func (d *Driver) say(p Progress) {
	p.Version = ProgressVersion
	p.Round = max(p.Round, d.rounds)
	was := d.progress.Swap(&p)
	d.metrics.progress(p)
	if was != nil && was.Stage != p.Stage {
		level.Info(d.logger).Log("msg", "stage", "stage", p.Stage, "reason", p.Message, "ratio", p.Ratio, "requests", p.Requests)
	}
}

// Run drives until the context ends; it returns when nothing is on its way any
// more.
func (d *Driver) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if d.waitForShadow(ctx) && d.waitForApp(ctx) {
			d.warmUp(ctx)
		}
	}
}

func (d *Driver) state() string {
	if d.feed.State == nil {
		return stateWarming
	}
	return d.feed.State()
}

// waitForShadow returns when the pod is a shadow that has yet to warm up; false
// if the context ended. What the last round came to stays visible meanwhile.
func (d *Driver) waitForShadow(ctx context.Context) bool {
	for {
		state := d.state()
		switch {
		case state == stateWarming && (d.rounds == 0 || d.served), state == stateCreating && d.rounds == 0:
			return true
		case state != stateWarming && state != stateCreating:
			d.served = true
			if d.rounds == 0 {
				d.say(Progress{Stage: StageIdle, Message: "the pod is no shadow that warms up"})
			}
		}
		if !d.sleep(ctx, tick) {
			return false
		}
	}
}

// waitForApp returns when the app takes connections and the pod is Ready.
func (d *Driver) waitForApp(ctx context.Context) bool {
	for {
		err := d.reach(ctx)
		state := d.state()
		switch {
		case err == nil && state == stateWarming:
			return true
		case state != stateWarming && state != stateCreating:
			return false
		case err != nil:
			d.say(Progress{Stage: StageWaitingForApp, Message: err.Error()})
		default:
			d.say(Progress{Stage: StageWaitingForReady})
		}
		if !d.sleep(ctx, tick) {
			return false
		}
	}
}

func (d *Driver) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, tick)
	defer cancel()
	err := d.app.Reach(ctx)
	if err == nil && d.reached.IsZero() {
		d.reached = d.clock.Now()
	}
	return err
}

// begin starts a round that ends before the pool's timeout does. That runs from
// the pod's readiness, or from the end of a drain: a label said so, which is known
// here up to lateness after it was written. The app took connections before the
// pod was Ready, so that the first round may as well end a timeout after that.
func (d *Driver) begin() *round {
	now := d.clock.Now()
	d.rounds++
	d.served = false
	deadline := now.Add(max(d.settings.Timeout-lateness, d.settings.Timeout/2))
	if first := d.reached.Add(d.settings.Timeout); d.rounds == 1 && first.After(deadline) {
		deadline = first
	}
	if d.feed.Inbox != nil {
		d.feed.Inbox.begin()
	}
	return newRound(d.settings, d.rounds, now, deadline, d.profile())
}

func (d *Driver) profile() *Profile {
	if d.feed.Profile == nil {
		return nil
	}
	return d.feed.Profile()
}

// warmUp sends until the round is over or the pod is no warming shadow any more.
// When it returns, nothing is on its way.
func (d *Driver) warmUp(ctx context.Context) {
	f := &flight{driver: d, round: d.begin()}
	sending, stop := context.WithCancel(ctx)
	next := d.clock.Now()
	for ctx.Err() == nil && !f.over() && d.state() == stateWarming {
		now := d.clock.Now()
		if !now.Before(next) {
			f.step(now)
			next = now.Add(tick)
		}
		d.sleep(ctx, min(f.send(sending, now), next.Sub(now)))
	}
	if d.feed.Inbox != nil {
		d.feed.Inbox.end()
	}
	stop()
	f.flying.Wait()
	f.land(d.clock.Now())
}

// workload returns what to draw from the user's list, nil if there is none.
func (d *Driver) workload() *picker {
	if d.feed.List == nil {
		return nil
	}
	switch list := d.feed.List(); {
	case list == nil:
		d.pick = nil
	case d.pick == nil || d.pick.list != list:
		d.pick = newPicker(list, d.random)
	}
	return d.pick
}

// whyNothing says why there is nothing to send.
func (d *Driver) whyNothing() string {
	if d.feed.ListErr != nil {
		if err := d.feed.ListErr(); err != nil {
			return "the list of requests cannot be read: " + err.Error()
		}
	}
	return "there is no list of requests, and no tap has sent any"
}

// sleep waits; false if the context ended.
func (d *Driver) sleep(ctx context.Context, wait time.Duration) bool {
	if wait <= 0 {
		return ctx.Err() == nil
	}
	t := d.clock.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C():
		return true
	case <-ctx.Done():
		return false
	}
}
