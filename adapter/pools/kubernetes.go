package pools

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-kit/log"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// workloadIndex finds the pools of one workload in the cache.
const workloadIndex = "workload"

// KubernetesOptions say how the ShadowPools of an API server are watched.
type KubernetesOptions struct {
	// Manager connects to the API server. Run starts it.
	Manager manager.Manager
	// Status gets the reason where a pool is refused. Run adds it to Manager.
	Status *StatusWriter
	Logger log.Logger
}

// Kubernetes watches the ShadowPools of an API server. Each adapter does, the
// leader or not: all of them answer.
type Kubernetes struct {
	mgr    manager.Manager
	status *StatusWriter
	logger log.Logger
	synced chan struct{}
}

var _ Watcher = (*Kubernetes)(nil)

// NewKubernetes returns a watcher that has not begun.
func NewKubernetes(o KubernetesOptions) (*Kubernetes, error) {
	if o.Manager == nil || o.Status == nil {
		return nil, errors.New("watch ShadowPools: a manager and a status writer are needed")
	}
	if o.Logger == nil {
		o.Logger = log.NewNopLogger()
	}
	if o.Status.reader == nil {
		o.Status.reader = o.Manager.GetAPIReader()
	}
	return &Kubernetes{
		mgr:    o.Manager,
		status: o.Status,
		logger: log.With(o.Logger, "component", "pools"),
		synced: make(chan struct{}),
	}, nil
}

// Synced is closed once the pools of the first list have been handed over.
func (k *Kubernetes) Synced() <-chan struct{} { return k.synced }

// Run watches the pools, writes statuses while this adapter leads, and runs
// whatever else was added to the manager.
func (k *Kubernetes) Run(ctx context.Context, h Handler) error {
	if err := k.checkCRD(); err != nil {
		return err
	}
	r := &reconciler{reader: k.mgr.GetClient(), handler: h, status: k.status, logger: k.logger}
	if err := k.setUp(ctx, r); err != nil {
		return fmt.Errorf("watch ShadowPools: %w", err)
	}
	if err := k.mgr.Start(ctx); err != nil {
		return fmt.Errorf("watch ShadowPools: %w", err)
	}
	return nil
}

// checkCRD answers in one sentence where controller-runtime would wait for two
// minutes.
func (k *Kubernetes) checkCRD() error {
	gvk := v1alpha1.GroupVersionKind()
	_, err := k.mgr.GetRESTMapper().RESTMapping(gvk.GroupKind(), gvk.Version)
	if meta.IsNoMatchError(err) {
		return fmt.Errorf("watch ShadowPools: the cluster does not know %s: apply foreshadow.dev_shadowpools.yaml first", v1alpha1.GroupVersion())
	}
	if err != nil {
		return fmt.Errorf("ask the API server for %s: %w", v1alpha1.GroupVersion(), err)
	}
	return nil
}

func (k *Kubernetes) setUp(ctx context.Context, r *reconciler) error {
	byWorkload := func(o client.Object) []string {
		pool, ok := o.(*v1alpha1.ShadowPool)
		if !ok {
			return nil
		}
		return []string{pool.Workload()}
	}
	if err := k.mgr.GetFieldIndexer().IndexField(ctx, &v1alpha1.ShadowPool{}, workloadIndex, byWorkload); err != nil {
		return err
	}
	// A status that we write is no change of a pool.
	asked := predicate.Or[client.Object](predicate.GenerationChangedPredicate{}, predicate.AnnotationChangedPredicate{})
	err := builder.ControllerManagedBy(k.mgr).
		Named("shadowpools").
		For(&v1alpha1.ShadowPool{}, builder.WithPredicates(predicate.Or(asked, shadowsChanged()))).
		Watches(&v1alpha1.ShadowPool{}, handler.EnqueueRequestsFromMapFunc(r.rivals), builder.WithPredicates(asked)).
		WithOptions(controller.Options{MaxConcurrentReconciles: 1, NeedLeaderElection: new(false)}).
		Complete(r)
	if err != nil {
		return err
	}
	return errors.Join(k.mgr.Add(k.status), k.mgr.Add(&firstList{run: func(ctx context.Context) error {
		if err := r.all(ctx); err != nil {
			return err
		}
		close(k.synced)
		return nil
	}}))
}

// firstList runs once when the caches are filled, leader or not.
type firstList struct{ run func(context.Context) error }

var _ manager.LeaderElectionRunnable = (*firstList)(nil)

// Start hands the pools of the cache over.
func (f *firstList) Start(ctx context.Context) error { return f.run(ctx) }

// NeedLeaderElection says no: each adapter answers.
func (f *firstList) NeedLeaderElection() bool { return false }

var _ reconcile.Reconciler = (*reconciler)(nil)
