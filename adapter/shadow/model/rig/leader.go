package rig

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model"
)

// errFenced is what a leader returns that has seen the writes of a later one.
var errFenced = errors.New("a later leader has written")

// Leader is one process that holds the lease, or believes that it does.
type Leader struct {
	rig    *Rig
	name   string
	epoch  int64
	cache  *model.Cache
	gate   *gate
	driver *driver
	cancel context.CancelFunc
	run    func(pool types.NamespacedName, do func(context.Context) (time.Duration, error))

	pools map[types.NamespacedName]*poolState
	dead  bool
	// paused is a process that the kernel does not run: what it has sent goes
	// through, all else waits.
	paused  bool
	held    []func()
	mu      sync.Mutex
	results []outcome
}

type poolState struct {
	// gathering: a look follows soon, for events of pods.
	queued, running, again, gathering bool
	failures                          int
	// wake is the number of the last request to look again.
	wake int
}

type outcome struct {
	pool  types.NamespacedName
	again time.Duration
	err   error
}

// Lead starts a leader of the next epoch.
func (r *Rig) Lead() *Leader {
	r.epoch++
	ctx, cancel := context.WithCancel(context.Background())
	l := &Leader{rig: r, name: fmt.Sprintf("leader-%d", r.epoch), epoch: r.epoch, cancel: cancel, pools: map[types.NamespacedName]*poolState{}}
	l.gate = &gate{tamper: r.opts.Tamper}
	l.driver = newDriver(r, l)
	l.run = func(pool types.NamespacedName, do func(context.Context) (time.Duration, error)) {
		go func() {
			again, err := do(ctx)
			l.mu.Lock()
			defer l.mu.Unlock()
			l.results = append(l.results, outcome{pool, again, err})
		}()
	}
	l.cache = r.NewCache(l.name, r.opts.Watch, model.Kinds()...)
	l.cache.Changed = l.changed
	r.leaders = append(r.leaders, l)
	l.wake()
	return l
}

// wake asks for a look at every pool.
func (l *Leader) wake() {
	for _, p := range l.cache.List(model.Pool, "") {
		l.enqueue(types.NamespacedName{Namespace: p.GetNamespace(), Name: p.GetName()}, 0)
	}
}

// Leaders returns those that live.
func (r *Rig) Leaders() []*Leader {
	return slices.DeleteFunc(slices.Clone(r.leaders), func(l *Leader) bool { return l.dead })
}

// changed asks for a look at every pool of the namespace.
func (l *Leader) changed(ch model.Change) {
	if ch.Kind == model.Slice {
		return
	}
	for _, p := range l.cache.List(model.Pool, ch.Last.GetNamespace()) {
		pool := types.NamespacedName{Namespace: p.GetNamespace(), Name: p.GetName()}
		if ch.Kind == model.Pod && l.rig.opts.Gather > 0 {
			l.gather(pool)
		} else {
			l.enqueue(pool, 0)
		}
	}
}

// gather asks for one look for all the events of a while.
func (l *Leader) gather(pool types.NamespacedName) {
	st := l.state(pool)
	if st.gathering {
		return
	}
	st.gathering = true
	l.rig.loop.After(l.rig.opts.Gather, l.name, func() {
		st.gathering = false
		l.enqueue(pool, 0)
	})
}

func (l *Leader) state(pool types.NamespacedName) *poolState {
	if l.pools[pool] == nil {
		l.pools[pool] = &poolState{}
	}
	return l.pools[pool]
}

// inQueue draws how long a pool waits in the queue.
func (l *Leader) inQueue() time.Duration {
	if q := l.rig.opts.Queue; q != nil {
		return l.rig.loop.Between(q.Low, q.High)
	}
	return l.rig.loop.Between(0, 4*time.Millisecond)
}

func (l *Leader) enqueue(pool types.NamespacedName, after time.Duration) {
	st := l.state(pool)
	if st.running {
		st.again = true
		return
	}
	if after == 0 && st.queued {
		return
	}
	st.queued = st.queued || after == 0
	st.wake++
	wake := st.wake
	l.rig.loop.After(after+l.inQueue(), l.name, func() {
		if after > 0 && wake != st.wake {
			return // something has happened since
		}
		l.do(func() { l.look(pool, st) })
	})
}

