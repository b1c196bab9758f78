// Package filewatch says when a file may have changed, in the quiet after a
// change, by the events of its folder and by looking each minute.
package filewatch

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"k8s.io/utils/clock"
)

const (
	// Settle is the quiet after a change before the file is read: a writer
	// may need several writes.
	Settle = 500 * time.Millisecond
	// LookEvery bounds how long a change stays unseen where the file system
	// sends no events.
	LookEvery = time.Minute
)

// Options say which file is watched.
type Options struct {
	// What names the file in messages, such as "pools file".
	What, Path string
	Logger     log.Logger
	Clock      clock.WithTicker
}

// Run calls first once the file is watched, so that no change is missed, and
// reload whenever the file may have changed, until ctx ends. An error of first
// ends it.
func Run(ctx context.Context, o Options, first func() error, reload func()) error {
	// The directory is watched, not the file: editors replace files, and a
	// mounted ConfigMap changes by a link beside it.
	watcher, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %s %s: %w", o.What, o.Path, err)
	}
	defer func() { _ = watcher.Close() }()
	if err := watcher.Add(filepath.Dir(o.Path)); err != nil {
		return fmt.Errorf("watch directory of %s %s: %w", o.What, o.Path, err)
	}
	ticker := o.Clock.NewTicker(LookEvery)
	defer ticker.Stop()
	quiet := o.Clock.NewTimer(Settle)
	defer quiet.Stop()
	quiet.Stop() // until something changes
	if err := first(); err != nil {
		return err
	}
	o.follow(ctx, watcher, ticker.C(), quiet, reload)
	return nil
}

// follow reloads in the quiet after a change; a writer may be at it when the
// ticker ticks too.
func (o Options) follow(ctx context.Context, watcher *fsnotify.Watcher, tick <-chan time.Time, quiet clock.Timer, reload func()) {
	var unread time.Time // when a change was first heard of that is not read yet
	wait := func() {
		if unread.IsZero() {
			unread = o.Clock.Now()
		}
		quiet.Reset(Settle)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-watcher.Events:
			if !open {
				return
			}
			wait()
		case err := <-watcher.Errors:
			level.Warn(o.Logger).Log("msg", "watching the "+o.What+" is disturbed", "err", err)
		case <-tick:
			wait()
			// Beside a file that changes all the time it is never quiet.
			if o.Clock.Since(unread) >= LookEvery {
				unread = time.Time{}
				reload()
			}
		case <-quiet.C():
			unread = time.Time{}
			reload()
		}
	}
}

// Content tells the versions of a file apart. It is for one goroutine.
type Content struct {
	Path string
	Most int64 // bytes that a good version has at most
	seen [sha256.Size]byte
}

// Read returns the file; news says that it is another version than the one that
// the last call returned. After an error, and after Forget, whatever is there is
// news.
func (c *Content) Read() (raw []byte, news bool, err error) {
	if raw, err = Read(c.Path, c.Most); err != nil {
		c.Forget()
		return nil, false, err
	}
	sum := sha256.Sum256(raw)
	news = sum != c.seen
	c.seen = sum
	return raw, news, nil
}

// Forget has the next Read take the file for news.
func (c *Content) Forget() { c.seen = [sha256.Size]byte{} }

// Read returns the file, or of a longer one the first most+1 bytes, by which it
// can be told.
func Read(path string, most int64) ([]byte, error) {
	file, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	return io.ReadAll(io.LimitReader(file, most+1))
}
