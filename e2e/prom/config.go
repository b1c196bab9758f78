package prom

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// render writes the configuration file.
func (cfg Config) render() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n- job_name: e2e\n  static_configs:\n  - targets: [%q]\n    labels:\n", cfg.Target)
	for _, name := range slices.Sorted(maps.Keys(cfg.Labels)) {
		fmt.Fprintf(&b, "      %s: %q\n", name, cfg.Labels[name])
	}
	if len(cfg.Labels) == 0 {
		b.WriteString("      {}\n")
	}
	return []byte(b.String())
}
