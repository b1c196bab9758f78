package cluster

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/lease"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
)

const (
	// workers is how many pools are looked at side by side.
	workers = 64
	// firstRetry and lastRetry bound the wait after something went wrong.
	firstRetry = 5 * time.Millisecond
	lastRetry  = 30 * time.Second
)

// Controller is the shadows role on an API server.
type Controller struct {
	opts  Options
	lock  resourcelock.Interface
	mgr   manager.Manager
	r     *reconciler
	lease *metricsLease
	// all makes every pool be looked at.
	all chan event.GenericEvent

	once   sync.Once
	failed chan struct{}
	err    error
	synced chan struct{}
}

// New returns a controller that has not begun.
func New(o Options) (*Controller, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	c := &Controller{opts: o, all: make(chan event.GenericEvent, 1), failed: make(chan struct{}), synced: make(chan struct{})}
	lock, err := newLock(&o)
	if err != nil {
		return nil, err
	}
	if lock != nil {
		c.lock = lock
	}
	if c.mgr, err = newManager(&o, c.lock); err != nil {
		return nil, err
	}
	m := newMetrics(o.Registerer)
	exporter := newExporter(o.Clock)
	if err := o.Registerer.Register(exporter); err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	server, err := newServer(c.mgr.GetConfig(), c.mgr.GetClient())
	if err != nil {
		return nil, err
	}
	p := newPulse(o.Clock)
	actuator, err := actuate.New(actuate.Config{
		Server: counted{server, m}, Reader: c.mgr.GetAPIReader(), Clock: o.Clock, Logger: o.Logger, Urgent: p.waiting,
		SidecarImage: o.SidecarImage,
	})
	if err != nil {
		return nil, err
	}
	c.r = &reconciler{
		gatherer: gatherer{cache: c.mgr.GetClient()}, opts: &c.opts, first: firstLists{live: c.mgr.GetAPIReader()}, live: c.mgr.GetAPIReader(), clock: o.Clock,
		actuator: actuator, pulse: p, caps: newCaps(&o), metrics: m, exporter: exporter,
		events: announcer{c.mgr.GetEventRecorder("foreshadow-shadows")}, logger: log.With(o.Logger, "component", "shadow"),
		metricsAlive: func() bool { return true }, paused: c.paused, fatal: c.fail, pools: map[actuate.Pool]*known{},
	}
	if ns := o.LeaderElectionNamespace; ns != "" {
		c.lease = &metricsLease{lease.New(lease.Config{
			Reader: c.mgr.GetAPIReader(), Lease: types.NamespacedName{Namespace: ns, Name: MetricsLeaseName}, Clock: o.Clock, Changed: c.lookAtAll,
		})}
		c.r.metricsAlive = c.lease.Alive
	}
	return c, nil
}

// Synced is closed once the caches are filled.
func (c *Controller) Synced() <-chan struct{} { return c.synced }

// Run watches, and writes while this process leads, until ctx ends or the lease
// is lost.
func (c *Controller) Run(ctx context.Context) error {
	if err := c.checkCRD(); err != nil {
		return err
	}
	var err error
	if c.r.served, err = discover(c.mgr.GetRESTMapper()); err != nil {
		return err
	}
	if err := errors.Join(index(ctx, c.mgr.GetFieldIndexer()), c.setUp()); err != nil {
		return fmt.Errorf("run the shadows role: %w", err)
	}
	if err := c.mgr.Start(ctx); err != nil {
		return fmt.Errorf("run the shadows role: %w", err)
	}
	return nil
}

// checkCRD answers in one sentence where controller-runtime would wait for two
// minutes.
func (c *Controller) checkCRD() error {
	gvk := v1alpha1.GroupVersionKind()
	_, err := c.mgr.GetRESTMapper().RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		return fmt.Errorf("run the shadows role: the cluster does not know %s: apply foreshadow.dev_shadowpools.yaml first", v1alpha1.GroupVersion())
	}
	if err != nil {
		return fmt.Errorf("ask the API server for %s: %w", v1alpha1.GroupVersion(), err)
	}
	return nil
}

