package actuate

import (
	"context"
	"strings"
	"time"

	"github.com/go-kit/log/level"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

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

// resizes says that actions of a kind change the resources of a pod.
func resizes(k shadow.Kind) bool { return k == shadow.KindResize || k == shadow.KindUnboost }

// refuse notes a refusal, and returns how long nobody asks again.
func (o *Overlay) refuse(pool Pool, uid types.UID, generation int64, final bool, message string) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.layer(pool)
	if l.refused == nil {
		l.refused = map[types.UID]resizeRefusal{}
	}
	r := resizeRefusal{generation: generation, times: l.refused[uid].times + 1}
	wait := askServer
	if !final {
		wait = min(lastResize, firstResize<<min(r.times-1, 10))
	}
	if final {
		l.resized = time.Time{}
	}
	r.Message, r.Final, r.Again = message, final, o.clock.Now().Add(wait)
	l.refused[uid] = r
	return wait
}

// resized notes that a resize went through: every pod may be asked for again.
func (o *Overlay) resized(pool Pool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.layer(pool)
	l.refused, l.resized = nil, o.clock.Now()
}

// applyRefusals brings a World up to what was refused, and forgets what was said
// of pods that are gone and of another spec.
func (l *layer) applyRefusals(w *observe.World) {
	w.Resized = l.resized
	if len(l.refused) == 0 {
		return
	}
	refused := make(map[types.UID]observe.ResizeRefusal, len(l.refused))
	for _, p := range w.Pods {
		if r, ok := l.refused[p.UID]; ok && r.generation == w.Pool.Generation {
			refused[p.UID] = r.ResizeRefusal
		}
	}
	for uid := range l.refused {
		if _, ok := refused[uid]; !ok {
			delete(l.refused, uid)
		}
	}
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
	wait := c.overlay.refuse(c.w.Pool.Key(), t.UID, c.w.Pool.Generation, final, message)
	c.mu.Lock()
	c.lookIn(wait)
	c.mu.Unlock()
	t.Result, t.Why = ResultRefused, shadow.Reason{Reason: shadow.ReasonResizeRefused, Message: message}
}

// mayPass says that a resize which was refused may go through later: a quota has
// room again, or a token is renewed.
func mayPass(err error) bool {
	return apierrors.IsUnauthorized(err) || apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota")
}
