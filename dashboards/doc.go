// Package dashboards holds three dashboards for Grafana, as classic JSON (schema version 42) that every Grafana since 11 imports.
//
// What goes in are the metrics that both roles of the adapter export; what comes out is a file for each dashboard, and a copy of it in the
// chart. `make generate` writes them, and a test fails where they are stale. Each query is asked of a recorded run of the real adapter, in
// e2e/replay: one that brings nothing back fails.
package dashboards
