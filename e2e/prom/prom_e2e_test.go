//go:build e2e

package prom

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/e2e/load"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// value asks for an instant vector of one and returns its value.
func value(ctx context.Context, s *Server, query string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/api/v1/query?query="+url.QueryEscape(query), http.NoBody)
	if err != nil {
		return "", err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", err
	}
	if len(answer.Data.Result) != 1 {
		return "", fmt.Errorf("%d series", len(answer.Data.Result))
	}
	return fmt.Sprint(answer.Data.Result[0].Value[1]), nil
}

func TestServer(t *testing.T) {
	source := load.NewSource(nil)
	source.Hold(7)
	target, err := load.NewTarget(source, clock.RealClock{})
	require.NoError(t, err)
	defer func() { require.NoError(t, target.Close()) }()
	s, err := New(Config{DataDir: t.TempDir(), LogDir: t.TempDir(), Target: target.Addr(), Labels: map[string]string{"namespace": "shop"}})
	require.NoError(t, err)
	require.NoError(t, s.Start(t.Context()))
	defer func() { require.NoError(t, s.Stop()) }()

	scraped := func(query, want string) {
		t.Helper()
		require.NoError(t, process.Until(t.Context(), 20*time.Second, query, func(ctx context.Context) (string, bool) {
			got, err := value(ctx, s, query)
			return fmt.Sprintf("%s, %v", got, err), got == want
		}))
	}
	scraped(load.MetricName+`{namespace="shop"}`, "7")

	t.Run("it comes back at the same address with its data", func(t *testing.T) {
		before := s.URL()
		require.NoError(t, s.Stop())
		_, err := value(t.Context(), s, "up")
		require.Error(t, err, "a stopped server answered")
		source.Hold(8)
		require.NoError(t, s.Start(t.Context()))
		require.Equal(t, before, s.URL())
		scraped(load.MetricName, "8")
		scraped("min_over_time("+load.MetricName+"[5m])", "7")
	})
	t.Run("a second start is refused", func(t *testing.T) {
		require.EqualError(t, s.Start(t.Context()), "start prometheus: it runs already")
	})
}
