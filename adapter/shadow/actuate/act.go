package actuate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-kit/log/level"
	"golang.org/x/sync/errgroup"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// act is one decision being done.
type act struct {
	*Actuator
	w    *observe.World
	in   *shadow.Observed
	d    *shadow.Decision
	stop context.CancelCauseFunc

	// view and selectors are made of the World when they are first needed.
	view      func() *observe.View
	selectors func() []observe.SelectorRef

	startedPods startedPods

	pods map[types.UID]*corev1.Pod
	seen map[types.UID]*shadow.Pod

	outcomes []Outcome
	status   Result
	// wait is how long the server asks not to be asked, later when the status is
	// due.
	wait, later time.Duration

	mu sync.Mutex
	// joining counts the activations that are done or under way, handedOver those
	// that are done.
	joining, handedOver int32
	failed              error
	// failures counts what went wrong.
	failures int
}

func newAct(a *Actuator, w *observe.World, in *shadow.Observed, d *shadow.Decision, stop context.CancelCauseFunc) *act {
	c := &act{
		Actuator: a, w: w, in: in, d: d, stop: stop,
		pods: make(map[types.UID]*corev1.Pod, len(w.Pods)), seen: make(map[types.UID]*shadow.Pod, len(in.Pods)),
		outcomes:  make([]Outcome, len(d.Actions)),
		view:      sync.OnceValue(func() *observe.View { return observe.NewView(*w) }),
		selectors: sync.OnceValue(func() []observe.SelectorRef { return observe.Selectors(w) }),
	}
	for _, p := range w.Pods {
		c.pods[p.UID] = p
	}
	for i := range in.Pods {
		c.seen[in.Pods[i].UID] = &in.Pods[i]
	}
	for i := range d.Actions {
		c.outcomes[i] = Outcome{Action: d.Actions[i], Result: ResultPending}
	}
	return c
}

// runs does the actions in their order, neighbours of one kind at the same time.
func (c *act) runs(ctx context.Context) {
	for from := 0; from < len(c.outcomes) && ctx.Err() == nil; {
		to := from + 1
		kind := c.outcomes[from].Kind
		for to < len(c.outcomes) && c.outcomes[to].Kind == kind {
			to++
		}
		if from > 0 && c.Urgent(c.w.Pool.Key()) {
			return
		}
		c.run(ctx, kind, c.outcomes[from:to])
		from = to
	}
}

// run does actions of one kind.
func (c *act) run(ctx context.Context, kind shadow.Kind, list []Outcome) {
	if c.keepsQuiet(kind, list) {
		return
	}
	began := c.Clock.Now()
	if !c.asks(ctx, kind, list, began) {
		return
	}
	var g errgroup.Group
	do := c.do
	switch kind {
	case shadow.KindActivate:
		c.activate(ctx, list, began)
		return
	case shadow.KindCreate:
		if c.backsOff(list) {
			return
		}
		defer c.learnDenials(list)
		g.SetLimit(parallel)
		do = c.create
	case shadow.KindScale:
		do = c.scale
	case shadow.KindBridge:
	case shadow.KindDetach, shadow.KindWithdraw, shadow.KindHide, shadow.KindResize, shadow.KindSettle, shadow.KindDelete,
		shadow.KindMarkWarming, shadow.KindMarkReady, shadow.KindRewarm, shadow.KindUnboost:
		g.SetLimit(parallel)
	}
	for i := range list {
		g.Go(func() error {
			c.one(ctx, &list[i], began, do)
			return nil
		})
	}
	_ = g.Wait() // what went wrong stands in the outcomes
}

// one does an action and notes what became of it.
func (c *act) one(ctx context.Context, o *Outcome, began time.Time, do func(context.Context, *Outcome)) {
	o.Began = began
	if ctx.Err() == nil && (kindIsUrgent(o.Kind) || !c.Urgent(c.w.Pool.Key())) {
		do(ctx, o)
	}
	o.Ended = c.Clock.Now()
	c.note(o)
}

// kindIsUrgent says that nothing matters more than actions of the kind.
func kindIsUrgent(k shadow.Kind) bool { return k == shadow.KindActivate || k == shadow.KindBridge }

