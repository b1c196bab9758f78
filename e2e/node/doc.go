// Package node runs the product on a real node: kubelet, containerd, runc, a
// bridge and kube-proxy, in namespaces of its own, beside the control plane of
// package cluster. Its tests are behind the tag e2e; make e2e-node runs them.
//
// The test binary starts itself twice. The first stays outside and puts the
// machine back in order; the second is process 1 of new network, mount and
// process namespaces, so that mounts, sockets and containers go with it whatever
// happens; the third runs the tests. Outside, only cgroups and three sysctls are
// touched, and both are put back.
//
// Invariants: nothing listens outside the network namespace; nothing is
// installed; every wait has a deadline.
package node
