package cluster

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const (
	// startTimeout bounds the start of each server, on a machine that compiles
	// something else meanwhile.
	startTimeout = 2 * time.Minute
	// apiServerGrace is short of what the API server may take with watchers
	// connected, after which it is killed.
	apiServerGrace  = 10 * time.Second
	controllerGrace = 10 * time.Second

	serviceRange = "10.96.0.0/16"
	// unroutable is what the API server tells others to be its address. It must
	// not be a loopback one, and nobody here connects to it.
	unroutable = "192.0.2.2"

	adminUser             = "admin"
	adminGroup            = "system:masters"
	controllerManagerUser = "system:kube-controller-manager"
	schedulerUser         = "system:kube-scheduler"
	frontProxyUser        = "front-proxy"
)

func (c *Cluster) file(name string) string { return filepath.Join(c.dir, name) }

func (c *Cluster) startEtcd(ctx context.Context, url string, peerPort int) error {
	peer := fmt.Sprintf("http://%s:%d", process.Loopback, peerPort)
	p, err := c.run("etcd",
		"--data-dir="+c.file("etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls="+url, "--advertise-client-urls="+url,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=default="+peer)
	if err != nil {
		return err
	}
	c.etcd = p
	return p.Await(ctx, startTimeout, "etcd's /health", c.probe(url+"/health"))
}

func (c *Cluster) startAPIServer(ctx context.Context, etcdURL string, port int) error {
	if err := writeFiles(c.dir, map[string][]byte{"audit.yaml": auditPolicy}); err != nil {
		return err
	}
	p, err := c.run("kube-apiserver",
		"--audit-policy-file="+c.file("audit.yaml"), "--audit-log-path="+c.AuditLog(), "--audit-log-mode=blocking",
		"--etcd-servers="+etcdURL,
		"--bind-address="+process.Loopback, "--secure-port="+strconv.Itoa(port), "--advertise-address="+unroutable,
		"--tls-cert-file="+c.file("apiserver.crt"), "--tls-private-key-file="+c.file("apiserver.key"),
		"--client-ca-file="+c.file("ca.crt"),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction,OwnerReferencesPermissionEnforcement",
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file="+c.file("tokens.pub"), "--service-account-signing-key-file="+c.file("tokens.key"),
		"--service-cluster-ip-range="+serviceRange,
		"--allow-privileged=true", "--profiling=false",
		// Aggregation: how the API server proves to an extension who asks.
		"--requestheader-client-ca-file="+c.file("front-proxy-ca.crt"),
		"--requestheader-allowed-names="+frontProxyUser,
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file="+c.file("front-proxy.crt"), "--proxy-client-key-file="+c.file("front-proxy.key"))
	if err != nil {
		return err
	}
	c.apiServer = p
	if err := c.connect(); err != nil {
		return err
	}
	return p.Await(ctx, startTimeout, "the API server's /readyz", c.probe(c.server+"/readyz"))
}

// connect makes the administrator's client.
func (c *Cluster) connect() error {
	path, err := c.CreateUser(adminUser, adminGroup)
	if err != nil {
		return err
	}
	if c.REST, err = clientcmd.BuildConfigFromFlags("", path); err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	c.REST.QPS = -1 // the tests poll; a limiter would only add delays that are not the product's
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return err
	}
	if c.Client, err = client.New(c.REST, client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	return nil
}

// startControllerManager starts it with what tests need, and with more.
func (c *Cluster) startControllerManager(ctx context.Context, port int, more ...string) error {
	config, err := c.CreateUser(controllerManagerUser)
	if err != nil {
		return err
	}
	args := append([]string{
		"--kubeconfig=" + config, "--authentication-kubeconfig=" + config, "--authorization-kubeconfig=" + config,
		"--bind-address=" + process.Loopback, "--secure-port=" + strconv.Itoa(port),
		"--leader-elect=false", "--profiling=false",
		"--use-service-account-credentials=true", "--service-account-private-key-file=" + c.file("tokens.key"),
		"--root-ca-file=" + c.file("ca.crt"),
		"--cluster-signing-cert-file=" + c.file("ca.crt"), "--cluster-signing-key-file=" + c.file("ca.key"),
		// What takes the HPA minutes in production takes seconds here.
		"--horizontal-pod-autoscaler-sync-period=1s",
		"--horizontal-pod-autoscaler-downscale-stabilization=5s",
		"--horizontal-pod-autoscaler-tolerance=0.1",
		"--horizontal-pod-autoscaler-initial-readiness-delay=1s",
		"--horizontal-pod-autoscaler-cpu-initialization-period=1s",
	}, more...)
	p, err := c.run("kube-controller-manager", args...)
	if err != nil {
		return err
	}
	c.controllerManager, c.controllerManagerPort = p, port
	url := fmt.Sprintf("https://%s:%d/healthz", process.Loopback, port)
	return p.Await(ctx, startTimeout, "the controller manager's /healthz", c.probe(url))
}

// RestartControllerManager ends the controller manager and starts it again with
// arguments beside its usual ones.
func (c *Cluster) RestartControllerManager(ctx context.Context, more ...string) error {
	if err := c.controllerManager.Stop(controllerGrace); err != nil {
		return err
	}
	return c.startControllerManager(ctx, c.controllerManagerPort, more...)
}

// ControllerManager is the running controller manager.
func (c *Cluster) ControllerManager() *process.Process { return c.controllerManager }

func (c *Cluster) startScheduler(ctx context.Context, port int) error {
	config, err := c.CreateUser(schedulerUser)
	if err != nil {
		return err
	}
	p, err := c.run("kube-scheduler",
		"--kubeconfig="+config, "--authentication-kubeconfig="+config, "--authorization-kubeconfig="+config,
		"--bind-address="+process.Loopback, "--secure-port="+strconv.Itoa(port),
		"--leader-elect=false", "--profiling=false")
	if err != nil {
		return err
	}
	c.controllers = append(c.controllers, p)
	url := fmt.Sprintf("https://%s:%d/readyz", process.Loopback, port)
	return p.Await(ctx, startTimeout, "the scheduler's /readyz", c.probe(url))
}

// awaitDefaultAccount waits for the service account without which the first
// pods are refused.
func (c *Cluster) awaitDefaultAccount(ctx context.Context) error {
	key := client.ObjectKey{Namespace: "default", Name: "default"}
	return c.controllerManager.Await(ctx, startTimeout, "the default service account", func(ctx context.Context) (string, bool) {
		if err := c.Client.Get(ctx, key, &corev1.ServiceAccount{}); err != nil {
			return err.Error(), false
		}
		return "there", true
	})
}
