// Package prom runs a real Prometheus for the end-to-end tests.
//
// In goes a data folder, which may hold blocks already, and what to scrape; out
// comes a Server with a URL that stays the same while Prometheus is stopped and
// started again. It listens on the loopback address and scrapes each second.
package prom
