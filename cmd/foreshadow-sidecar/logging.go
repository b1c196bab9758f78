package main

import (
	"fmt"
	"io"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"k8s.io/utils/clock"
)

// timestamp is RFC 3339 with milliseconds, in UTC, as Prometheus logs it.
const timestamp = "2006-01-02T15:04:05.000Z07:00"

func newLogger(w io.Writer, lowest, format string) (log.Logger, error) {
	allow, err := level.Parse(lowest)
	if err != nil {
		return nil, fmt.Errorf("--log.level: unknown level %q: write debug, info, warn or error", lowest)
	}
	var root log.Logger
	switch format {
	case "logfmt":
		root = log.NewLogfmtLogger(log.NewSyncWriter(w))
	case "json":
		root = log.NewJSONLogger(log.NewSyncWriter(w))
	default:
		return nil, fmt.Errorf("--log.format: unknown format %q: write logfmt or json", format)
	}
	now := func() time.Time { return clock.RealClock{}.Now().UTC() }
	return log.With(level.NewFilter(root, level.Allow(allow)), "ts", log.TimestampFormat(now, timestamp)), nil
}
