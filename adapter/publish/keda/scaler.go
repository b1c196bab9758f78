package keda

import (
	"context"
	"math"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/publish/keda/externalscaler"
)

// lookEvery is how late a stream may be with a change. A value also ends by its age, which nobody publishes, so streams look.
const lookEvery = time.Second

// scaler answers KEDA's calls from a board's snapshot. Targets never change, so StreamMetricSpec stays unimplemented.
type scaler struct {
	externalscaler.UnimplementedExternalScalerServer

	board      *publish.Board
	clock      clock.WithTicker
	maxStreams int64
	streams    atomic.Int64  // open now
	stopping   chan struct{} // closed when streams have to end
}

// IsActive says whether the pool needs any replica. It is an error where that is not known: KEDA does not scale to zero by errors.
func (s *scaler) IsActive(_ context.Context, ref *externalscaler.ScaledObjectRef) (*externalscaler.IsActiveResponse, error) {
	t, err := parseTrigger(ref)
	if err != nil {
		return nil, err
	}
	value, err := s.replicas(t)
	if err != nil {
		return nil, err
	}
	return &externalscaler.IsActiveResponse{Result: value > 0}, nil
}

// StreamIsActive says so at once, and again when it changes. While it is not known, nothing is said: the stream stays open, and what
// KEDA was told last holds.
func (s *scaler) StreamIsActive(
	ref *externalscaler.ScaledObjectRef, stream grpc.ServerStreamingServer[externalscaler.IsActiveResponse],
) error {
	t, err := parseTrigger(ref)
	if err != nil {
		return err
	}
	if s.streams.Add(1) > s.maxStreams {
		s.streams.Add(-1)
		return status.Errorf(codes.ResourceExhausted, "%d streams are open, which is the most that %s allows: KEDA still polls, "+
			"or write a higher number", s.maxStreams, FlagMaxStreams)
	}
	defer s.streams.Add(-1)
	return s.follow(t, stream)
}

// follow sends what StreamIsActive says until the client goes or the server stops.
func (s *scaler) follow(t trigger, stream grpc.ServerStreamingServer[externalscaler.IsActiveResponse]) error {
	ticker := s.clock.NewTicker(lookEvery)
	defer ticker.Stop()
	var said, active bool
	for {
		if value, err := s.replicas(t); err == nil && (!said || active != (value > 0)) {
			said, active = true, value > 0
			if err := stream.Send(&externalscaler.IsActiveResponse{Result: active}); err != nil {
				return err
			}
		}
		select {
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		case <-s.stopping:
			return nil // KEDA opens another one, at another adapter
		case <-ticker.C():
		}
	}
}

// GetMetricSpec names the one metric. Its target is one: the value is a number of replicas. The pool need not exist yet: KEDA makes an
// HPA of the answer.
func (s *scaler) GetMetricSpec(_ context.Context, ref *externalscaler.ScaledObjectRef) (*externalscaler.GetMetricSpecResponse, error) {
	if _, err := parseTrigger(ref); err != nil {
		return nil, err
	}
	return &externalscaler.GetMetricSpecResponse{MetricSpecs: []*externalscaler.MetricSpec{
		{MetricName: publish.MetricPredictedCapacity, TargetSize: 1, TargetSizeFloat: 1},
	}}, nil
}

// GetMetrics gives the number of replicas that the pool needs.
func (s *scaler) GetMetrics(_ context.Context, r *externalscaler.GetMetricsRequest) (*externalscaler.GetMetricsResponse, error) {
	t, err := parseTrigger(r.GetScaledObjectRef())
	if err != nil {
		return nil, err
	}
	if name := r.GetMetricName(); name != publish.MetricPredictedCapacity {
		return nil, status.Errorf(codes.InvalidArgument, "metricName: %.63q is none of this scaler: write %s", name, publish.MetricPredictedCapacity)
	}
	value, err := s.replicas(t)
	if err != nil {
		return nil, err
	}
	return &externalscaler.GetMetricsResponse{MetricValues: []*externalscaler.MetricValue{
		{MetricName: publish.MetricPredictedCapacity, MetricValue: int64(value), MetricValueFloat: value},
	}}, nil
}

// replicas returns a whole number that fits the replicas of a workload, or why there is none.
func (s *scaler) replicas(t trigger) (float64, error) {
	pool, found := s.board.Snapshot().Pool(t.namespace, t.pool)
	if !found {
		return 0, status.Errorf(codes.NotFound, "namespace %q has no pool %q with published values: "+
			"look at kubectl get shadowpool -n %[1]s, and write one of them into the trigger's metadata", t.namespace, t.pool)
	}
	reading := pool.PredictedCapacity
	if reason := reading.Refusal(s.clock.Now()); reason != "" {
		return 0, withheld(t, reason)
	}
	value := math.Ceil(reading.Value)
	if value < 0 || value > math.MaxInt32 {
		return 0, withheld(t, "no workload can have so many replicas")
	}
	return value, nil
}

func withheld(t trigger, reason string) error {
	return status.Errorf(codes.Unavailable, "%s of pool %q in namespace %q is withheld: %.800s", publish.MetricPredictedCapacity, t.pool, t.namespace, reason)
}
