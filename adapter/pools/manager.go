package pools

import (
	"errors"
	"fmt"

	"github.com/go-logr/logr"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// ManagerOptions say how the adapter meets an API server.
type ManagerOptions struct {
	// Namespaces limits what is watched; empty: all of them.
	Namespaces []string
	// Logger gets the lines of controller-runtime.
	Logger logr.Logger
	// LeaderElectionNamespace holds the lease by which one of several adapters
	// writes. Empty: this adapter writes without asking.
	LeaderElectionNamespace string
	// LeaderElectionID names the lease.
	LeaderElectionID string
}

// NewManager returns a controller-runtime manager that serves nothing itself:
// no metrics, no probes, no webhooks.
func NewManager(cfg *rest.Config, o ManagerOptions) (manager.Manager, error) {
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return nil, fmt.Errorf("build scheme: %w", err)
	}
	mgr, err := manager.New(cfg, managerOptions(scheme, o))
	if err != nil {
		return nil, fmt.Errorf("connect to API server %s: %w", cfg.Host, err)
	}
	return mgr, nil
}

func managerOptions(scheme *runtime.Scheme, o ManagerOptions) manager.Options {
	byNamespace := map[string]cache.Config{}
	for _, namespace := range o.Namespaces {
		byNamespace[namespace] = cache.Config{}
	}
	return manager.Options{
		Scheme: scheme,
		Logger: o.Logger,
		Cache: cache.Options{
			DefaultNamespaces: byNamespace,
			// Nobody here reads who owns which field, half of an object's bytes.
			DefaultTransform: cache.TransformStripManagedFields(),
		},
		// The adapter has its own endpoints.
		Metrics:                       metricsserver.Options{BindAddress: "0"},
		HealthProbeBindAddress:        "0",
		LeaderElection:                o.LeaderElectionNamespace != "",
		LeaderElectionNamespace:       o.LeaderElectionNamespace,
		LeaderElectionID:              o.LeaderElectionID,
		LeaderElectionReleaseOnCancel: true,
		// One process may run several managers, as tests do.
		Controller: config.Controller{SkipNameValidation: new(true)},
	}
}
