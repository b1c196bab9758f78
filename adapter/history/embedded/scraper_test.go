package embedded_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
)

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scrape.yml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func TestScraperFillsTheStore(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		_, _ = w.Write([]byte("# TYPE requests_total counter\nrequests_total 42\n"))
	}))
	defer target.Close()
	s := open(t, embedded.Config{Dir: t.TempDir(), Registerer: prometheus.NewRegistry()})
	scraper, err := embedded.NewScraper(writeFile(t, `
global: {scrape_interval: 100ms, scrape_timeout: 100ms}
scrape_configs:
- job_name: web
  static_configs: [{targets: ["`+strings.TrimPrefix(target.URL, "http://")+`"], labels: {namespace: shop}}]
`), s)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := scraper.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer wg.Wait()
	defer cancel()

	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for {
		now := time.Now()
		res, err := s.QueryRange(t.Context(), `requests_total{job="web",namespace="shop"}`, history.Range{Start: now, End: now, Step: time.Second})
		require.NoError(t, err)
		if len(res.Series) == 1 && len(res.Series[0].Points) == 1 {
			require.InDelta(t, 42, res.Series[0].Points[0].Value, 0)
			return
		}
		select {
		case <-deadline:
			t.Fatalf("nothing scraped: last answer %v", res)
		case <-tick.C:
		}
	}
}

func TestScraperRefuses(t *testing.T) {
	s := open(t, embedded.Config{Dir: t.TempDir()})
	for _, c := range []struct {
		name string
		text string
		want string
	}{
		{"discovery", "scrape_configs:\n- job_name: a\n  static_configs: []\n- job_name: b\n  kubernetes_sd_configs: [{role: pod}]\n", "scrape_configs[1].kubernetes_sd_configs: targets are not discovered here: write static_configs with their addresses, or run Prometheus and write its address with --prometheus.url"},
		{"other sections", "remote_write: []\nscrape_configs: [{job_name: a}]\n", "remote_write: is not done here: remove it, or run Prometheus and write its address with --prometheus.url"},
		{"no job", "global: {}\n", "scrape_configs: is missing: write at least one job with static_configs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := writeFile(t, c.text)
			_, err := embedded.NewScraper(path, s)
			require.EqualError(t, err, "--scrape.config-file: "+path+": "+c.want)
		})
	}
	for name, text := range map[string]string{"no YAML": "a: [", "an unknown field": "scrape_configs: [{job_name: a, static_config: []}]"} {
		t.Run(name, func(t *testing.T) {
			path := writeFile(t, text)
			_, err := embedded.NewScraper(path, s)
			require.ErrorContains(t, err, "--scrape.config-file: "+path+": ")
		})
	}
	_, err := embedded.NewScraper("/missing.yml", s)
	require.EqualError(t, err, "--scrape.config-file: /missing.yml: no such file: write the path of a file with scrape_configs")
}

func TestScraperHasNoSecretsInWhatItSays(t *testing.T) {
	s := open(t, embedded.Config{Dir: t.TempDir()})
	job := "scrape_configs: [{job_name: a, %s}]"
	for name, text := range map[string]string{
		"a value of another type":      "sample_limit: hunter2",
		"a value with backquotes":      "honor_labels: '`hunt`er2'",
		"a list where a map is due":    "basic_auth: hunter2",
		"credentials in a target":      "static_configs: [{targets: ['reader:hunter2@web:8080']}]",
		"a target that is a URL":       "static_configs: [{targets: ['http://reader:hunter2@web:8080/x']}]",
		"credentials in a proxy's URL": "proxy_url: 'http://reader:hunter2@%zz'",
		"text after the end":           "basic_auth: {username: a, password: hunter2, pasword: hunter2}",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := embedded.NewScraper(writeFile(t, strings.Replace(job, "%s", text, 1)), s)
			require.ErrorContains(t, err, "--scrape.config-file: ")
			require.NotContains(t, err.Error(), "hunt")
			require.NotContains(t, err.Error(), "\n")
		})
	}
	path := writeFile(t, strings.Replace(job, "%s", "static_configs: [{targets: ['reader:hunter2@web:8080']}]", 1))
	_, err := embedded.NewScraper(path, s)
	require.EqualError(t, err, "--scrape.config-file: "+path+`: job a: target "...@web:8080" has a user name or password: write "web:8080" and the credentials as basic_auth of the job`)
}
