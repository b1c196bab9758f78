//go:build e2e

package e2e

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/metrics/pkg/client/external_metrics"
)

// lookInterval is how often the recorder looks: the HPA does so once a second.
const lookInterval = 500 * time.Millisecond

// requestTimeout ends a look that hangs, so that the time line goes on.
const requestTimeout = 2 * time.Second

// moment is everything that was seen at one instant.
type moment struct {
	at    time.Time
	load  float64
	value float64 // of our metric, as the API server gives it
	err   error   // in place of the value
	scale scale
}

// same says whether a person would see no difference worth a line.
func (m moment) same(o moment) bool {
	return need(m.load) == need(o.load) && m.metric() == o.metric() && m.scale.desired == o.scale.desired && m.scale.ready == o.scale.ready
}

// metric is the value in few words.
func (m moment) metric() string {
	if m.err != nil {
		return "error"
	}
	return fmt.Sprintf("%g", m.value)
}

// recorder keeps a time line of the load, the metric and the replicas, and
// prints each change.
type recorder struct {
	w       *workload
	metrics external_metrics.MetricsInterface
	// slowest is the longest that an answer to a request for our metric took, be
	// it a value or a refusal. Only the goroutine that looks writes it.
	slowest time.Duration

	mu      sync.Mutex
	moments []moment
}

// record starts a recorder that ends with the test.
func (w *workload) record(t *testing.T) *recorder {
	t.Helper()
	cfg := rest.CopyConfig(w.REST)
	cfg.Timeout = requestTimeout
	metrics, err := external_metrics.NewForConfig(cfg)
	require.NoError(t, err)
	r := &recorder{w: w, metrics: metrics.NamespacedMetrics(w.namespace)}
	ctx, cancel := context.WithCancel(t.Context())
	var ended sync.WaitGroup
	ended.Go(func() { wait.UntilWithContext(ctx, func(ctx context.Context) { r.look(ctx, t) }, lookInterval) })
	t.Cleanup(func() {
		cancel()
		ended.Wait()
		w.report.Add("metrics_request_max", r.slowest.Seconds(), "seconds")
	})
	return r
}

// look appends a moment and prints it if it differs from the one before.
func (r *recorder) look(ctx context.Context, t *testing.T) {
	m := moment{scale: r.scale(ctx), at: r.w.clock.Now()}
	m.load = r.w.load.At(m.at)
	m.value, m.err = r.read()
	if ctx.Err() != nil || m.scale.err != nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.moments); n == 0 || !r.moments[n-1].same(m) {
		t.Logf("%7s  load %3.0f  metric %5s  desired %2d  ready %2d", r.w.since(r.w.began), m.load, m.metric(), m.scale.desired, m.scale.ready)
	}
	r.moments = append(r.moments, m)
}

func (r *recorder) scale(ctx context.Context) scale {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	return r.w.look(ctx)
}

// read asks for our metric as the HPA does, through the API server.
func (r *recorder) read() (float64, error) {
	asked := r.w.clock.Now()
	list, err := r.metrics.List(predictedCapacity, labels.SelectorFromSet(labels.Set{"pool": "web"}))
	if refused := apierrors.APIStatus(nil); err == nil || errors.As(err, &refused) {
		r.slowest = max(r.slowest, r.w.clock.Since(asked))
	}
	if err != nil {
		return 0, err
	}
	if len(list.Items) != 1 {
		return 0, fmt.Errorf("%d items, want 1", len(list.Items))
	}
	return list.Items[0].Value.AsApproximateFloat64(), nil
}

// between returns the moments from one instant to another.
func (r *recorder) between(from, to time.Time) []moment {
	r.mu.Lock()
	defer r.mu.Unlock()
	var found []moment
	for _, m := range r.moments {
		if !m.at.Before(from) && !m.at.After(to) {
			found = append(found, m)
		}
	}
	return found
}

// last returns the newest moment.
func (r *recorder) last() (moment, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.moments) == 0 {
		return moment{}, false
	}
	return r.moments[len(r.moments)-1], true
}
