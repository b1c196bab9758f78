package invariant

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// judgeWrites judges the log of what we sent (H2, Rel1, Rel9).
func (c *Checker) judgeWrites() {
	for _, w := range c.writes {
		if !w.Ours {
			continue
		}
		c.now = w.Time
		for _, r := range c.rests {
			if !w.Time.Before(r.from) && w.Time.Before(r.to) {
				c.broken("Rel9", w.object(), fmt.Sprintf("%s %s was sent at rest", w.Verb, w.Subresource))
			}
		}
		if w.Kind != "Pod" {
			continue
		}
		conditional := w.UID != "" && w.ResourceVersion != ""
		switch w.Verb {
		case "delete":
			if !conditional {
				c.broken("H2", w.object(), "we deleted it without uid and resourceVersion")
			}
			c.checkDeleted(w)
		case "patch", "update", "apply":
			if !conditional {
				c.broken("Rel1", w.object(), "we wrote it without uid and resourceVersion")
			}
		}
	}
}

// checkDeleted holds that a pod which we deleted was the pool's when we did.
func (c *Checker) checkDeleted(w Write) {
	if !w.Changed {
		return
	}
	for _, e := range c.events {
		p, ok := e.Object.(*corev1.Pod)
		if !ok || p.Name != w.Name || p.Namespace != w.Namespace || w.UID != "" && p.UID != w.UID {
			continue
		}
		if e.Type != Deleted && p.DeletionTimestamp == nil {
			continue
		}
		if !ownedByPool(p) {
			c.broken("H2", w.object(), "we deleted it and its owner was "+controller(p).Kind+" "+controller(p).Name)
		}
		return
	}
}

// goneSince says when an owner was deleted; zero while it exists.
func (c *Checker) goneSince(uid types.UID) (gone time.Time, known bool) {
	if rs, ok := c.w.replicaSets[uid]; ok {
		return rs.gone, true
	}
	if p, ok := c.w.pools[uid]; ok {
		return p.gone, true
	}
	return time.Time{}, false
}
