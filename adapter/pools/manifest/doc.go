// Package manifest reads ShadowPools from YAML, strictly: with their defaults,
// all valid, or not at all. It stands apart from what watches the file, so
// that fuzzing it builds no Kubernetes client.
//
//	pools, err := manifest.Decode("pools.yaml", raw)
package manifest
