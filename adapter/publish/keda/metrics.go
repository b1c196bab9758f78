package keda

import (
	"context"
	"path"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/foreshadow-dev/foreshadow/adapter/publish/keda/externalscaler"
)

// metrics count what KEDA asks and is answered. Method and code are closed sets: a method that there is not never gets here.
type metrics struct {
	requests *prometheus.CounterVec
	reloads  *prometheus.CounterVec
}

// The results of a reload.
const (
	resultSuccess = "success"
	resultError   = "error"
)

func newMetrics(reg prometheus.Registerer, open func() int64) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_keda_requests_total",
			Help: "Calls of KEDA that have ended, by method and gRPC status code. A stream counts when it ends.",
		}, []string{"method", "code"}),
		reloads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foreshadow_keda_certificate_reloads_total",
			Help: "Changes of the certificate files of KEDA's scaler that were read, by result. After an error the ones before stay in use.",
		}, []string{"result"}),
	}
	streams := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "foreshadow_keda_streams",
		Help: "Streams of KEDA that are open.",
	}, func() float64 { return float64(open()) })
	reg.MustRegister(m.requests, m.reloads, streams)
	for _, method := range []string{
		externalscaler.ExternalScaler_IsActive_FullMethodName, externalscaler.ExternalScaler_StreamIsActive_FullMethodName,
		externalscaler.ExternalScaler_GetMetricSpec_FullMethodName, externalscaler.ExternalScaler_GetMetrics_FullMethodName,
	} {
		for _, code := range []codes.Code{codes.OK, codes.InvalidArgument, codes.NotFound, codes.Unavailable} {
			m.requests.WithLabelValues(path.Base(method), code.String())
		}
	}
	m.reloads.WithLabelValues(resultSuccess)
	m.reloads.WithLabelValues(resultError)
	return m
}

func (m *metrics) observe(method string, err error) {
	m.requests.WithLabelValues(path.Base(method), status.Code(err).String()).Inc()
}

// unary counts a call.
func (m *metrics) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	answer, err := handle(ctx, req)
	m.observe(info.FullMethod, err)
	return answer, err
}

// stream counts a stream.
func (m *metrics) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	err := handle(srv, stream)
	m.observe(info.FullMethod, err)
	return err
}
