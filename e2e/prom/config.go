package prom

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

func quoted(list []string) string {
	out := make([]string, 0, len(list))
	for _, s := range list {
		out = append(out, fmt.Sprintf("%q", s))
	}
	return strings.Join(out, ", ")
}

// render writes the configuration file.
func (cfg Config) render() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}\nscrape_configs:\n- job_name: e2e\n  static_configs:\n  - targets: [%q]\n    labels:\n", cfg.Target)
	for _, name := range slices.Sorted(maps.Keys(cfg.Labels)) {
		fmt.Fprintf(&b, "      %s: %q\n", name, cfg.Labels[name])
	}
	if len(cfg.Labels) == 0 {
		b.WriteString("      {}\n")
	}
	if len(cfg.Targets) > 0 {
		fmt.Fprintf(&b, "- job_name: foreshadow\n  honor_labels: true\n  static_configs:\n  - targets: [%s]\n", quoted(cfg.Targets))
	}
	if len(cfg.Rules) > 0 {
		fmt.Fprintf(&b, "rule_files: [%s]\nalerting: {alertmanagers: [{static_configs: [{targets: [%q]}]}]}\n", quoted(cfg.Rules), cfg.Alertmanager)
	}
	return []byte(b.String())
}
