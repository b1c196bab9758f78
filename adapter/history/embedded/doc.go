// Package embedded is the history of a machine without a Prometheus: its
// storage and its PromQL engine in a data directory, as a history.Source.
//
// Past samples go in as blocks (WriteBlocks), new ones by Append or by a
// Scraper that reads a file of scrape_configs. Nothing here depends on the wall
// clock: retention counts back from the newest sample, and a query is evaluated
// at the times it names, so that a store of years-old samples works as one of
// today's. One process owns a directory at a time.
//
// It is the only package that links Prometheus' storage and engine, whose Go
// API changes from release to release.
package embedded
