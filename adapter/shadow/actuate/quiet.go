package actuate

import (
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// quiet is how long after an activation the writes wait that can: until the pods
// are endpoints the API server and its controllers have enough to do with them.
const quiet = time.Second

// canWait says that actions of a kind lose nothing by a second.
func canWait(k shadow.Kind) bool {
	switch k {
	case shadow.KindCreate, shadow.KindMarkWarming, shadow.KindMarkReady, shadow.KindRewarm, shadow.KindSettle, shadow.KindUnboost:
		return true
	case shadow.KindActivate, shadow.KindBridge, shadow.KindScale, shadow.KindDetach, shadow.KindWithdraw, shadow.KindHide, shadow.KindResize,
		shadow.KindDelete:
	}
	return false
}

// activated notes that shadows of a pool have just gone live.
func (o *Overlay) activated(pool Pool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.layer(pool).activated = o.clock.Now()
}

// quietFor is how long yet other writes wait.
func (o *Overlay) quietFor(pool Pool) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l := o.pools[pool]; l != nil && !l.activated.IsZero() {
		return l.activated.Add(quiet).Sub(o.clock.Now())
	}
	return 0
}

// keepsQuiet puts actions off that can wait for the pods that have just gone
// live.
func (c *act) keepsQuiet(kind shadow.Kind, list []Outcome) bool {
	if !canWait(kind) {
		return false
	}
	wait := c.overlay.quietFor(c.w.Pool.Key())
	if wait <= 0 {
		return false
	}
	for i := range list {
		list[i].Why = shadow.Reason{Reason: shadow.ReasonActivationUnderWay, Message: "it waits for pods that have just gone live"}
	}
	c.lookIn(wait)
	return true
}
