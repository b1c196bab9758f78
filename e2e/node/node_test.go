//go:build e2e && linux

package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/e2e/cluster"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const (
	// binaryEnv names the binary with kubelet and kube-proxy, packagesEnv the
	// folder that packages.sh makes, sidecarEnv that of the sidecar's image as it
	// is shipped.
	binaryEnv, packagesEnv, sidecarEnv = "FORESHADOW_E2E_NODE", "FORESHADOW_E2E_PACKAGES", "FORESHADOW_E2E_SIDECAR_IMAGE"

	nodeName = "node"
	nodeIP   = "10.88.0.1"
	// podRange is the node's own, inside clusterRange.
	podRange, clusterRange = "10.244.1.0/24", "10.244.0.0/16"

	startTimeout = 2 * time.Minute
	stopGrace    = 20 * time.Second
)

// usePackages puts what packages.sh unpacked before what the machine has.
func usePackages() error {
	dir := filepath.Join(os.Getenv(packagesEnv), "host")
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("%w: packages of the node: %w: run make e2e-node on Debian, or set %s to the path that e2e/node/packages.sh prints", errNotAllowed, err, packagesEnv)
	}
	path := strings.Join([]string{dir + "/usr/sbin", dir + "/usr/bin", dir + "/sbin", dir + "/bin", os.Getenv("PATH"), "/usr/sbin", "/sbin"}, ":")
	libraries, err := filepath.Glob(dir + "/usr/lib/*-linux-gnu*")
	if err != nil {
		return err
	}
	return errors.Join(os.Setenv("PATH", path), os.Setenv("LD_LIBRARY_PATH", strings.Join(libraries, ":")))
}

// node is a running kubelet with all that it needs.
type node struct {
	dir, logs, socket          string
	containerd, kubelet, proxy *process.Process
	startup                    time.Duration
}

// startNode brings up a node and waits until it is Ready.
func startNode(ctx context.Context, c *cluster.Cluster, logs string) (*node, error) {
	began := clock.RealClock{}.Now()
	dir, err := c.TempDir("node")
	if err != nil {
		return nil, err
	}
	n := &node{dir: dir, logs: logs, socket: filepath.Join(dir, "containerd.sock")}
	for _, step := range []func(context.Context, *cluster.Cluster) error{
		n.writeFiles, n.startContainerd, n.loadPause, n.startKubelet, n.startProxy, n.awaitReady,
	} {
		if err := step(ctx, c); err != nil {
			return nil, errors.Join(fmt.Errorf("start node: %w", err), n.stop())
		}
	}
	n.startup = clock.RealClock{}.Since(began)
	return n, nil
}

// stop ends what startNode started. Pods that still run go with the namespaces.
func (n *node) stop() error {
	var errs []error
	for _, p := range []*process.Process{n.proxy, n.kubelet, n.containerd} {
		if p != nil && !p.Ended() {
			errs = append(errs, p.Stop(stopGrace))
		}
	}
	return errors.Join(append(errs, n.unmount())...)
}

func (n *node) startContainerd(ctx context.Context, _ *cluster.Cluster) (err error) {
	n.containerd, err = process.Start(process.Config{
		Name: "containerd", Path: "containerd", Args: []string{"--config", n.file("containerd.toml")}, LogDir: n.logs,
	})
	if err != nil {
		return err
	}
	return n.containerd.Await(ctx, startTimeout, "containerd to answer", func(ctx context.Context) (string, bool) {
		out, err := n.ctr(ctx, "version")
		return out, err == nil
	})
}

// ctr runs containerd's own client in the namespace of the kubelet's images.
func (n *node) ctr(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "ctr", append([]string{"-a", n.socket, "-n", "k8s.io"}, args...)...).CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("ctr %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return string(out), nil
}

func (n *node) startKubelet(_ context.Context, c *cluster.Cluster) error {
	config, err := c.CreateUser("system:node:"+nodeName, "system:nodes")
	if err != nil {
		return err
	}
	n.kubelet, err = process.Start(process.Config{Name: "kubelet", Path: os.Getenv(binaryEnv), LogDir: n.logs, Args: []string{
		"kubelet", "--kubeconfig=" + config, "--config=" + n.file("kubelet.yaml"),
		"--root-dir=" + n.file("kubelet"), "--cert-dir=" + n.file("kubelet-pki"),
		"--hostname-override=" + nodeName, "--node-ip=" + nodeIP, "--v=2",
	}})
	return err
}

const proxyBinding = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: e2e-kube-proxy}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: system:node-proxier}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: "system:kube-proxy"}]
`

func (n *node) startProxy(ctx context.Context, c *cluster.Cluster) error {
	if err := c.Apply(ctx, proxyBinding); err != nil {
		return err
	}
	config, err := c.CreateUser("system:kube-proxy")
	if err != nil {
		return err
	}
	n.proxy, err = process.Start(process.Config{Name: "kube-proxy", Path: os.Getenv(binaryEnv), LogDir: n.logs, Args: []string{
		"kube-proxy", "--kubeconfig=" + config, "--proxy-mode=nftables", "--hostname-override=" + nodeName,
		"--cluster-cidr=" + clusterRange, "--conntrack-max-per-core=0", "--conntrack-min=0", "--nodeport-addresses=" + nodeIP + "/32",
		"--metrics-bind-address=" + process.Loopback + ":10249", "--healthz-bind-address=" + process.Loopback + ":10256",
	}})
	return err
}

func (n *node) awaitReady(ctx context.Context, c *cluster.Cluster) error {
	return n.kubelet.Await(ctx, startTimeout, "the node to be Ready", func(ctx context.Context) (string, bool) {
		var got corev1.Node
		if err := c.Client.Get(ctx, client.ObjectKey{Name: nodeName}, &got); err != nil {
			return err.Error(), false
		}
		for _, cond := range got.Status.Conditions {
			if cond.Type == corev1.NodeReady {
				return cond.Message, cond.Status == corev1.ConditionTrue
			}
		}
		return "no condition Ready", false
	})
}

func (n *node) file(name string) string { return filepath.Join(n.dir, name) }
