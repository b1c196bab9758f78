package actuate

import (
	"time"

	"github.com/go-kit/log/level"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// ReasonCreateRefused is why there are fewer shadows than wanted: the API server
// does not take them.
const ReasonCreateRefused = "CreateRefused"

const (
	// firstDenial is the wait after the API server has refused a shadow; each
	// further refusal doubles it, up to lastDenial.
	firstDenial = time.Second
	lastDenial  = time.Minute
	// denialRoom is how much of what the API server said is passed on, in bytes.
	denialRoom = 512
)

// denial is that the API server refuses the shadows of a pool: a quota that we
// cannot see, a webhook, a policy.
type denial struct {
	message string
	times   int
	until   time.Time
}

// deny notes a refusal.
func (o *Overlay) deny(pool Pool, message string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.layer(pool)
	wait := min(lastDenial, firstDenial<<min(l.denial.times, 10))
	l.denial = denial{message: message, times: l.denial.times + 1, until: o.clock.Now().Add(wait)}
}

// admit forgets refusals.
func (o *Overlay) admit(pool Pool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l := o.pools[pool]; l != nil {
		l.denial = denial{}
	}
}

// denied returns what was said last, empty if nothing was refused, and how long
// nobody asks again.
func (o *Overlay) denied(pool Pool) (message string, wait time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.pools[pool]
	if l == nil || l.denial.times == 0 {
		return "", 0
	}
	return l.denial.message, l.denial.until.Sub(o.clock.Now())
}

// backsOff keeps shadows that the server would refuse from being asked for.
func (c *act) backsOff(list []Outcome) bool {
	message, wait := c.overlay.denied(c.w.Pool.Key())
	if wait <= 0 {
		return false
	}
	for i := range list {
		list[i].Result, list[i].Why = ResultRefused, shadow.Reason{Reason: shadow.ReasonBackingOff, Message: message}
	}
	c.lookIn(wait)
	return true
}

// learnDenials looks whether shadows were refused.
func (c *act) learnDenials(list []Outcome) {
	made := false
	for i := range list {
		o := &list[i]
		if o.Why.Reason == ReasonCreateRefused {
			level.Warn(c.Logger).Log("msg", "the API server refuses shadows", "pool", c.w.Pool.Key(), "pod", o.Pod, "err", o.Err)
			c.overlay.deny(c.w.Pool.Key(), o.Why.Message)
			_, wait := c.overlay.denied(c.w.Pool.Key())
			c.lookIn(wait)
			return
		}
		made = made || o.Done()
	}
	if made {
		c.overlay.admit(c.w.Pool.Key())
	}
}

// lookIn asks for another look, unless an earlier one is asked for.
func (c *act) lookIn(d time.Duration) {
	if c.later == 0 || d < c.later {
		c.later = d
	}
}

// sayDenied says in a status that the server refuses shadows. It is asked again
// whatever the status says, so nothing is held by it.
func (c *act) sayDenied(s *v1alpha1.ShadowPoolStatus) {
	message, _ := c.overlay.denied(c.w.Pool.Key())
	ready := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionShadowsReady)
	if message == "" || ready == nil || ready.Status != metav1.ConditionTrue {
		return
	}
	ready.Status, ready.Reason, ready.Message = metav1.ConditionFalse, ReasonCreateRefused, message
	ready.LastTransitionTime = c.stamp()
	if was := meta.FindStatusCondition(c.w.Pool.Status.Conditions, ready.Type); was != nil && was.Status == ready.Status {
		ready.LastTransitionTime = was.LastTransitionTime
	}
}
