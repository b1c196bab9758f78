//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/e2e/process"
	"github.com/foreshadow-dev/foreshadow/e2e/replay"
)

// scrapeInterval is short for a test that lasts a few minutes.
const scrapeInterval = 2 * time.Second

// recordEnv asks for a recording: a run that is recorded takes three minutes more.
const recordEnv = "FORESHADOW_E2E_RECORD"

// record scrapes the programs at these ports until the returned function is called, which keeps what they exported in
// NAME.series in the folder of the run.
func (r *rig) record(t *testing.T, name string, ports map[string]int) (stop func()) {
	t.Helper()
	if os.Getenv(recordEnv) == "" {
		return func() {}
	}
	ctx, cancel := context.WithCancel(t.Context())
	rec := &replay.Recording{Start: r.clock.Now().Truncate(time.Second), Interval: scrapeInterval}
	done := make(chan error, 1)
	go func() {
		tick := time.NewTicker(scrapeInterval)
		defer tick.Stop()
		for {
			pages := map[string]string{}
			for target, port := range ports {
				if page, err := scrape(ctx, port); err == nil { // one that is down is absent
					pages[target] = page
				}
			}
			if err := rec.Add(r.clock.Now(), pages); err != nil && ctx.Err() == nil {
				done <- err
				return
			}
			select {
			case <-ctx.Done():
				done <- nil
				return
			case <-tick.C:
			}
		}
	}()
	return func() {
		cancel()
		require.NoError(t, <-done)
		f, err := os.Create(filepath.Join(r.out, name+".series"))
		require.NoError(t, err)
		_, err = rec.WriteTo(f)
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
}

func scrape(ctx context.Context, port int) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s:%d/metrics", process.Loopback, port), http.NoBody)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}
