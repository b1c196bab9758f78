package cluster

import (
	"sync"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// caps bound the shadows of all pools together. Pools are looked at in parallel,
// so what one of them is about to make counts before it is there.
type caps struct {
	max, perNamespace int

	mu   sync.Mutex
	held map[actuate.Pool]int
}

func newCaps(o *Options) *caps {
	return &caps{max: o.Max, perNamespace: o.MaxPerNamespace, held: map[actuate.Pool]int{}}
}

func (c *caps) bound() bool { return c.max > 0 || c.perNamespace > 0 }

// within decides while nobody else does: plan is given the room that the other
// pools leave, and what it creates is taken off it.
func (c *caps) within(w *observe.World, plan func() (shadow.Observed, shadow.Decision)) (shadow.Observed, shadow.Decision) {
	if !c.bound() {
		return plan()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	all, near := 0, 0
	for pool, n := range c.held {
		if pool == w.Pool.Key() {
			continue
		}
		all += n
		if pool.Namespace == w.Pool.Namespace {
			near += n
		}
	}
	if c.max > 0 {
		w.InstallationRoom = int32(max(0, c.max-all))
	}
	if c.perNamespace > 0 {
		w.NamespaceRoom = int32(max(0, c.perNamespace-near))
	}
	in, d := plan()
	c.held[w.Pool.Key()] = shadowsOf(&in) + creates(&d)
	return in, d
}

// count notes the shadows that a pool has before anybody decides.
func (c *caps) count(pool actuate.Pool, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.held[pool] = n
}

func (c *caps) forget(pool actuate.Pool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.held, pool)
}

// shadowsOf counts the pods that the pool owns.
func shadowsOf(in *shadow.Observed) (n int) {
	for i := range in.Pods {
		if p := &in.Pods[i]; p.Owner == shadow.OwnerPool && p.Phase != shadow.PhaseFinished {
			n++
		}
	}
	return n
}

func creates(d *shadow.Decision) (n int) {
	for i := range d.Actions {
		switch d.Actions[i].Kind {
		case shadow.KindCreate, shadow.KindDetach:
			n++
		case shadow.KindActivate, shadow.KindBridge, shadow.KindScale, shadow.KindWithdraw, shadow.KindHide, shadow.KindResize, shadow.KindSettle,
			shadow.KindDelete, shadow.KindMarkWarming, shadow.KindMarkReady, shadow.KindRewarm, shadow.KindUnboost:
		}
	}
	return n
}
