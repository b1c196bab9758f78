package invariant

import (
	"fmt"
	"time"
)

// preferred is a pod that was deleted while one stayed that was handed over for
// a later raise.
type preferred struct {
	at        time.Time
	pod, over *pod
}

// checkOrder holds that of two pods that were handed over and bear the cost of it
// the one of the later raise goes first (H1), as far as the ReplicaSet has seen
// both for longer than Lag. Whether it went, too, shows later.
func (c *Checker) checkOrder(rs *replicaSet, p *pod) {
	if !costed(p.Pod, rs.ReplicaSet) || c.within(p.unready, c.cfg.Lag) {
		return
	}
	for _, o := range c.w.of(rs.UID) {
		a := o.activation
		if o == p || a == nil || a.generation <= p.activation.generation || c.within(a.at, c.cfg.Lag) {
			continue
		}
		if costed(o.Pod, rs.ReplicaSet) && active(o.Pod) && ready(o.Pod) && !c.within(o.unready, c.cfg.Lag) {
			c.preferred = append(c.preferred, preferred{c.now, p, o})
		}
	}
}

// judgeOrder finds who stayed.
func (c *Checker) judgeOrder() {
	end := c.now
	defer func() { c.now = end }()
	for _, v := range c.preferred {
		if o := v.over; o.left.IsZero() || o.left.Sub(v.at) > c.cfg.Lag {
			c.now = v.at
			c.broken("H1", name("Pod", v.pod), fmt.Sprintf("it was deleted, and %s stayed, which was handed over for a later raise", name("Pod", o)))
		}
	}
}
