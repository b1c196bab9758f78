// Package externalscaler is KEDA's protocol of external scalers, generated from externalscaler.proto by `make generate`. KEDA publishes
// the like inside a module with the SDKs of every cloud, which nothing here could afford to depend on.
package externalscaler
