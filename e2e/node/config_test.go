//go:build e2e && linux

package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/foreshadow-dev/foreshadow/e2e/cluster"
)

// pauseImage is what holds a pod's namespaces.
const pauseImage = "foreshadow.test/pause:1"

// restrict_oom_score_adj is for machines that let nobody lower the score of a
// process, as many containers are.
const containerdConfig = `version = 2
root = "%[1]s/containerd"
state = "%[1]s/containerd-state"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper"]
[grpc]
  address = "%[2]s"
[ttrpc]
  address = "%[2]s.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "%[1]s/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "` + pauseImage + `"
  disable_apparmor = true
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        BinaryName = "%[3]s"
        SystemdCgroup = false
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "%[4]s"
    conf_dir = "%[1]s/cni"
`

// Pods need no way out of the namespace, hence no masquerading.
const networkConfig = `{"cniVersion": "1.0.0", "name": "pods", "plugins": [{
  "type": "bridge", "bridge": "pods", "isGateway": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "dataDir": "%[1]s/addresses", "ranges": [[{"subnet": "%[2]s"}]], "routes": [{"dst": "0.0.0.0/0"}]}
}]}
`

const kubeletConfig = `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
failSwapOn: false
oomScoreAdj: 0
containerRuntimeEndpoint: unix://%[2]s
address: %[3]s
healthzBindAddress: 127.0.0.1
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: %[4]s}}
authorization: {mode: Webhook}
enforceNodeAllocatable: [pods]
localStorageCapacityIsolation: false
evictionHard: {memory.available: "100Mi", nodefs.available: "1%%", imagefs.available: "1%%", nodefs.inodesFree: "1%%"}
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
resolvConf: %[1]s/resolv.conf
podLogsDir: %[1]s/pod-logs
volumePluginDir: %[1]s/volume-plugins
nodeStatusUpdateFrequency: 5s
serializeImagePulls: false
imagePullCredentialsVerificationPolicy: NeverVerify
`

func (n *node) writeFiles(_ context.Context, c *cluster.Cluster) error {
	runc, err := exec.LookPath("runc")
	if err != nil {
		return fmt.Errorf("find runc: %w", err)
	}
	plugins, err := pluginFolder()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(n.file("cni"), 0o700); err != nil {
		return err
	}
	// The kubelet's cAdvisor knows no other place. /run is the namespace's own.
	if err := os.MkdirAll("/run/containerd", 0o700); err != nil {
		return err
	}
	if err := os.Symlink(n.socket, "/run/containerd/containerd.sock"); err != nil {
		return err
	}
	var errs []error
	for name, content := range map[string]string{
		"containerd.toml":   fmt.Sprintf(containerdConfig, n.dir, n.socket, runc, plugins),
		"cni/pods.conflist": fmt.Sprintf(networkConfig, n.dir, podRange),
		"kubelet.yaml":      fmt.Sprintf(kubeletConfig, n.dir, n.socket, nodeIP, c.ClientCA()),
		"resolv.conf":       "nameserver " + nodeIP + "\n",
	} {
		errs = append(errs, os.WriteFile(n.file(name), []byte(content), 0o600))
	}
	return errors.Join(errs...)
}

// pluginFolder is where the plugins are that connect pods: the unpacked ones, or
// the machine's own.
func pluginFolder() (string, error) {
	dirs := []string{filepath.Join(os.Getenv(packagesEnv), "host/usr/lib/cni"), "/usr/lib/cni", "/opt/cni/bin"}
	for _, dir := range dirs {
		if _, err := os.Stat(filepath.Join(dir, "bridge")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("find the network plugin bridge in %s: run e2e/node/packages.sh", strings.Join(dirs, ", "))
}

// unmount takes away the mounts below the node's folder, which is removed
// afterwards; the inner ones first.
func (n *node) unmount() error {
	table, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return fmt.Errorf("read mounts: %w", err)
	}
	var errs []error
	for _, line := range slices.Backward(strings.Split(string(table), "\n")) {
		fields := strings.Fields(line)
		if len(fields) < 2 || !strings.HasPrefix(fields[1], n.dir+"/") {
			continue
		}
		// Detached: a container that still runs keeps its own until it ends.
		if err := syscall.Unmount(fields[1], syscall.MNT_DETACH); err != nil {
			errs = append(errs, fmt.Errorf("unmount %s: %w", fields[1], err))
		}
	}
	return errors.Join(errs...)
}
