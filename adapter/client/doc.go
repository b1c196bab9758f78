// Package client is the Go API of Foreshadow: three functions over the
// ShadowPool resource.
//
// [Client.CreateShadowInstances] asks for shadows beside a workload,
// [Client.GetShadowInstanceStatus] says what has become of them, and
// [Client.ConfigureShadowingAlgorithm] chooses how the load is forecast. Each is
// a read and at most one write of the ShadowPool; the adapter in the cluster
// does the rest, so that a function returns before a shadow exists. Everything
// is checked with the rules of the API before it is sent, and refused with the
// field and what to write instead.
//
// The Kubernetes client comes in, and with it the rights: get and list on
// shadowpools for all, list on pods for a status that is up to date, get on the
// workload, create and patch on shadowpools for the two that write. A dry run is sigs.k8s.io/controller-runtime's
// NewDryRunClient around it.
package client