func (c *Controller) setUp() error {
	w := &watcher{cache: c.mgr.GetClient(), pulse: c.r.pulse}
	b := builder.ControllerManagedBy(c.mgr).Named("shadows").
		WatchesRawSource(source.Channel(c.all, w.on(w.all))).
		WithOptions(controller.Options{
			MaxConcurrentReconciles: workers,
			RateLimiter:             workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
			// A second process is ready to take over, with its caches filled.
			EnableWarmup: new(true),
		})
	b = w.watches(b, c.r.served)
	if c.opts.LeaderElectionNamespace != "" {
		b = b.Watches(&corev1.ConfigMap{}, w.on(w.all))
	}
	if err := b.Complete(c.leading()); err != nil {
		return err
	}
	errs := []error{
		c.mgr.Add(runnable{leader: false, run: func(context.Context) error { close(c.synced); return nil }}),
		c.mgr.Add(runnable{leader: true, run: c.lead}),
	}
	if c.lease != nil {
		errs = append(errs, c.mgr.Add(c.lease))
	}
	return errors.Join(errs...)
}

// leading waits with the first look until the epoch of this leader is known.
func (c *Controller) leading() reconcile.Reconciler {
	return reconcile.Func(func(ctx context.Context, req reconcile.Request) (reconcile.Result, error) {
		if c.r.epoch.Load() == 0 {
			return reconcile.Result{RequeueAfter: catchUp}, nil
		}
		return c.r.Reconcile(ctx, req)
	})
}

// lead finds out the epoch, and holds the role until it fails or ends.
func (c *Controller) lead(ctx context.Context) error {
	epoch, err := newEpoch(ctx, c.mgr.GetClient(), twin(c.lock))
	if err != nil {
		return err
	}
	if err := c.countShadows(ctx); err != nil {
		return err
	}
	level.Info(c.opts.Logger).Log("component", "shadow", "msg", "leading", "epoch", epoch)
	c.r.pulse.begin()
	c.r.epoch.Store(epoch)
	c.lookAtAll()
	select {
	case <-ctx.Done():
		return nil
	case <-c.failed:
		return c.err
	}
}

// countShadows counts those of all pools, so that the caps hold from the first
// decision on.
func (c *Controller) countShadows(ctx context.Context) error {
	if !c.r.caps.bound() {
		return nil
	}
	var pods corev1.PodList
	if err := c.mgr.GetClient().List(ctx, &pods, client.HasLabels{v1alpha1.PoolLabel}, client.UnsafeDisableDeepCopy); err != nil {
		return fmt.Errorf("count shadows: %w", err)
	}
	n := map[actuate.Pool]int{}
	for i := range pods.Items {
		if ref := controllerOf(&pods.Items[i]); ref.Kind == v1alpha1.Kind {
			n[actuate.Pool{Namespace: pods.Items[i].Namespace, Name: ref.Name}]++
		}
	}
	for pool, n := range n {
		c.r.caps.count(pool, n)
	}
	return nil
}

// fail ends the role for a reason; the first one counts.
func (c *Controller) fail(err error) {
	c.once.Do(func() {
		c.err = err
		c.r.epoch.Store(0) // nobody looks any more
		close(c.failed)
	})
}

// lookAtAll makes every pool be looked at, soon.
func (c *Controller) lookAtAll() {
	select {
	case c.all <- event.GenericEvent{Object: &v1alpha1.ShadowPool{}}:
	default: // one is on its way
	}
}

// paused says that the whole installation is paused.
func (c *Controller) paused(ctx context.Context) (bool, error) {
	if c.opts.Paused || c.opts.LeaderElectionNamespace == "" {
		return c.opts.Paused, nil
	}
	m := &corev1.ConfigMap{}
	err := c.mgr.GetClient().Get(ctx, types.NamespacedName{Namespace: c.opts.LeaderElectionNamespace, Name: PauseConfigMap}, m)
	if apierrors.IsNotFound(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read ConfigMap %s: %w", PauseConfigMap, err)
	}
	return pauses(m.Data[PauseKey]), nil
}

// pauses says that a value of PauseKey holds the shadows. One that we do not know
// does: who reaches for this in an emergency and mistypes it wants it to hold.
func pauses(value string) bool {
	switch value {
	case "", "none", string(v1alpha1.PauseForecast):
		return false
	}
	return true
}

// runnable is a function that a manager runs.
type runnable struct {
	leader bool
	run    func(context.Context) error
}

var _ manager.LeaderElectionRunnable = runnable{}

// Start runs the function.
func (r runnable) Start(ctx context.Context) error { return r.run(ctx) }

// NeedLeaderElection says whether only the leader runs it.
func (r runnable) NeedLeaderElection() bool { return r.leader }
