// Package engines runs the suite of history's sources, and what only an engine
// of its kind has, against the real VictoriaMetrics and Thanos, on loopback. Its
// tests have the tags e2e and ecosystem.
package engines
