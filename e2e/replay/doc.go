// Package replay keeps what programs exported during a run, and lets queries be asked of it later.
//
// The end-to-end tests scrape both roles of the adapter while a workload is scaled ahead of its load. testdata/story.series is one such run:
// a line for each series, with a value for each scrape. Its tests ask every query of the dashboards of it, on Prometheus' own engine.
// `make recording` records a new one.
package replay
