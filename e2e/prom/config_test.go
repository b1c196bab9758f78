package prom

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRender(t *testing.T) {
	t.Run("labels come in order", func(t *testing.T) {
		got := Config{Target: "127.0.0.1:1", Labels: map[string]string{"service": "web", "namespace": "shop"}}.render()
		want := `global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}
scrape_configs:
- job_name: e2e
  static_configs:
  - targets: ["127.0.0.1:1"]
    labels:
      namespace: "shop"
      service: "web"
`
		require.Equal(t, want, string(got))
	})
	t.Run("rules and whom they alert", func(t *testing.T) {
		got := Config{Target: "127.0.0.1:1", Targets: []string{"127.0.0.1:2", "127.0.0.1:3"}, Rules: []string{"/tmp/rules.yaml"}, Alertmanager: "127.0.0.1:4"}.render()
		require.Contains(t, string(got), `- job_name: foreshadow
  honor_labels: true
  static_configs:
  - targets: ["127.0.0.1:2", "127.0.0.1:3"]
rule_files: ["/tmp/rules.yaml"]
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:4"]}]}]}
`)
	})
	t.Run("no labels are an empty map", func(t *testing.T) {
		require.Contains(t, string(Config{Target: "127.0.0.1:1"}.render()), "labels:\n      {}\n")
	})
}

func TestBinaryNamesTheRemedy(t *testing.T) {
	t.Setenv("PROMETHEUS_BIN", "/nonexistent/prometheus")
	_, err := Binary()
	require.EqualError(t, err, `find prometheus: exec: "/nonexistent/prometheus": stat /nonexistent/prometheus: no such file or directory: install it (Debian: apt-get install --no-install-recommends prometheus) or set PROMETHEUS_BIN to its path`)
}
