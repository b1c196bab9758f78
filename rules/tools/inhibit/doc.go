// Package inhibit holds the Alertmanager example of docs/examples against Alertmanager's own code, of the version in go.mod. It is a module
// of its own, so that the product depends on no part of Alertmanager.
package inhibit
