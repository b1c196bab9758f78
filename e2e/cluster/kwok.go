package cluster

import (
	"context"
	_ "embed" // stages.yaml
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// NodeLabel marks the played nodes: a pod selects it and tolerates the taint of
// the same key.
const NodeLabel = "kwok.x-k8s.io/node"

const (
	nodeMark    = "fake"
	nodeTimeout = 30 * time.Second
	kwokUser    = "kwok"
	kwokName    = "kwok"
)

//go:embed stages.yaml
var stages []byte

// startKwok starts the player of nodes and pods. It has no endpoint of its own;
// a node that becomes ready shows that it works.
func (c *Cluster) startKwok() error {
	config, err := c.CreateUser(kwokUser, adminGroup)
	if err != nil {
		return err
	}
	if err := writeFiles(c.dir, map[string][]byte{"stages.yaml": stages}); err != nil {
		return err
	}
	p, err := c.run(kwokName,
		"--kubeconfig="+config, "--config="+c.file("stages.yaml"),
		"--manage-all-nodes=false", "--manage-nodes-with-annotation-selector="+NodeLabel+"="+nodeMark,
		"--node-lease-duration-seconds=40", "--node-ip=10.99.0.1", "--cidr=10.99.0.0/16")
	if err != nil {
		return err
	}
	c.controllers = append(c.controllers, p)
	return nil
}

// AddNodes adds n played nodes with plenty of room, each in a zone of its own,
// and waits until they are ready.
func (c *Cluster) AddNodes(ctx context.Context, n int) error {
	for i := range n {
		if err := c.Client.Create(ctx, playedNode(fmt.Sprintf("node-%d", i), fmt.Sprintf("zone-%d", i))); err != nil {
			return fmt.Errorf("create node %d: %w", i, err)
		}
	}
	kwok := c.controllers[len(c.controllers)-1]
	return kwok.Await(ctx, nodeTimeout, fmt.Sprintf("%d ready nodes", n), func(ctx context.Context) (string, bool) {
		var nodes corev1.NodeList
		if err := c.Client.List(ctx, &nodes, client.MatchingLabels{NodeLabel: nodeMark}); err != nil {
			return err.Error(), false
		}
		ready := 0
		for _, node := range nodes.Items {
			if nodeReady(node) {
				ready++
			}
		}
		return fmt.Sprintf("%d ready", ready), ready == n
	})
}

func playedNode(name, zone string) *corev1.Node {
	room := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse("32"),
		corev1.ResourceMemory: resource.MustParse("256Gi"),
		corev1.ResourcePods:   resource.MustParse("500"),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{
			Name:        name,
			Annotations: map[string]string{NodeLabel: nodeMark},
			Labels:      map[string]string{NodeLabel: nodeMark, corev1.LabelHostname: name, corev1.LabelTopologyZone: zone},
		},
		// Nothing lands here that does not ask for a played node.
		Spec:   corev1.NodeSpec{Taints: []corev1.Taint{{Key: NodeLabel, Value: nodeMark, Effect: corev1.TaintEffectNoSchedule}}},
		Status: corev1.NodeStatus{Capacity: room, Allocatable: room},
	}
}

func nodeReady(node corev1.Node) bool {
	for _, cond := range node.Status.Conditions {
		if cond.Type == corev1.NodeReady {
			return cond.Status == corev1.ConditionTrue
		}
	}
	return false
}
