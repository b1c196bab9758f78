package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// Config says what to run and where to leave the logs.
type Config struct {
	// Binary is the control plane that e2e/tools/build.sh makes.
	Binary string
	// LogDir is an existing folder for one log a process.
	LogDir string
}

// Cluster is a running control plane.
type Cluster struct {
	// Client acts as an administrator. It knows the types of Kubernetes and ours.
	Client client.Client
	// REST is the configuration behind Client.
	REST *rest.Config
	// StartDuration is what Start took.
	StartDuration time.Duration

	cfg        Config
	dir        string
	id         identity
	server     string
	kubeconfig map[string]string

	etcd, apiServer       *process.Process
	controllerManager     *process.Process
	controllerManagerPort int
	// controllers are the others that write: the scheduler and kwok.
	controllers []*process.Process
}

// Start brings up a control plane without nodes, a second time with other ports
// if one was taken. What it started is stopped again if it returns an error.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	c, err := startOnce(ctx, cfg)
	if process.PortTaken(err) {
		c, err = startOnce(ctx, cfg)
	}
	return c, err
}

func startOnce(ctx context.Context, cfg Config) (*Cluster, error) {
	dir, err := os.MkdirTemp("", "foreshadow-e2e-")
	if err != nil {
		return nil, fmt.Errorf("make state folder: %w", err)
	}
	c := &Cluster{cfg: cfg, dir: dir, kubeconfig: map[string]string{}}
	began := clock.RealClock{}.Now()
	if err := c.start(ctx, began); err != nil {
		return nil, errors.Join(fmt.Errorf("start cluster: %w", err), c.Stop())
	}
	c.StartDuration = clock.RealClock{}.Since(began)
	return c, nil
}

func (cfg Config) validate() error {
	if cfg.Binary == "" {
		return errors.New("control plane binary is not set: run make e2e, or set FORESHADOW_E2E_CONTROLPLANE to the path that e2e/tools/build.sh prints")
	}
	if _, err := os.Stat(cfg.Binary); err != nil {
		return fmt.Errorf("control plane binary: %w: build it with e2e/tools/build.sh", err)
	}
	if info, err := os.Stat(cfg.LogDir); err != nil || !info.IsDir() {
		return fmt.Errorf("log folder %q: write the path of an existing folder", cfg.LogDir)
	}
	return nil
}

func (c *Cluster) start(ctx context.Context, now time.Time) error {
	ports, err := process.FreePorts(5)
	if err != nil {
		return err
	}
	if c.id, err = writePKI(c.dir, now); err != nil {
		return err
	}
	etcdURL := fmt.Sprintf("http://%s:%d", process.Loopback, ports[0])
	if err := c.startEtcd(ctx, etcdURL, ports[1]); err != nil {
		return err
	}
	c.server = fmt.Sprintf("https://%s:%d", process.Loopback, ports[2])
	if err := c.startAPIServer(ctx, etcdURL, ports[2]); err != nil {
		return err
	}
	if err := c.startControllerManager(ctx, ports[3]); err != nil {
		return err
	}
	if err := c.startScheduler(ctx, ports[4]); err != nil {
		return err
	}
	if err := c.awaitDefaultAccount(ctx); err != nil {
		return err
	}
	return c.startKwok()
}

// run starts one of the programs in the binary. The log bears its name.
func (c *Cluster) run(program string, args ...string) (*process.Process, error) {
	return process.Start(process.Config{
		Name: program, Path: c.cfg.Binary, Args: append([]string{program}, args...), LogDir: c.cfg.LogDir,
	})
}

// Stop ends every process and removes the state; the logs stay. The API server
// goes before etcd, which it needs to give its lease back: without etcd it does
// not end at all.
func (c *Cluster) Stop() error {
	var errs []error
	controllers := c.controllers
	if c.controllerManager != nil {
		controllers = append(controllers, c.controllerManager)
	}
	for _, p := range controllers {
		p.Terminate()
	}
	for _, p := range controllers {
		errs = append(errs, p.Stop(controllerGrace))
	}
	if c.apiServer != nil && !c.apiServer.Ended() {
		c.apiServer.Terminate()
		// Open watches may hold it back; that is no fault of the test.
		if err := c.apiServer.Stop(apiServerGrace); err != nil && !c.apiServer.Ended() {
			errs = append(errs, err)
		}
	}
	if c.etcd != nil {
		errs = append(errs, c.etcd.Stop(controllerGrace))
	}
	if err := os.RemoveAll(c.dir); err != nil {
		errs = append(errs, fmt.Errorf("remove state folder: %w", err))
	}
	return errors.Join(errs...)
}
