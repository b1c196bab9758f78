package cluster

import (
	"errors"
	"fmt"
	"os"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/uuid"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	coordinationv1 "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const (
	// renewDeadline is how long a leader tries to keep its lease, leaseDuration
	// how long the others wait for it.
	leaseDuration = 15 * time.Second
	renewDeadline = 10 * time.Second
	retryPeriod   = 2 * time.Second
	// shutdown is how long what is under way may take when the role ends.
	shutdown = 15 * time.Second
)

// connect returns the configuration of our own clients: nothing in it waits
// before it asks.
func connect(cfg *rest.Config) *rest.Config {
	out := rest.CopyConfig(cfg)
	out.QPS, out.Burst = -1, 0
	return out
}

func newManager(o *Options, lock resourcelock.Interface) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("build scheme: %w", err)
	}
	cfg := connect(o.Config)
	mgr, err := manager.New(cfg, manager.Options{
		Scheme: scheme,
		Logger: o.Logr,
		Cache:  cacheOptions(o),
		// The adapter has its own endpoints.
		Metrics:                             metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress:              "0",
		LeaderElection:                      lock != nil,
		LeaderElectionResourceLockInterface: lock,
		// Released when everything that writes has ended, and not before.
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 new(leaseDuration),
		RenewDeadline:                 new(renewDeadline),
		RetryPeriod:                   new(retryPeriod),
		GracefulShutdownTimeout:       new(shutdown),
		// One process may run several managers, as tests do.
		Controller: config.Controller{SkipNameValidation: new(true)},
	})
	if err != nil {
		return nil, fmt.Errorf("connect to API server %s: %w", cfg.Host, err)
	}
	return mgr, nil
}

// cacheOptions keeps of each object what somebody reads.
func cacheOptions(o *Options) cache.Options {
	byNamespace := map[string]cache.Config{}
	for _, namespace := range o.Namespaces {
		byNamespace[namespace] = cache.Config{}
	}
	out := cache.Options{
		DefaultNamespaces: byNamespace,
		// Nobody here reads who owns which field, half of an object's bytes.
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Node{}:       {Transform: stripNode},
			&appsv1.ReplicaSet{}: {},
		},
	}
	if ns := o.LeaderElectionNamespace; ns != "" {
		out.ByObject[&corev1.ConfigMap{}] = cache.ByObject{Namespaces: map[string]cache.Config{
			ns: {FieldSelector: fields.OneTermEqualSelector(metav1.ObjectNameField, PauseConfigMap)},
		}}
	}
	return out
}

// stripNode keeps of a node where it is and whether it is Ready: the rest of its
// status changes all the time.
func stripNode(o any) (any, error) {
	n, ok := o.(*corev1.Node)
	if !ok {
		return o, nil
	}
	out := &corev1.Node{TypeMeta: n.TypeMeta, ObjectMeta: metav1.ObjectMeta{
		Name: n.Name, UID: n.UID, ResourceVersion: n.ResourceVersion, Labels: n.Labels, DeletionTimestamp: n.DeletionTimestamp,
		CreationTimestamp: n.CreationTimestamp,
	}}
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			out.Status.Conditions = []corev1.NodeCondition{{Type: c.Type, Status: c.Status}}
		}
	}
	return out, nil
}

// newLock returns the lease of the role; nil where nobody is asked.
func newLock(o *Options) (*resourcelock.LeaseLock, error) {
	if o.LeaderElectionNamespace == "" {
		return nil, nil
	}
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("find out the name of this host: %w", err)
	}
	cfg := rest.CopyConfig(o.Config)
	cfg.Timeout = renewDeadline / 2
	leases, err := coordinationv1.NewForConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("connect to API server %s: %w", cfg.Host, err)
	}
	return &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: o.LeaderElectionNamespace, Name: LeaseName},
		Client:     leases,
		LockConfig: resourcelock.ResourceLockConfig{Identity: host + "_" + string(uuid.NewUUID())},
	}, nil
}