// do does something in the process: later, if it is paused; never, if it is
// dead.
func (l *Leader) do(f func()) {
	switch {
	case l.dead:
	case l.paused:
		l.held = append(l.held, f)
	default:
		f()
	}
}

// look observes, plans and acts for one pool, in a goroutine of its own.
func (l *Leader) look(pool types.NamespacedName, st *poolState) {
	if st.running {
		st.again = true
		return
	}
	w, ok := l.cache.World(pool, l.rig.loop.Now())
	if !ok {
		delete(l.pools, pool)
		return
	}
	st.queued, st.running = false, true
	l.rig.looks++
	w.Epoch, w.MetricsAlive, w.Leads = l.epoch, true, l.rig.opts.Leads
	l.run(pool, func(ctx context.Context) (time.Duration, error) { return l.driver.reconcile(ctx, w) })
}

// collect takes results and requests, and says when they are to go on.
func (l *Leader) collect() {
	l.mu.Lock()
	results := l.results
	l.results = nil
	l.mu.Unlock()
	slices.SortFunc(results, func(a, b outcome) int {
		return cmpKeys(a.pool, b.pool)
	})
	for _, o := range results {
		l.finished(o)
	}
	for _, c := range l.gate.take() {
		l.do(func() {
			d := l.rig.loop.Between(l.rig.opts.Request.Low, l.rig.opts.Request.High)
			if c.read != nil {
				d = 0 // what a read costs is not what the runs are about
			}
			l.rig.loop.After(d, "request of "+l.name, func() { l.rig.serve(l, c) })
		})
	}
}

func (l *Leader) finished(o outcome) {
	st := l.pools[o.pool]
	if st == nil || l.dead {
		return
	}
	st.running = false
	switch {
	case errors.Is(o.err, errFenced):
		l.Kill()
	case o.err != nil:
		st.failures++
		st.again = false
		l.enqueue(o.pool, 5*time.Millisecond<<min(st.failures, 12))
	case st.again:
		st.failures, st.again = 0, false
		l.enqueue(o.pool, 0)
	case o.again > 0:
		st.failures = 0
		l.enqueue(o.pool, o.again)
	default:
		st.failures = 0
	}
}

// answer sends what the server said back.
func (l *Leader) answer(c *call, r result) {
	d := l.rig.loop.Between(l.rig.opts.Answer.Low, l.rig.opts.Answer.High)
	l.rig.loop.After(d, "answer to "+l.name, func() { l.do(func() { c.done <- r }) })
}

// Kill ends the process; another one takes the lease after a while, unless one
// has it already.
func (l *Leader) Kill() {
	if l.dead {
		return
	}
	l.dead = true
	l.cancel()
	l.cache.Stop()
	l.rig.opts.Wait()
	if len(l.rig.Leaders()) == 0 {
		l.rig.Checker.Away(l.rig.Now(), l.rig.Now().Add(l.rig.opts.Restart))
	}
	l.rig.loop.After(l.rig.opts.Restart, "lease", func() {
		if len(l.rig.Leaders()) == 0 {
			l.rig.Lead()
		}
	})
}

// Stop ends the process for good.
func (l *Leader) Stop() {
	l.dead = true
	l.cancel()
	l.cache.Stop()
	l.rig.opts.Wait()
}

// Pause stops the process where it is.
func (l *Leader) Pause() {
	l.paused = true
	l.cache.Pause()
}

// Resume lets it go on.
func (l *Leader) Resume() {
	if l.dead || !l.paused {
		return
	}
	l.paused = false
	l.cache.Resume()
	held := l.held
	l.held = nil
	for _, f := range held {
		l.do(f)
	}
}

// Watch pauses or resumes what the leader sees of the cluster: of some kinds, or
// of all where none is given.
func (l *Leader) Watch(on bool, kinds ...model.Kind) {
	if on && !l.paused {
		l.cache.Resume(kinds...)
		return
	}
	l.cache.Pause(kinds...)
}

// Await runs until what the leader sees is as it should be, and says whether it
// was. It stops before the leader has looked at it.
func (l *Leader) Await(within time.Duration, holds func(*model.Cache) bool) bool {
	return l.rig.loop.RunUntil(within, func() bool { return holds(l.cache) })
}

// Close ends all leaders.
func (r *Rig) Close() {
	for _, l := range r.leaders {
		l.Stop()
	}
}
