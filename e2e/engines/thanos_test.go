//go:build e2e && ecosystem

package engines

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
	"github.com/foreshadow-dev/foreshadow/adapter/history/historytest"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
	"github.com/foreshadow-dev/foreshadow/e2e/prom"
)

// replica is one of the Prometheus servers that hold the same series, with its
// sidecar.
type replica struct {
	grpc    string
	sidecar *process.Process
}

// startReplica runs a Prometheus over the samples, and a sidecar that serves it
// to Thanos.
func startReplica(t *testing.T, thanos, name string, stored []history.Samples) replica {
	t.Helper()
	binary, err := prom.Binary()
	require.NoError(t, err)
	ports, err := process.FreePorts(3)
	require.NoError(t, err)
	at := func(i int) string { return fmt.Sprintf("%s:%d", process.Loopback, ports[i]) }
	dir := t.TempDir()
	data, config := filepath.Join(dir, "data"), filepath.Join(dir, "prometheus.yml")
	require.NoError(t, embedded.WriteBlocks(data, stored...))
	require.NoError(t, os.WriteFile(config, []byte("global: {external_labels: {replica: "+name+"}}\n"), 0o600))
	start(t, "prometheus-"+name, binary, "http://"+at(0)+"/-/ready",
		"--config.file="+config, "--storage.tsdb.path="+data, "--storage.tsdb.retention.time=10y",
		// A sidecar refuses blocks of several lengths.
		"--storage.tsdb.min-block-duration=2h", "--storage.tsdb.max-block-duration=2h", "--web.enable-lifecycle",
		"--web.listen-address="+at(0))
	r := replica{grpc: at(1)}
	r.sidecar = start(t, "sidecar-"+name, thanos, "http://"+at(2)+"/-/ready",
		"sidecar", "--prometheus.url=http://"+at(0), "--tsdb.path="+data, "--grpc-address="+at(1), "--http-address="+at(2))
	return r
}

// startThanos runs a querier over two replicas of the samples and returns its
// URL.
func startThanos(t *testing.T, stored []history.Samples, args ...string) (url string, replicas []replica) {
	t.Helper()
	thanos := program(t, "thanos", "e2e/tools/thanos/build.sh")
	for _, name := range []string{"a", "b"} {
		replicas = append(replicas, startReplica(t, thanos, name, stored))
	}
	ports, err := process.FreePorts(2)
	require.NoError(t, err)
	http := fmt.Sprintf("%s:%d", process.Loopback, ports[0])
	args = append([]string{
		"query", "--http-address=" + http, fmt.Sprintf("--grpc-address=%s:%d", process.Loopback, ports[1]), "--query.replica-label=replica",
	}, args...)
	for _, r := range replicas {
		// Strict: one that is down is still asked for, so that its silence shows.
		args = append(args, "--endpoint-strict="+r.grpc)
	}
	start(t, "query", thanos, "http://"+http+"/-/ready", args...)
	return "http://" + http, replicas
}

// whole waits until both replicas answer: the querier looks for them every few
// seconds.
func whole(t *testing.T, src history.Source, expr string, r history.Range) history.Result {
	t.Helper()
	var last history.Result
	require.Eventually(t, func() bool {
		res, err := src.QueryRange(t.Context(), expr, r)
		last = res
		return err == nil && !res.Degraded() && len(res.Series) > 0
	}, startTimeout, 200*time.Millisecond)
	return last
}

func TestThanos(t *testing.T) {
	historytest.Run(t, "Thanos", func(t *testing.T, stored []history.Samples) history.Source {
		url, _ := startThanos(t, stored)
		src, reg := open(t, "url: '"+url+"'")
		whole(t, src, "conformance_steady", hours)
		logBytes(t, src, reg)
		return src
	}, historytest.Thanos()...)
}

var hours = history.Range{Start: origin.Add(time.Hour), End: origin.Add(3 * time.Hour), Step: time.Minute}

// load is four hours of a metric of one tenant.
func load(tenant string, value float64) history.Samples {
	s := history.Samples{Labels: map[string]string{"__name__": "load", "tenant_id": tenant}}
	for i := range 4 * 60 {
		s.Points = append(s.Points, history.Point{TimeMillis: origin.Add(time.Duration(i) * time.Minute).UnixMilli(), Value: value})
	}
	return s
}

// One store of two is down: what comes is whole by the other one's copy, and
// degraded all the same, because nobody can know.
func TestThanosPartialResponse(t *testing.T) {
	url, replicas := startThanos(t, []history.Samples{load("shop", 7)})
	src, _ := open(t, "url: '"+url+"'")
	both := whole(t, src, "sum(load)", hours)
	require.InDelta(t, 7, both.Series[0].Points[0].Value, 0, "two copies are one after deduplication")

	reader, err := history.NewReader(src, history.ReaderConfig{Expr: "sum(load)", Window: time.Hour, Step: time.Minute})
	require.NoError(t, err)
	before, err := reader.Read(t.Context(), hours.End.Add(-30*time.Minute))
	require.NoError(t, err)
	require.False(t, before.Degraded)

	require.NoError(t, replicas[0].sidecar.Stop(stopGrace))
	after, err := reader.Read(t.Context(), hours.End)
	require.NoError(t, err)
	require.True(t, after.Degraded, "the load counts as whole though a store is down")
	require.NotEmpty(t, after.Warnings)
	require.InDelta(t, 7, after.Newest, 0)
	t.Logf("Thanos warns: %s", strings.Join(after.Warnings, "; "))
}

// The querier shows each tenant its own series, by the header that the source
// sends.
func TestThanosTenants(t *testing.T) {
	url, _ := startThanos(t, []history.Samples{load("shop", 7), load("bank", 40)}, "--query.enforce-tenancy")
	for tenant, want := range map[string]float64{"shop": 7, "bank": 40} {
		src, _ := open(t, "url: '"+url+"', headers: {THANOS-TENANT: "+tenant+"}")
		res := whole(t, src, "sum(load)", hours)
		require.InDelta(t, want, res.Series[0].Points[0].Value, 0)
	}
	nobody, _ := open(t, "url: '"+url+"'")
	res, err := nobody.QueryRange(t.Context(), "sum(load)", hours)
	require.NoError(t, err)
	require.Empty(t, res.Series, "without a header a tenant's series are shown")
}
