package sources

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/filewatch"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// flag is what messages call the file.
const flag = "--history.sources-file"

// maxBytes bounds the file.
const maxBytes = 1 << 20

// File keeps a Set as a file says.
type File struct {
	set     *Set
	content filewatch.Content
	logger  log.Logger
	metrics *fileMetrics
	refused string // why the file as it is now is not in use
}

// NewFile reads the file, which must be good the first time.
func NewFile(path string, set *Set) (*File, error) {
	f := &File{
		set: set, content: filewatch.Content{Path: path, Most: maxBytes},
		logger: log.With(set.o.Logger, "component", "sources"), metrics: newFileMetrics(set.o.Registerer),
	}
	_, err := f.load()
	return f, err
}

// Check says what NewFile would refuse in the file.
func Check(path string) error {
	set := NewSet(Options{Logger: log.NewNopLogger(), Metrics: history.NewMetrics(nil), Clock: clock.RealClock{}, PerNamespace: 1})
	_, err := NewFile(path, set)
	return err
}

// Run takes over what changes in the file until ctx ends, and calls changed
// after each time.
func (f *File) Run(ctx context.Context, changed func()) error {
	reload := func() { f.reload(changed) }
	o := filewatch.Options{What: "sources file", Path: f.content.Path, Logger: f.logger, Clock: f.set.o.Clock}
	return filewatch.Run(ctx, o, func() error { reload(); return nil }, reload)
}

func (f *File) reload(changed func()) {
	switch news, err := f.load(); {
	case err != nil && err.Error() != f.refused: // once, however often other files of its folder change
		f.refused = err.Error()
		level.Error(f.logger).Log("msg", "sources file refused, its last good version stays in use", "err", err)
	case news:
		f.refused = ""
		changed()
	}
}

// load reads the file; news says that it took over another version. Text that
// is in use, or cannot be read, is not judged again.
func (f *File) load() (news bool, err error) {
	defer func() {
		if err != nil {
			f.metrics.success.Set(0)
		}
	}()
	raw, changed, err := f.content.Read()
	switch {
	case err != nil:
		return false, fmt.Errorf("%s: %w", flag, err)
	case !changed:
		return false, nil
	case len(raw) > maxBytes:
		return false, fmt.Errorf("%s: %s: is longer than %d bytes: write fewer sources", flag, f.content.Path, maxBytes)
	}
	entries, err := decode(raw)
	if err == nil {
		if err = f.set.replace(entries, filepath.Dir(f.content.Path)); err != nil {
			f.content.Forget() // a file that it names may be there the next time
		}
	}
	if err != nil {
		return false, fmt.Errorf("%s: %s: %w", flag, f.content.Path, err)
	}
	f.metrics.success.Set(1)
	f.metrics.successTime.Set(float64(f.set.o.Clock.Now().UnixMilli()) / 1000)
	level.Info(f.logger).Log("msg", "sources file read", "sources", len(entries))
	return true, nil
}
