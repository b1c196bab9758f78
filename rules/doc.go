// Package rules holds the recording rules and alerts of Foreshadow for Prometheus.
//
// What goes in are the metrics that both roles of the adapter export. What comes out is one rule file, foreshadow.yaml, and a copy of it
// in the chart. `make generate` writes both, and a test fails where they are stale.
//
// Two adapters publish the same values, and a scrape without honorLabels renames the labels namespace and pod of a series. The recording
// rules take both away: everything else here reads them, one series for each pool whatever the scrape looks like.
//
// Each alert has a runbook, docs/runbooks/<name>.md, and a case in tests/ where it fires, one where it does not, and one where it ends.
package rules
