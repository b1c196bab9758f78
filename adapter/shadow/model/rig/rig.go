package rig

import (
	"context"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/invariant"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// Options say what a run is like. Every field has a use at its zero value but
// Wait and Choice.
type Options struct {
	// Wait returns once no goroutine of the bubble can go on: synctest.Wait.
	Wait   func()
	Choice model.Choice
	Timing model.Timing
	// Watch bounds the lag of a leader's caches. Request is how long a write
	// takes until it is done, Answer how long the answer takes then.
	// Gather is how long a leader gathers the events of pods before it looks,
	// Queue how long a pool waits in its queue then: up to 4 ms where it is nil.
	Watch, Gather   time.Duration
	Queue           *model.Range
	Request, Answer model.Range
	// Restart is how long it takes until there is a leader again.
	Restart time.Duration
	// Leads are what was learnt of the workload's starts.
	Leads shadow.Leads
	// Fault decides what happens to the n-th write of ours, counted from 1.
	Fault func(n int, w actuate.Write) Fault
	Tamper
	Check invariant.Config
	// MaxWrites ends all leaders after so many writes: a product that is wrong
	// may write for ever. 0: no bound.
	MaxWrites int
}

// Tamper holds the hooks by which a test makes the product wrong. They are
// called from many goroutines, and change copies of what they are given.
type Tamper struct {
	World    func(*observe.World)
	Observed func(*shadow.Observed)
	Decision func(shadow.Observed, *shadow.Decision)
	Write    func(*actuate.Write)
	// Read changes what a live read shows; cached is what the leader's cache has
	// in its place, or nil, and not to be written.
	Read func(live, cached client.Object)
	// Send does a write in its own way.
	Send func(w actuate.Write, send func(actuate.Write) (client.Object, error)) (client.Object, error)
}

// Fault is what happens to a write.
type Fault int

// The faults.
const (
	None Fault = iota
	// CrashBefore and CrashAfter kill the leader when the write arrives, before
	// or after it is done.
	CrashBefore
	CrashAfter
	// Conflict, Throttled, Unavailable and Timeout refuse it.
	Conflict
	Throttled
	Unavailable
	Timeout
	// Lost does it, and answers that it timed out.
	Lost
)

// Rig is a cluster with leaders on it, and the record of what happens.
type Rig struct {
	*model.Cluster
	Checker *invariant.Checker
	opts    Options
	loop    *model.Loop
	server  *model.Client
	leaders []*Leader
	epoch   int64
	// writes counts those that arrived, looks how often a leader observed.
	writes, looks int
	log           []Entry
}

// Entry is one write of ours as the server saw it.
type Entry struct {
	At      time.Time
	By      string
	Write   actuate.Write
	Err     error
	Changed bool
	Fault   Fault
}

// New returns a rig without objects and leaders.
func New(opts Options) *Rig {
	wall := clock.RealClock{} // of the bubble
	r := &Rig{opts: opts, Checker: invariant.New(opts.Check)}
	r.loop = model.NewLoop(wall, wall.Sleep, opts.Choice)
	r.Cluster = model.New(r.loop, opts.Timing, r.record)
	r.server = r.Client("foreshadow-shadows")
	r.loop.Each = func(string) { r.collect() }
	return r
}

// Now is the instant of the run.
func (r *Rig) Now() time.Time { return r.loop.Now() }

// record hands a change to the checker, and who ended a pod.
func (r *Rig) record(ch model.Change) {
	if r.Checker == nil {
		return
	}
	r.Checker.Observe(invariant.Event{Time: r.loop.Now(), Type: ch.Type, Object: ch.Last})
	p, ok := ch.Last.(*corev1.Pod)
	if !ok {
		return
	}
	old, _ := ch.Old.(*corev1.Pod)
	if ends := p.DeletionTimestamp != nil || ch.New == nil; ends && old != nil && old.DeletionTimestamp == nil {
		r.Checker.ObserveWrite(invariant.Write{
			Time: r.loop.Now(), By: ch.By, Verb: "delete", Kind: string(model.Pod), Namespace: p.Namespace, Name: p.Name, UID: p.UID, Changed: true,
		})
	}
}

// RunFor lets everything happen that is to happen within a duration.
func (r *Rig) RunFor(d time.Duration) { r.loop.RunFor(d) }

// Await runs until a condition about the stored objects holds, and says whether
// it did. The condition is judged again only once one of them has changed.
func (r *Rig) Await(within time.Duration, holds func() bool) bool {
	judged, at := false, uint64(0)
	return r.loop.RunUntil(within, func() bool {
		if judged && at == r.Revision() {
			return false
		}
		judged, at = true, r.Revision()
		return holds()
	})
}

// Log returns the writes of ours.
func (r *Rig) Log() []Entry { return r.log }

// collect takes what the leaders ask for once they can do nothing else. What
// that leads to is later a task of the loop: nobody can go on at once.
func (r *Rig) collect() {
	r.opts.Wait()
	for _, l := range r.leaders {
		l.collect()
	}
}

// serve does one request, or does to it what the fault says.
func (r *Rig) serve(l *Leader, c *call) {
	if l.dead {
		return
	}
	if c.read != nil {
		l.answer(c, result{err: r.read(l, c)})
		return
	}
	if r.writes++; r.opts.MaxWrites > 0 && r.writes > r.opts.MaxWrites {
		r.Close()
		return
	}
	fault := None
	if r.opts.Fault != nil {
		fault = r.opts.Fault(r.writes, c.write)
	}
	if fault == CrashBefore {
		l.Kill()
		return
	}
	if err := refusal(fault, c.write); err != nil {
		r.note(l, c.write, false, err, fault)
		l.answer(c, result{err: err})
		return
	}
	before := r.Revision()
	o, err := r.server.Do(context.Background(), c.write)
	r.note(l, c.write, r.Revision() != before, err, fault)
	switch fault {
	case CrashAfter:
		l.Kill()
	case Lost:
		l.answer(c, result{err: timeout(c.write)})
	case None, CrashBefore, Conflict, Throttled, Unavailable, Timeout:
		l.answer(c, result{object: o, err: err})
	}
}

// read does one read. It is here that a tamper gets at it, and not in the gate,
// where the leader's cache could change meanwhile.
func (r *Rig) read(l *Leader, c *call) error {
	err := r.server.Get(context.Background(), c.key, c.read)
	if err == nil && r.opts.Read != nil {
		r.opts.Read(c.read, l.cache.Get(model.Kind(kindName(c.read)), c.key))
	}
	return err
}

// note writes down a write of ours.
func (r *Rig) note(l *Leader, w actuate.Write, changed bool, err error, fault Fault) {
	r.log = append(r.log, Entry{At: r.loop.Now(), By: l.name, Write: w, Err: err, Changed: changed, Fault: fault})
	if r.Checker == nil {
		return
	}
	uid, version := preconditions(w)
	kind := kindName(w.Object)
	r.Checker.ObserveWrite(invariant.Write{
		Time: r.loop.Now(), By: l.name, Ours: true, Verb: string(w.Verb), Kind: kind, Namespace: w.Object.GetNamespace(),
		Name: w.Object.GetName(), Subresource: w.Subresource, UID: uid, ResourceVersion: version, Changed: changed,
	})
}

func kindName(o client.Object) string { return model.KindOf(o) }