func (c *act) note(o *Outcome) {
	if o.Kind == shadow.KindActivate && o.Done() {
		c.mu.Lock()
		c.handedOver++
		c.mu.Unlock()
	}
	switch {
	case o.Why.Reason == shadow.ReasonFenced:
		c.stop(ErrFenced)
	case kindIsUrgent(o.Kind) && o.Done():
		c.overlay.activated(c.w.Pool.Key())
	}
	level.Debug(c.Logger).Log("msg", "action", "pool", c.w.Pool.Key(), "action", o.Kind, "pod", o.Pod, "state", o.Result,
		"reason", o.Reason, "why", o.Why.Message, "err", o.Err)
	if o.Result != ResultFailed {
		return
	}
	c.fail(fmt.Errorf("%s pod %s/%s: %w", verbOf(o.Kind), c.w.Pool.Namespace, o.Pod, o.Err))
}

// fail keeps the first thing that went wrong, counts the others, and keeps the
// longest wait that the server asked for.
func (c *act) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wait = max(c.wait, waitOf(err))
	if c.failures++; c.failed == nil {
		c.failed = err
	}
}

// err is what went wrong, unless the server only asked to be asked later.
func (c *act) err() error {
	if c.wait > 0 {
		return nil
	}
	if c.failures > 1 {
		return fmt.Errorf("%w (and %d more)", c.failed, c.failures-1)
	}
	return c.failed
}

// report sums up what was done so far.
func (c *act) report() Report {
	r := Report{Outcomes: c.outcomes, Status: c.status, Requeue: c.d.Requeue}
	sooner := func(d time.Duration) {
		if d > 0 && (r.Requeue == 0 || d < r.Requeue) {
			r.Requeue = d
		}
	}
	sooner(c.later)
	sooner(c.overlay.due(c.w.Pool.Key()))
	if !r.settled() || c.status == ResultConflict {
		sooner(lookAgain)
	}
	if c.wait > 0 {
		r.Requeue = c.wait // the server asks for it
	}
	return r
}

// send does one write between its failpoints.
func (c *act) send(ctx context.Context, point string, w Write) (client.Object, error) {
	if err := context.Cause(ctx); err != nil {
		return nil, err
	}
	w.Pool = c.w.Pool.Key()
	if err := c.Failpoint(before + point); err != nil {
		return nil, c.halt(err)
	}
	limited, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	o, err := c.Server.Do(limited, w)
	if err := c.Failpoint(after + point); err != nil {
		return nil, c.halt(err)
	}
	return o, err
}

// halt stops everything, as the end of the process would.
func (c *act) halt(err error) error {
	c.stop(err)
	return err
}

// read reads an object as it is now.
func (c *act) read(ctx context.Context, name string, o client.Object) error {
	limited, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return c.Reader.Get(limited, types.NamespacedName{Namespace: c.w.Pool.Namespace, Name: name}, o)
}

// replicaSet returns one of the World's.
func (c *act) replicaSet(uid types.UID) *appsv1.ReplicaSet {
	for _, rs := range c.w.ReplicaSets {
		if rs.UID == uid {
			return rs
		}
	}
	return nil
}

// set returns what was observed of a ReplicaSet.
func setOf(in *shadow.Observed, uid types.UID) *shadow.ReplicaSet {
	for i := range in.ReplicaSets {
		if in.ReplicaSets[i].UID == uid {
			return &in.ReplicaSets[i]
		}
	}
	return nil
}

// verbOf names what an action does for an error.
func verbOf(k shadow.Kind) string {
	switch k {
	case shadow.KindActivate:
		return "activate"
	case shadow.KindBridge:
		return "bridge with"
	case shadow.KindScale:
		return "scale for"
	case shadow.KindDetach:
		return "detach"
	case shadow.KindWithdraw:
		return "withdraw"
	case shadow.KindHide:
		return "hide"
	case shadow.KindResize:
		return "resize"
	case shadow.KindUnboost:
		return "take the higher CPU limit from"
	case shadow.KindSettle:
		return "settle"
	case shadow.KindDelete:
		return "delete"
	case shadow.KindCreate:
		return "create"
	case shadow.KindMarkWarming, shadow.KindMarkReady:
		return "mark"
	case shadow.KindRewarm:
		return "warm up again"
	}
	return string(k)
}

var errNothingReturned = errors.New("the server returned no object")
