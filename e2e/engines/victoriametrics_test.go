//go:build e2e && ecosystem

package engines

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"testing"

	"github.com/prometheus/prometheus/prompb"
	"github.com/prometheus/prometheus/util/compression"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/historytest"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

func TestVictoriaMetrics(t *testing.T) {
	historytest.Run(t, "VictoriaMetrics", func(t *testing.T, stored []history.Samples) history.Source {
		ports, err := process.FreePorts(1)
		require.NoError(t, err)
		address := fmt.Sprintf("%s:%d", process.Loopback, ports[0])
		start(t, "victoria-metrics", program(t, "victoria-metrics", "e2e/tools/victoriametrics.sh"), "http://"+address+"/health",
			"-storageDataPath="+t.TempDir(), "-httpListenAddr="+address, "-retentionPeriod=100y", "-search.disableCache")
		push(t, "http://"+address+"/api/v1/write", stored)
		flushed, ok := get(t.Context(), "http://"+address+"/internal/force_flush")
		require.True(t, ok, flushed)
		src, reg := open(t, "url: 'http://"+address+"'")
		logBytes(t, src, reg)
		return src
	}, historytest.VictoriaMetrics()...)
}

// push writes the samples as Prometheus' remote write does, whose bits come as
// they are, stale markers too.
func push(t *testing.T, url string, stored []history.Samples) {
	t.Helper()
	var w prompb.WriteRequest
	for _, s := range stored {
		var series prompb.TimeSeries
		for name, value := range s.Labels {
			if value != "" {
				series.Labels = append(series.Labels, prompb.Label{Name: name, Value: value})
			}
		}
		for _, p := range s.Points {
			series.Samples = append(series.Samples, prompb.Sample{Timestamp: p.TimeMillis, Value: p.Value})
		}
		w.Timeseries = append(w.Timeseries, series)
	}
	raw, err := w.Marshal()
	require.NoError(t, err)
	body, err := compression.Encode(compression.Snappy, raw, nil)
	require.NoError(t, err)
	req, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodPost, url, bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Encoding", "snappy")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusNoContent, resp.StatusCode)
}
