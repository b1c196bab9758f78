package warmup

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"k8s.io/utils/clock"
)

// File is a mounted file that may change, appear and vanish. What it held last
// stays when it vanishes or cannot be read any more: a warm-up does not end with
// the ConfigMap.
type File[T any] struct {
	path     string
	maxBytes int
	parse    func([]byte) (T, error)
	clock    clock.PassiveClock
	logger   log.Logger

	mu     sync.Mutex
	looked time.Time
	raw    []byte
	value  T
	err    error // of the last look
}

// NewFile reads a file of at most maxBytes.
func NewFile[T any](path string, maxBytes int, parse func([]byte) (T, error), c clock.PassiveClock, logger log.Logger) *File[T] {
	return &File[T]{path: path, maxBytes: maxBytes, parse: parse, clock: c, logger: log.With(logger, "file", path)}
}

// Get returns what the file holds, as of a second ago at most; the zero value
// before it could be read.
func (f *File[T]) Get() T {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock.Now()
	if !f.looked.IsZero() && now.Sub(f.looked) < time.Second {
		return f.value
	}
	f.looked = now
	was := f.err
	if f.err = f.read(); f.err != nil && (was == nil || f.err.Error() != was.Error()) {
		level.Warn(f.logger).Log("msg", "file not read", "err", f.err)
	}
	return f.value
}

// Err says why the file could not be read when Get looked last; nil if it could.
func (f *File[T]) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *File[T]) read() error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // it was only read
	raw, err := io.ReadAll(io.LimitReader(file, int64(f.maxBytes)+1))
	if err != nil {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	if f.raw != nil && bytes.Equal(raw, f.raw) {
		return nil
	}
	value, err := f.parse(raw)
	if err != nil {
		return fmt.Errorf("read %s: %w", f.path, err)
	}
	f.raw, f.value = raw, value
	return nil
}

// ParseState reads the pod's state from a file that holds it, as the downward
// API writes a label.
func ParseState(raw []byte) (string, error) { return strings.TrimSpace(string(raw)), nil }
