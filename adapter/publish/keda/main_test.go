package keda

import (
	"context"
	"log/slog"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/publish/keda/externalscaler"
)

func TestMain(m *testing.M) {
	klog.SetSlogLogger(slog.New(slog.DiscardHandler)) // gRPC logs here
	goleak.VerifyTestMain(m)
}

// rig is a server and a client of it.
type rig struct {
	board    *publish.Board
	registry *prometheus.Registry
	server   *Server
	listener *bufconn.Listener
	client   externalscaler.ExternalScalerClient
	conn     *grpc.ClientConn
}

// newRig serves on memory, in the bubble of the test where there is one, until the test ends.
func newRig(t *testing.T, change ...func(*Config)) *rig {
	t.Helper()
	r := &rig{board: &publish.Board{}, registry: prometheus.NewPedanticRegistry(), listener: bufconn.Listen(bufferBytes)}
	c := testConfig(r.board, r.registry)
	for _, f := range change {
		f(&c)
	}
	var err error
	r.server, err = newServer(c, r.listener)
	require.NoError(t, err)
	run(t, r.server)
	r.conn = r.dial(t)
	r.client = externalscaler.NewExternalScalerClient(r.conn)
	return r
}

func testConfig(board *publish.Board, reg prometheus.Registerer) Config {
	return Config{
		Address: "127.0.0.1:0", MaxStreams: 8, MaxConnections: 8,
		Board: board, Clock: clock.RealClock{}, Logger: log.NewNopLogger(), Registerer: reg,
	}
}

// run serves until the test ends.
func run(t *testing.T, s *Server) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// dial returns another connection to the rig's server.
func (r *rig) dial(t *testing.T) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///memory",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return r.listener.DialContext(ctx) }))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn
}

// publish gives pool web of namespace shop a capacity that is good for 15 minutes.
func (r *rig) publish(replicas float64) {
	now := clock.RealClock{}.Now()
	r.board.Publish(testPool(publish.Reading{Value: replicas, ComputedAt: now, ValidUntil: now.Add(15 * time.Minute)}))
}

func testPool(capacity publish.Reading) publish.Pool {
	return publish.Pool{Namespace: "shop", Name: "web", PredictedCapacity: capacity}
}

// ref is a ScaledObject of namespace shop with metadata as key, value, key, value.
func ref(metadata ...string) *externalscaler.ScaledObjectRef {
	m := map[string]string{"scalerAddress": "foreshadow:9403"}
	for pair := range slices.Chunk(metadata, 2) {
		m[pair[0]] = pair[1]
	}
	return &externalscaler.ScaledObjectRef{Name: "web", Namespace: "shop", ScalerMetadata: m}
}

func capacityOf(r *externalscaler.ScaledObjectRef) *externalscaler.GetMetricsRequest {
	return &externalscaler.GetMetricsRequest{ScaledObjectRef: r, MetricName: publish.MetricPredictedCapacity}
}
