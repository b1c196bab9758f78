// Package e2e holds the end-to-end tests: the product's binary between a real
// Kubernetes control plane and a real Prometheus, all as processes on the
// loopback address.
//
// The tests bear the build tag e2e and run by
//
//	FORESHADOW_E2E_CONTROLPLANE=$(e2e/tools/build.sh) go test -tags e2e ./e2e/
//
// or by make e2e. OUT names the folder for logs and measurements (default: out,
// at the top of the repository). All tests of a run share one control plane.
package e2e
