package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// catchUp is how long a cache is given to show what a live list has shown.
const catchUp = 100 * time.Millisecond

// reconciler looks at one pool at a time and does what is decided; controller-
// runtime calls it for many pools at once, and for one pool never twice at the
// same time.
type reconciler struct {
	gatherer
	opts     *Options
	first    firstLists
	live     actuate.Reader
	clock    clock.PassiveClock
	actuator *actuate.Actuator
	pulse    *pulse
	caps     *caps
	metrics  *metrics
	exporter *exporter
	events   announcer
	logger   log.Logger
	// metricsAlive says that the metrics role is there, paused that the
	// installation is paused.
	metricsAlive func() bool
	paused       func(context.Context) (bool, error)
	// fatal ends the role.
	fatal func(error)

	// epoch is 0 until this process leads.
	epoch atomic.Int64

	mu    sync.Mutex
	pools map[actuate.Pool]*known
}

// known is what is kept of a pool between two looks: nothing that a pod or the
// status could say.
type known struct {
	uid     types.UID
	learner *learner
	// begun says that its ReplicaSets were listed live once.
	begun bool
	// missing is why the look before did not serve a raise by shadows: pods that
	// are seen only now may be those of that raise.
	missing string
}

var _ reconcile.Reconciler = (*reconciler)(nil)

// Reconcile observes, plans and acts for one pool.
func (r *reconciler) Reconcile(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
	raisedAt := r.pulse.take(req.NamespacedName)
	began := r.clock.Now()
	w, k, err := r.world(ctx, req.NamespacedName)
	if err != nil || w == nil {
		return reconcile.Result{}, err
	}
	if w.Pool.UID == "" {
		return r.lay(ctx, w)
	}
	if ready, err := r.ready(ctx, w, k); err != nil || !ready {
		return reconcile.Result{RequeueAfter: catchUp}, err
	}
	if err := r.actuator.Refresh(ctx, w); err != nil {
		return reconcile.Result{}, err
	}
	cold, warmed := k.learner.look(w)
	w.Leads = k.learner.leads(r.opts.Refresh)
	in, d := r.caps.within(w, func() (shadow.Observed, shadow.Decision) {
		in := observe.Observe(*w)
		return in, shadow.Plan(w.Now, in)
	})
	d.Status.Leads = k.learner.status()
	r.exporter.update(w, &in)
	r.countStarts(w, k, &d, cold, warmed)
	planned := r.clock.Now()
	report, err := r.actuator.Act(ctx, w, &in, &d)
	r.sum(w, &report, timing{raisedAt, began, planned})
	return r.result(ctx, w, &report, err)
}

// world gathers what there is to know of a pool; nil if it is gone.
func (r *reconciler) world(ctx context.Context, key actuate.Pool) (*observe.World, *known, error) {
	epoch := r.epoch.Load()
	if epoch == 0 {
		return nil, nil, errors.New("look at pool: this process does not lead yet")
	}
	pool := &v1alpha1.ShadowPool{}
	err := r.cache.Get(ctx, key, pool)
	switch {
	case apierrors.IsNotFound(err):
		r.forget(key)
		if pool, err = r.ghost(ctx, key); err != nil || pool == nil {
			return nil, nil, err
		}
	case err != nil:
		return nil, nil, fmt.Errorf("read pool %s: %w", key, err)
	}
	pool.Default()
	k := r.know(pool)
	w, err := r.gather(ctx, pool)
	if err != nil {
		return nil, nil, err
	}
	w.Paused, err = r.paused(ctx)
	if err != nil {
		return nil, nil, err
	}
	w.MetricsAlive, w.Epoch, w.Now = r.metricsAlive(), epoch, r.clock.Now()
	w.KeepLabels, w.AllowDrift, w.NoSidecar = r.opts.KeepLabels, r.opts.AllowDrift, r.opts.SidecarImage == ""
	if r.opts.Progress != nil {
		w.Progress = r.progress(w)
	}
	return w, k, nil
}

// progress asks how warm the shadows are.
func (r *reconciler) progress(w *observe.World) map[types.UID]shadow.Progress {
	out := map[types.UID]shadow.Progress{}
	for _, p := range w.Pods {
		if controllerOf(p).UID != w.Pool.UID {
			continue
		}
		if progress, ok := r.opts.Progress.Progress(w.Pool, p, w.Now); ok {
			out[p.UID] = progress
		}
	}
	return out
}

// know returns what is kept of a pool.
func (r *reconciler) know(pool *v1alpha1.ShadowPool) *known {
	if pool.UID == "" {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	k := r.pools[pool.Key()]
	if k == nil || k.uid != pool.UID {
		k = &known{uid: pool.UID, learner: newLearner(pool.Status.Leads)}
		r.pools[pool.Key()] = k
		r.metrics.begin(pool.Key())
	}
	return k
}

// forget drops all that is kept of a pool that is gone.
func (r *reconciler) forget(pool actuate.Pool) {
	r.mu.Lock()
	delete(r.pools, pool)
	r.mu.Unlock()
	r.actuator.Forget(pool)
	r.caps.forget(pool)
	r.metrics.forget(pool)
	r.exporter.forget(pool)
}

// result says when to look again, and ends the role where it has to end.
func (r *reconciler) result(ctx context.Context, w *observe.World, report *actuate.Report, err error) (reconcile.Result, error) {
	switch {
	case errors.Is(err, actuate.ErrFenced):
		r.fatal(fmt.Errorf("stop at pool %s: %w", w.Pool.Key(), err))
		return reconcile.Result{}, nil
	case errors.Is(err, actuate.ErrBroken):
		level.Error(r.logger).Log("msg", "an invariant does not hold, nothing is written", "pool", w.Pool.Key(), "err", err)
		r.metrics.broken.WithLabelValues(w.Pool.Namespace, w.Pool.Name).Inc()
		return reconcile.Result{RequeueAfter: time.Minute}, nil
	case ctx.Err() != nil:
		return reconcile.Result{}, nil //nolint:nilerr // the role ends: what was cut short is no failure
	case err != nil:
		return reconcile.Result{}, fmt.Errorf("act for pool %s: %w", w.Pool.Key(), err)
	}
	return reconcile.Result{RequeueAfter: whileWarming(w, report.Requeue)}, nil
}

// readAgain is when to look again at shadows that somebody measures: nothing
// that is watched changes when one is warm.
const readAgain = time.Second

// whileWarming returns when to look at a pool again.
func whileWarming(w *observe.World, requeue time.Duration) time.Duration {
	if requeue > 0 && requeue <= readAgain {
		return requeue
	}
	for _, p := range w.Pods {
		progress, measured := w.Progress[p.UID]
		if measured && !progress.Done && p.Labels[v1alpha1.StateLabel] == string(v1alpha1.ShadowWarming) {
			return readAgain
		}
	}
	return requeue
}
