// Package cluster runs a Kubernetes control plane on the loopback address, for
// one test binary: etcd, kube-apiserver, kube-controller-manager,
// kube-scheduler, and kwok for nodes and pods that exist in the API alone.
//
// In goes the path of the binary that e2e/tools builds; out comes a Cluster with
// a client, users of its own making and aggregated APIs. Controllers,
// schedulers, the HPA and the ReplicaSets are the real ones; only the kubelets
// are played. The HPA looks once a second. A pod takes as long to pull and to
// warm up as its annotations kwok/pull, kwok/cold and kwok/stop say.
//
// Invariants: nothing listens on anything but 127.0.0.1; ports are free ones;
// every wait has a deadline, and its error carries the end of the log of the
// process it waited for; Stop ends the API server before etcd.
package cluster
