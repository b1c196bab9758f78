package embedded

import (
	"context"
	"errors"
	"log/slog"

	"github.com/go-kit/log"
	sloggokit "github.com/tjhop/slog-gokit"
)

// newLogger is what the storage and the engine log to.
func newLogger(l log.Logger) *slog.Logger {
	return slog.New(untilClosed{sloggokit.NewGoKitHandler(log.With(l, "component", "storage"), slog.LevelInfo)})
}

// untilClosed drops what failed because the store is closed: the storage says so
// of a compaction that its end cuts short, which the next start does anew.
type untilClosed struct{ slog.Handler }

// Handle writes a record, unless its error is the end of a context.
func (h untilClosed) Handle(ctx context.Context, r slog.Record) error {
	closed := false
	r.Attrs(func(a slog.Attr) bool {
		err, ok := a.Value.Any().(error)
		closed = ok && errors.Is(err, context.Canceled)
		return !closed
	})
	if closed {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs is that of the handler below.
func (h untilClosed) WithAttrs(attrs []slog.Attr) slog.Handler {
	return untilClosed{h.Handler.WithAttrs(attrs)}
}

// WithGroup is that of the handler below.
func (h untilClosed) WithGroup(name string) slog.Handler {
	return untilClosed{h.Handler.WithGroup(name)}
}
