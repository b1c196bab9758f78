package actuate

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-kit/log/level"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

const (
	// firstResize is the wait after a refused resize that may go through later;
	// each further refusal doubles it, up to lastResize.
	firstResize = time.Second
	lastResize  = time.Minute
	// askServer is how often a resize that is refused for good is tried all the
	// same: the server, or who may do what on it, may be another one by then.
	askServer = 10 * time.Minute
)

// resizeRefusal is that the API server does not resize a pod.
type resizeRefusal struct {
	observe.ResizeRefusal
	times int
	// generation is that of the pool: another spec begins anew.
	generation int64
}

// resizeKinds change the resources of a pod.
var resizeKinds = []shadow.Kind{shadow.KindResize, shadow.KindUnboost}

func resizes(k shadow.Kind) bool { return slices.Contains(resizeKinds, k) }

// refuse notes a refusal, and returns how long nobody asks again.
func (o *Overlay) refuse(pool Pool, resize observe.Resize, generation int64, final bool, message string) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.layer(pool)
	if l.refused == nil {
		l.refused = map[observe.Resize]resizeRefusal{}
	}
	r := resizeRefusal{generation: generation, times: l.refused[resize].times + 1}
	wait := askServer
	if !final {
		wait = min(lastResize, firstResize<<min(r.times-1, 10))
	}
	if final {
		delete(l.resized, resize.Kind)
	}
	r.Message, r.Final, r.Again = message, final, o.clock.Now().Add(wait)
	l.refused[resize] = r
	return wait
}

// resized notes that a resize of a kind went through: every pod may be asked for
// again. It says nothing of the other kind: a quota or a policy that has no room
// for a request may let a limit go.
func (o *Overlay) resized(pool Pool, k shadow.Kind) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.layer(pool)
	maps.DeleteFunc(l.refused, func(r observe.Resize, _ resizeRefusal) bool { return r.Kind == k })
	if l.resized == nil {
		l.resized = map[shadow.Kind]time.Time{}
	}
	l.resized[k] = o.clock.Now()
}

// applyRefusals brings a World up to what was refused, and forgets what was said
// of pods that are gone and of another spec.
func (l *layer) applyRefusals(w *observe.World) {
	w.Resized = maps.Clone(l.resized)
	if len(l.refused) == 0 {
		return
	}
	refused := make(map[observe.Resize]observe.ResizeRefusal, len(l.refused))
	for _, p := range w.Pods {
		for _, k := range resizeKinds {
			resize := observe.Resize{UID: p.UID, Kind: k}
			if r, ok := l.refused[resize]; ok && r.generation == w.Pool.Generation {
				refused[resize] = r.ResizeRefusal
			}
		}
	}
	maps.DeleteFunc(l.refused, func(r observe.Resize, _ resizeRefusal) bool { _, ok := refused[r]; return !ok })
	w.ResizesRefused = refused
}

// resizeRefused takes an error of a resize that the server has said no to: that
// the pod is gone, that the server has no such thing, or that it will not. A pod
// that serves does so all the same.
func (c *act) resizeRefused(ctx context.Context, t *task, cause error) {
	live, err := readPod(ctx, c.Reader, t.pod)
	switch {
	case err != nil:
		t.Result, t.Err = ResultFailed, err
		return
	case live == nil:
		t.Result = ResultGone
		c.overlay.gone(c.w.Pool.Key(), t.pod)
		return
	}
	message := cause.Error()
	message = message[:min(len(message), denialRoom)]
	final := !mayPass(cause)
	level.Warn(c.Logger).Log("msg", "resize refused", "pool", c.w.Pool.Key(), "pod", t.Pod, "final", final, "err", cause)
	wait := c.overlay.refuse(c.w.Pool.Key(), observe.Resize{UID: t.UID, Kind: t.Kind}, c.w.Pool.Generation, final, message)
	c.mu.Lock()
	c.lookIn(wait)
	c.mu.Unlock()
	t.Result, t.Why = ResultRefused, shadow.Reason{Reason: shadow.ReasonResizeRefused, Message: message}
	if t.Kind == shadow.KindUnboost {
		t.Why.Reason = shadow.ReasonUnboostRefused
	}
}

// mayPass says that a resize which was refused may go through later: a quota has
// room again, or a token is renewed.
func mayPass(err error) bool {
	return apierrors.IsUnauthorized(err) || apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota")
}
