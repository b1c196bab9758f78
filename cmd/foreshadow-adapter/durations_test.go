package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/certificate"
	"github.com/foreshadow-dev/foreshadow/adapter/duration"
	"github.com/foreshadow-dev/foreshadow/charts"
)

type values = map[string]any

// The chart takes the durations that their reader takes, and refuses what would end the adapter at its start.
func TestTheChartsDurationsAreOurs(t *testing.T) {
	fields := map[string]struct {
		least time.Duration
		with  func(d string) values
	}{
		"prometheus.timeout":      {time.Second, func(d string) values { return values{"prometheus": values{"url": "http://p:9090", "timeout": d}} }},
		"adapter.refreshInterval": {time.Second, func(d string) values { return values{"adapter": values{"refreshInterval": d}} }},
		"keep.retention":          {24 * time.Hour, func(d string) values { return values{"keep": values{"enabled": true, "retention": d}} }},
		"tls.lifetime":            {certificate.MinLifetime, func(d string) values { return values{"tls": values{"lifetime": d}} }},
		"sources[0].timeout": {time.Second, func(d string) values {
			return values{"sources": []any{values{"name": "long-term", "url": "http://thanos:10902", "namespaces": []any{"*"}, "timeout": d}}}
		}},
		"serviceMonitor.interval": {0, func(d string) values { return values{"serviceMonitor": values{"enabled": true, "interval": d}} }},
	}
	for field, f := range fields {
		t.Run(field, func(t *testing.T) {
			for _, text := range []string{
				"7d", "4w", "1y", "36h", "1d12h", "1w2d3h4m5s6ms", "90m", "86400s", "86399s", "61s", "59s", "1s", "999ms", "86400000ms", "08d", "292y",
				"1 day", "1D", "1.5h", "1h1h", "5m1h", "7", "d", "-1h", "",
			} {
				with := f.with(text)
				if with["prometheus"] == nil {
					with["prometheus"] = values{"url": "http://prometheus:9090"}
				}
				_, err := charts.Render("../../charts/foreshadow", charts.Release{Name: "foreshadow", Namespace: "foreshadow"}, with)
				d, wrong := duration.Parse(text)
				switch {
				case wrong != nil:
					require.Error(t, err, text)
				case d < f.least:
					require.ErrorContains(t, err, fmt.Sprintf("%s: %s: write at least ", field, text))
				default:
					require.NoError(t, err, text)
				}
			}
		})
	}
}
