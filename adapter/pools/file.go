package pools

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/filewatch"
	"github.com/foreshadow-dev/foreshadow/adapter/pools/manifest"
)

// FileOptions say how a pools file is watched.
type FileOptions struct {
	// Path names the file, YAML documents of kind ShadowPool.
	Path   string
	Logger log.Logger
	// Registerer gets the metrics of the reload; nil: none are registered.
	Registerer prometheus.Registerer
	// Clock is the real one where it is nil.
	Clock clock.WithTicker
}

// File watches a file of ShadowPools. A version that is refused leaves the
// last good one in use.
type File struct {
	content filewatch.Content
	logger  log.Logger
	metrics *fileMetrics
	clock   clock.WithTicker
	synced  chan struct{}

	pools   map[types.NamespacedName]*v1alpha1.ShadowPool
	refused string // why the file as it is now is not in use
}

var _ Watcher = (*File)(nil)

// NewFile returns a watcher that has not read its file yet.
func NewFile(o FileOptions) (*File, error) {
	if o.Path == "" {
		return nil, errors.New("pools file: no path: write the path of a file of ShadowPools")
	}
	if o.Logger == nil {
		o.Logger = log.NewNopLogger()
	}
	if o.Clock == nil {
		o.Clock = clock.RealClock{}
	}
	return &File{
		content: filewatch.Content{Path: o.Path, Most: manifest.MaxBytes},
		logger:  log.With(o.Logger, "component", "pools"),
		metrics: newFileMetrics(o.Registerer),
		clock:   o.Clock,
		synced:  make(chan struct{}),
	}, nil
}

// Synced is closed once the file has been read.
func (f *File) Synced() <-chan struct{} { return f.synced }

// Check says what Run would refuse in the file as it is now.
func (f *File) Check() error {
	raw, err := filewatch.Read(f.content.Path, manifest.MaxBytes)
	if err != nil {
		return fmt.Errorf("read pools file: %w", err)
	}
	_, err = manifest.Decode(f.content.Path, raw)
	return err
}

// Run reads the file, which must be good the first time, and then again
// whenever it changes.
func (f *File) Run(ctx context.Context, handler Handler) error {
	o := filewatch.Options{What: "pools file", Path: f.content.Path, Logger: f.logger, Clock: f.clock}
	return filewatch.Run(ctx, o, func() error {
		if err := f.load(handler); err != nil {
			f.metrics.success.Set(0)
			return err
		}
		close(f.synced)
		return nil
	}, func() { f.reload(handler) })
}

func (f *File) reload(handler Handler) {
	err := f.load(handler)
	if err == nil {
		return
	}
	f.metrics.success.Set(0)
	// A folder in which other files change, too, has the same refusal come often.
	if why := err.Error(); why != f.refused {
		f.refused = why
		level.Error(f.logger).Log("msg", "pools file refused, its last good version stays in use", "err", why)
	}
}

// load reads the file and hands over what changed. Content that was judged
// before is not judged again.
func (f *File) load(handler Handler) error {
	raw, news, err := f.content.Read()
	switch {
	case err != nil:
		return fmt.Errorf("read pools file: %w", err)
	case !news:
		return nil
	}
	list, err := manifest.Decode(f.content.Path, raw)
	if err != nil {
		return err
	}
	f.refused = ""
	set, deleted := f.apply(list, handler)
	f.metrics.success.Set(1)
	f.metrics.successTime.Set(float64(f.clock.Now().UnixMilli()) / 1000)
	level.Info(f.logger).Log("msg", "pools file read", "state", counted(len(list), set, deleted))
	return nil
}

func counted(pools, set, deleted int) string {
	if pools == 1 {
		return fmt.Sprintf("1 pool, %d set, %d deleted", set, deleted)
	}
	return fmt.Sprintf("%d pools, %d set, %d deleted", pools, set, deleted)
}

// apply tells the handler what list changes: deletions first, so that a
// workload is free before its next pool comes.
func (f *File) apply(list []*v1alpha1.ShadowPool, handler Handler) (set, deleted int) {
	next := make(map[types.NamespacedName]*v1alpha1.ShadowPool, len(list))
	for _, pool := range list {
		next[pool.Key()] = pool
	}
	for key := range f.pools {
		if _, stays := next[key]; !stays {
			handler.Delete(key.Namespace, key.Name)
			deleted++
		}
	}
	for _, pool := range list {
		if !equality.Semantic.DeepEqual(f.pools[pool.Key()], pool) {
			handler.Set(pool.DeepCopy())
			set++
		}
	}
	f.pools = next
	return set, deleted
}
