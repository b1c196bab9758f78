//go:build e2e

package guide

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/e2e/cluster"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const (
	namespace = "foreshadow"
	grace     = 15 * time.Second
)

// pods runs a process in place of the pods of each Deployment of the chart, as
// soon as the API server has it, and starts it anew when its arguments change.
type pods struct {
	*cluster.Cluster
	logs, prometheus string
	port             int // at which the adapter serves the metrics API

	mu      sync.Mutex
	running map[string]running
	dead    bool // no process is started any more
}

type running struct {
	generation int64
	child      *process.Process
}

// play runs until ctx ends.
func (p *pods) play(ctx context.Context) error {
	p.running = map[string]running{}
	err := wait.PollUntilContextCancel(ctx, 100*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		var list appsv1.DeploymentList
		if err := p.Client.List(ctx, &list, client.InNamespace(namespace)); err != nil {
			return false, client.IgnoreNotFound(err)
		}
		for i := range list.Items {
			if err := p.keep(&list.Items[i]); err != nil {
				return false, err
			}
		}
		return false, nil
	})
	if errors.Is(err, context.Canceled) {
		err = nil
	}
	return errors.Join(err, p.kill())
}

func (p *pods) keep(d *appsv1.Deployment) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	now, known := p.running[d.Name]
	if p.dead || known && now.generation == d.Generation {
		return nil
	}
	if known {
		if err := now.child.Stop(grace); err != nil {
			return err
		}
	}
	spec := d.Spec.Template.Spec
	config, err := p.CreateUser("system:serviceaccount:" + namespace + ":" + spec.ServiceAccountName)
	if err != nil {
		return err
	}
	ports, err := process.FreePorts(1)
	if err != nil {
		return err
	}
	args := append(spec.Containers[0].Args, "--kubeconfig="+config, fmt.Sprintf("--web.listen-address=%s:%d", process.Loopback, ports[0]))
	if d.Name == "foreshadow-adapter" {
		args = append(args, "--prometheus.url="+p.prometheus, "--refresh.interval=5s",
			"--bind-address="+process.Loopback, fmt.Sprintf("--secure-port=%d", p.port),
			"--certificate.instance=adapter-0") // the name of the pod, which a kubelet would write in
	}
	child, err := process.Start(process.Config{Name: d.Name, Path: os.Getenv("FORESHADOW_E2E_ADAPTER"), Args: args, LogDir: p.logs})
	if err != nil {
		return err
	}
	p.running[d.Name] = running{d.Generation, child}
	return nil
}

// kill ends the processes as lost nodes would, for good.
func (p *pods) kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dead = true
	var errs []error
	for name, r := range p.running {
		errs = append(errs, r.child.Kill())
		delete(p.running, name)
	}
	return errors.Join(errs...)
}
