package cluster

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-kit/log"
	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

const (
	// LeaseName is the lease of the shadows role.
	LeaseName = "foreshadow-adapter-shadows"
	// MetricsLeaseName is that of the role that writes what a pool needs.
	MetricsLeaseName = "foreshadow-adapter-metrics"
	// PauseConfigMap is the name of the ConfigMap in the namespace of the lease
	// that pauses the shadows of the whole installation.
	PauseConfigMap = "foreshadow-shadows"
	// PauseKey is its key that does so while it says shadows or all.
	PauseKey = "pause"
)

// Options say how the shadows role meets an API server.
type Options struct {
	Config *rest.Config
	// Namespaces limits what is watched; empty: all of them.
	Namespaces []string
	// LeaderElectionNamespace holds the leases and the ConfigMap that pauses.
	// Empty: this process writes without asking, and takes the metrics role for
	// alive.
	LeaderElectionNamespace string
	// Paused pauses the shadows of the whole installation for the life of this
	// process.
	Paused bool
	// Max and MaxPerNamespace bound the shadows of all pools together; 0: no
	// bound.
	Max, MaxPerNamespace int
	// KeepLabels are the label keys that are hidden last.
	KeepLabels []string
	// AllowDrift are the containers, volumes and fields in which admission may
	// make shadows other than live pods.
	AllowDrift []string
	// Refresh is the time between two forecasts; a minute where it is 0.
	Refresh time.Duration
	// SidecarImage is that of the sidecar in shadows; empty: none.
	SidecarImage string
	// Progress says how warm shadows are; nil: by how long they are Ready.
	Progress observe.ProgressSource

	Logger log.Logger
	// Logr gets the lines of controller-runtime.
	Logr       logr.Logger
	Registerer prometheus.Registerer
	Clock      clock.WithTicker
}

func (o *Options) validate() error {
	if o.Config == nil {
		return errors.New("run the shadows role: a connection to an API server is needed")
	}
	for name, n := range map[string]int{"shadows.max": o.Max, "shadows.max-per-namespace": o.MaxPerNamespace} {
		if n < 0 {
			return fmt.Errorf("--%s: %d: write 0 for no bound, or the number of shadows", name, n)
		}
	}
	if o.Logger == nil {
		o.Logger = log.NewNopLogger()
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	if o.Refresh == 0 {
		o.Refresh = time.Minute
	}
	if o.Registerer == nil {
		o.Registerer = prometheus.NewRegistry()
	}
	return nil
}
