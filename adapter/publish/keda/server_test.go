package keda

import (
	"context"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/publish/keda/externalscaler"
)

// Half of the clients end their call, half of them their connection. What a goroutine of the server's would leave is found by goleak.
func TestClientsThatGoMidStream(t *testing.T) {
	t.Parallel()
	const times = 1000
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		r.publish(3)
		for i := range times {
			ctx, cancel := context.WithCancel(t.Context())
			client, hangUp := r.client, cancel
			if i%2 == 1 {
				conn := r.dial(t)
				client, hangUp = externalscaler.NewExternalScalerClient(conn), func() { conn.Close() }
			}
			stream, err := client.StreamIsActive(ctx, ref("pool", "web"))
			require.NoError(t, err)
			answer, err := stream.Recv()
			require.NoError(t, err)
			require.True(t, answer.GetResult())
			require.EqualValues(t, 1, r.server.scaler.streams.Load())
			hangUp()
			synctest.Wait()
			require.Zero(t, r.server.scaler.streams.Load())
			cancel()
		}
		want := `
			# HELP foreshadow_keda_streams Streams of KEDA that are open.
			# TYPE foreshadow_keda_streams gauge
			foreshadow_keda_streams 0
		`
		require.NoError(t, testutil.GatherAndCompare(r.registry, strings.NewReader(want), "foreshadow_keda_streams"))
		require.InDelta(t, times, testutil.ToFloat64(requests(t, r, "StreamIsActive", codes.Canceled)), 0)
	})
}

// requests returns the count of one method and code.
func requests(t *testing.T, r *rig, method string, code codes.Code) prometheus.Collector {
	t.Helper()
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "foreshadow_keda_requests_total",
		Help: "Calls of KEDA that have ended, by method and gRPC status code. A stream counts when it ends.",
	}, []string{"method", "code"})
	var already prometheus.AlreadyRegisteredError
	require.ErrorAs(t, r.registry.Register(vec), &already)
	return already.ExistingCollector.(*prometheus.CounterVec).WithLabelValues(method, code.String())
}

func TestStreamsHaveALimit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.publish(3)
	for range 8 {
		stream, err := r.client.StreamIsActive(t.Context(), ref("pool", "web"))
		require.NoError(t, err)
		_, err = stream.Recv()
		require.NoError(t, err)
	}
	stream, err := externalscaler.NewExternalScalerClient(r.dial(t)).StreamIsActive(t.Context(), ref("pool", "web"))
	require.NoError(t, err)
	_, err = stream.Recv()
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
	require.Equal(t, "8 streams are open, which is the most that --keda.max-streams allows: KEDA still polls, or write a higher number",
		status.Convert(err).Message())
	// The short calls on the connection with all its streams go on.
	_, err = r.client.GetMetrics(t.Context(), capacityOf(ref("pool", "web")))
	require.NoError(t, err)
	require.EqualValues(t, 8, r.server.scaler.streams.Load())
}

func TestMessagesHaveALimit(t *testing.T) {
	t.Parallel()
	_, err := newRig(t).client.IsActive(t.Context(), ref("pool", "web", "long", strings.Repeat("x", maxMessageBytes)))
	require.Equal(t, codes.ResourceExhausted, status.Code(err))
}

func TestStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	board := &publish.Board{}
	s, err := New(testConfig(board, prometheus.NewRegistry()))
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	r := &rig{board: board}
	r.publish(1)
	stream, err := dialTCP(t, s.Addr().String(), nil).StreamIsActive(t.Context(), ref("pool", "web"))
	require.NoError(t, err)
	_, err = stream.Recv()
	require.NoError(t, err)
	stop()
	_, err = stream.Recv()
	require.ErrorIs(t, err, io.EOF, "KEDA logs anything else, and waits longer before it comes back")
	require.NoError(t, <-done)
}

func TestConnectionsHaveALimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, func(c *Config) { c.MaxConnections = 1 })
		_, err := r.client.GetMetricSpec(t.Context(), ref("pool", "web"))
		require.NoError(t, err)
		second := externalscaler.NewExternalScalerClient(r.dial(t))
		patient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = second.GetMetricSpec(patient, ref("pool", "web"))
		require.Equal(t, codes.DeadlineExceeded, status.Code(err), "the one connection is taken")
		require.NoError(t, r.conn.Close())
		_, err = second.GetMetricSpec(t.Context(), ref("pool", "web"), grpc.WaitForReady(true))
		require.NoError(t, err)
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{
			name: "an address that all can reach, without certificates", change: func(c *Config) { c.Address = "0.0.0.0:0" },
			want: `--keda.listen-address "0.0.0.0:0": without certificates anybody could ask: write --keda.tls-cert-file, --keda.tls-key-file ` +
				"and --keda.client-ca-file, or a loopback address such as 127.0.0.1:9403",
		},
		{
			name: "half of the certificates", change: func(c *Config) { c.Certificates = Certificates{CertFile: "c", KeyFile: "k"} },
			want: "--keda.client-ca-file: missing: write --keda.tls-cert-file, --keda.tls-key-file and --keda.client-ca-file, " +
				"or none of them on a loopback address",
		},
		{
			name: "names of clients that show none", change: func(c *Config) { c.Certificates.ClientNames = []string{"keda"} },
			want: "--keda.client-names: has no meaning without certificates: write --keda.tls-cert-file, --keda.tls-key-file and --keda.client-ca-file too",
		},
		{
			name: "certificates that are not there",
			change: func(c *Config) {
				c.Certificates = Certificates{CertFile: "nowhere/c", KeyFile: "nowhere/k", ClientCAFile: "nowhere/ca"}
			},
			want: `--keda.tls-cert-file "nowhere/c": stat nowhere/c: no such file or directory`,
		},
		{
			name: "no streams and no connections", change: func(c *Config) { c.MaxStreams, c.MaxConnections = 0, 0 },
			want: "--keda.max-streams: 0: write at least 1\n--keda.max-connections: 0: write at least 1",
		},
		{
			name: "an address without a port", change: func(c *Config) { c.Address = "localhost" },
			want: `--keda.listen-address "localhost": write HOST:PORT, such as 127.0.0.1:6443: address localhost: missing port in address`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := testConfig(&publish.Board{}, prometheus.NewRegistry())
			tt.change(&c)
			_, err := New(c)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestMetricsAreWellFormed(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	problems, err := testutil.GatherAndLint(r.registry)
	require.NoError(t, err)
	require.Empty(t, problems)
}
