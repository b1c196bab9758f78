package main

import (
	"fmt"
	"io"
	stdlog "log"
	"log/slog"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/go-logr/logr"
	"github.com/spf13/pflag"
	sloggokit "github.com/tjhop/slog-gokit"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
	controllerlog "sigs.k8s.io/controller-runtime/pkg/log"
)

// logFlags are the flags of the one log stream.
type logFlags struct {
	level, format string
}

func (f *logFlags) install(fs *pflag.FlagSet) {
	fs.StringVar(&f.level, "log.level", "info", "Only log messages with the given severity or above. One of: debug, info, warn, error.")
	fs.StringVar(&f.format, "log.format", "logfmt", "Output format of log messages. One of: logfmt, json.")
}

// loggers are the root logger and its slog face for libraries; both end in the
// same stream with the same level.
type loggers struct {
	kit  log.Logger
	slog *slog.Logger
}

// timestamp is RFC 3339 with milliseconds, in UTC, as Prometheus logs it.
const timestamp = "2006-01-02T15:04:05.000Z07:00"

// newLoggers builds the root logger.
func (f *logFlags) newLoggers(w io.Writer) (loggers, error) {
	var slogLevel slog.Level
	var allow level.Option
	switch f.level {
	case "debug":
		slogLevel, allow = slog.LevelDebug, level.AllowDebug()
	case "info":
		slogLevel, allow = slog.LevelInfo, level.AllowInfo()
	case "warn":
		slogLevel, allow = slog.LevelWarn, level.AllowWarn()
	case "error":
		slogLevel, allow = slog.LevelError, level.AllowError()
	default:
		return loggers{}, fmt.Errorf("--log.level: unknown level %q: write debug, info, warn or error", f.level)
	}
	var root log.Logger
	switch f.format {
	case "logfmt":
		root = log.NewLogfmtLogger(log.NewSyncWriter(w))
	case "json":
		root = log.NewJSONLogger(log.NewSyncWriter(w))
	default:
		return loggers{}, fmt.Errorf("--log.format: unknown format %q: write logfmt or json", f.format)
	}
	handler := sloggokit.NewGoKitHandler(renameTime(root), slogLevel)
	l := loggers{
		kit:  log.With(level.NewFilter(root, allow), "ts", log.TimestampFormat(func() time.Time { return clock.RealClock{}.Now().UTC() }, timestamp)),
		slog: slog.New(handler),
	}
	return l, nil
}

// capture sends through the root logger what the standard library, klog and
// controller-runtime log, so that no library has a stream of its own. Theirs
// are settings of the process: call it once, before anything else runs.
func (l loggers) capture() {
	// The standard library logs there what it cannot return, such as a client's
	// broken HTTP/2 preface.
	stdlog.SetFlags(0)
	stdlog.SetOutput(log.NewStdlibAdapter(level.Warn(l.kit)))
	klog.SetSlogLogger(l.slog)
	controllerlog.SetLogger(logr.FromSlogHandler(l.slog.Handler()))
}

// renameTime writes the bridge's "time" key as the "ts" that our own lines
// carry.
func renameTime(next log.Logger) log.Logger {
	return log.LoggerFunc(func(keyvals ...any) error {
		for i := 0; i+1 < len(keyvals); i += 2 {
			if t, ok := keyvals[i+1].(time.Time); ok && keyvals[i] == any(slog.TimeKey) {
				keyvals[i], keyvals[i+1] = "ts", t.UTC().Format(timestamp)
				break
			}
		}
		return next.Log(keyvals...)
	})
}
