//go:build e2e && linux

package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// requestTimeout is longer than any request of a cold app took.
const requestTimeout = time.Minute

// first sends requests to a pod in an open loop and returns their latencies, each
// from the instant for which it was scheduled: one that waits for others counts
// its wait.
func (w *workload) first(ctx context.Context, address string, requests int, order *rand.Rand) ([]time.Duration, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: requests}
	defer transport.CloseIdleConnections()
	hc := &http.Client{Transport: transport, Timeout: requestTimeout}
	latencies, errs := make([]time.Duration, requests), make([]error, requests)
	paths := order.Perm(requests)
	ticker := w.clock.NewTicker(w.requestEvery)
	defer ticker.Stop()
	begin := w.clock.Now()
	var running sync.WaitGroup
	for i := range requests {
		due := begin.Add(time.Duration(i) * w.requestEvery)
		for w.clock.Now().Before(due) {
			<-ticker.C()
		}
		running.Go(func() {
			errs[i] = get(ctx, hc, fmt.Sprintf("http://%s:%d%s", address, webPort, w.paths[paths[i]%len(w.paths)]))
			latencies[i] = w.clock.Since(due)
		})
	}
	running.Wait()
	return latencies, errors.Join(errs...)
}

// get reads an answer, which has to be a good one.
func get(ctx context.Context, hc *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := hc.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return fmt.Errorf("read %s: %w", url, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("get %s: %s", url, resp.Status)
	}
	return nil
}

// quantile is the smallest value that a share p of the values do not exceed.
func quantile(p float64, values []time.Duration) time.Duration {
	sorted := slices.SortedFunc(slices.Values(values), cmp.Compare[time.Duration])
	i := int(p*float64(len(sorted))+0.999999) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}
