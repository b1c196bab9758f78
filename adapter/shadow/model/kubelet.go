package model

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	scheduler = "kube-scheduler"
	kubelet   = "kubelet"
)

// nodes is the scheduler and the kubelets of all nodes. They see at once what
// is stored.
type nodes struct {
	*Server
	timing Timing
	// under says which pods something is on its way for.
	under map[types.UID]corev1.PodConditionType
	ends  map[types.UID]bool
	ips   int
	// placed counts the pods of each node, and of each namespace on each node.
	placed map[string]int
	// failing are the pods whose probes fail, lost the nodes that are gone.
	failing map[types.UID]bool
	lost    map[string]bool
	// held is why no resize is done, empty where each is.
	held string
}

func newNodes(s *Server, t Timing) *nodes {
	n := &nodes{Server: s, timing: t, under: map[types.UID]corev1.PodConditionType{}, ends: map[types.UID]bool{}, failing: map[types.UID]bool{}, lost: map[string]bool{}, placed: map[string]int{}}
	s.watchers = append(s.watchers, n.changed)
	return n
}

func (n *nodes) after(r Range, who string, p *corev1.Pod, do func(*corev1.Pod)) {
	n.loop.After(n.loop.Between(r.Low, r.High), who, func() {
		live, _ := n.get(Pod, keyOf(p)).(*corev1.Pod)
		if live != nil && live.UID == p.UID && live.DeletionTimestamp == nil {
			do(live)
		}
	})
}

// changed moves a pod on: each stage begins once.
func (n *nodes) changed(ch Change) {
	n.count(ch.Old, -1)
	n.count(ch.New, +1)
	p, ok := ch.New.(*corev1.Pod)
	if !ok {
		return
	}
	if p.DeletionTimestamp != nil {
		n.end(p)
		return
	}
	n.resized(ch, p)
	next, _ := n.stage(p)
	if next == "" || n.under[p.UID] == next {
		return
	}
	n.under[p.UID] = next
	n.begin(p, next)
}

func (n *nodes) count(o client.Object, d int) {
	if p, ok := o.(*corev1.Pod); ok && p.Spec.NodeName != "" {
		n.placed[p.Spec.NodeName] += d
		n.placed[p.Namespace+"/"+p.Spec.NodeName] += d
	}
}

// stage returns the condition that a pod gets next.
func (n *nodes) stage(p *corev1.Pod) (next corev1.PodConditionType, ok bool) {
	switch {
	case len(p.Spec.SchedulingGates) > 0 || p.Status.Phase == corev1.PodFailed || p.Status.Phase == corev1.PodSucceeded:
		return "", false
	case p.Spec.NodeName == "":
		return corev1.PodScheduled, true
	case p.Status.Phase == corev1.PodPending:
		return corev1.PodInitialized, true
	case !podReady(p) && !n.failing[p.UID]:
		return corev1.PodReady, true
	default:
		return "", false
	}
}

func (n *nodes) begin(p *corev1.Pod, next corev1.PodConditionType) {
	switch next {
	case corev1.PodScheduled:
		n.after(n.timing.Schedule, scheduler, p, n.bind)
	case corev1.PodInitialized:
		n.after(n.timing.Pull, kubelet, p, n.run)
	case corev1.PodReady:
		n.after(n.timing.Start, kubelet, p, func(p *corev1.Pod) {
			n.under[p.UID] = ""
			if !n.failing[p.UID] {
				n.setReady(p, true)
			}
		})
	}
}

// bind gives a pod the node with the fewest pods of its namespace.
func (n *nodes) bind(p *corev1.Pod) {
	n.under[p.UID] = ""
	node := n.choose(p)
	if node == "" {
		n.under[p.UID] = corev1.PodScheduled
		n.after(Range{time.Second, time.Second}, scheduler, p, n.bind)
		return
	}
	edit(n.Server, scheduler, binding, p, func(p *corev1.Pod) { p.Spec.NodeName = node })
	n.status(scheduler, p, func(p *corev1.Pod) { n.condition(p, corev1.PodScheduled, true) })
}

func (n *nodes) choose(p *corev1.Pod) string {
	all := listOf[*corev1.Node](n, Node, allNamespaces)
	all = slices.DeleteFunc(all, func(node *corev1.Node) bool {
		most, limited := node.Status.Allocatable[corev1.ResourcePods]
		return node.Spec.Unschedulable || !nodeReady(node) || limited && int64(n.placed[node.Name]) >= most.Value()
	})
	if len(all) == 0 {
		return ""
	}
	return slices.MinFunc(all, func(a, b *corev1.Node) int {
		return cmp.Or(
			cmp.Compare(n.placed[p.Namespace+"/"+a.Name], n.placed[p.Namespace+"/"+b.Name]),
			cmp.Compare(n.placed[a.Name], n.placed[b.Name]), cmp.Compare(a.Name, b.Name),
		)
	}).Name
}

// run starts the containers.
func (n *nodes) run(p *corev1.Pod) {
	n.under[p.UID] = ""
	n.ips++
	ip := fmt.Sprintf("10.%d.%d.%d", n.ips>>16&255, n.ips>>8&255, n.ips&255)
	n.status(kubelet, p, func(p *corev1.Pod) {
		p.Status.Phase, p.Status.PodIP, p.Status.PodIPs = corev1.PodRunning, ip, []corev1.PodIP{{IP: ip}}
		now := stamp(n.loop.Now())
		p.Status.StartTime = &now
		for _, c := range p.Spec.Containers {
			p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{
				Name: c.Name, Image: c.Image, State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
				Resources: c.Resources.DeepCopy(),
			})
		}
		n.condition(p, corev1.PodInitialized, true)
		n.condition(p, corev1.ContainersReady, false)
		n.condition(p, corev1.PodReady, false)
	})
}

// setReady writes what the probes say.
func (n *nodes) setReady(p *corev1.Pod, ready bool) {
	n.status(kubelet, p, func(p *corev1.Pod) {
		for i := range p.Status.ContainerStatuses {
			p.Status.ContainerStatuses[i].Ready = ready
		}
		n.condition(p, corev1.ContainersReady, ready)
		n.condition(p, corev1.PodReady, ready)
	})
}

func (n *nodes) status(by string, p *corev1.Pod, change func(*corev1.Pod)) {
	edit(n.Server, by, status, p, change)
}

// condition sets a condition of a pod; its time is that of its last change.
func (n *nodes) condition(p *corev1.Pod, t corev1.PodConditionType, holds bool) {
	s := corev1.ConditionFalse
	if holds {
		s = corev1.ConditionTrue
	}
	i := slices.IndexFunc(p.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == t })
	if i < 0 {
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: t})
		i = len(p.Status.Conditions) - 1
	}
	if c := &p.Status.Conditions[i]; c.Status != s {
		c.Status, c.LastTransitionTime = s, stamp(n.loop.Now())
	}
}

// end lets a pod finish what it has, then takes it away.
func (n *nodes) end(p *corev1.Pod) {
	if n.ends[p.UID] || len(p.Finalizers) > 0 {
		return
	}
	n.ends[p.UID] = true
	grace := secondsOf(*p.DeletionGracePeriodSeconds)
	stop := min(grace, n.loop.Between(n.timing.Stop.Low, n.timing.Stop.High))
	n.loop.After(stop, kubelet, func() {
		if live := n.get(Pod, keyOf(p)); live != nil && live.GetUID() == p.UID {
			n.remove(kubelet, Pod, keyOf(p))
		}
	})
}

// resized answers a change of a pod's resources.
func (n *nodes) resized(ch Change, p *corev1.Pod) {
	old, ok := ch.Old.(*corev1.Pod)
	if !ok || ch.By == kubelet || slices.EqualFunc(old.Spec.Containers, p.Spec.Containers, func(a, b corev1.Container) bool {
		return equality.Semantic.DeepEqual(&a.Resources, &b.Resources)
	}) {
		return
	}
	n.resizeSoon(p)
}

// resizeSoon gives a pod the resources of its spec, or says why not.
func (n *nodes) resizeSoon(p *corev1.Pod) {
	n.after(Range{10 * time.Millisecond, time.Second}, kubelet, p, func(p *corev1.Pod) {
		n.status(kubelet, p, func(p *corev1.Pod) {
			p.Status.Conditions = slices.DeleteFunc(p.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodResizePending })
			if n.held != "" {
				p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{
					Type: corev1.PodResizePending, Status: corev1.ConditionTrue, Reason: n.held, LastTransitionTime: stamp(n.loop.Now()),
				})
				return
			}
			for i := range p.Status.ContainerStatuses {
				p.Status.ContainerStatuses[i].Resources = p.Spec.Containers[i].Resources.DeepCopy()
			}
		})
	})
}

// HoldResizes keeps kubelets from resizing pods: each says of what it is asked that
// it is pending, for this reason. An empty one lets them do what waits.
func (c *Cluster) HoldResizes(why string) {
	n := c.nodes
	n.held = why
	if why != "" {
		return
	}
	for _, p := range listOf[*corev1.Pod](n, Pod, allNamespaces) {
		if slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == corev1.PodResizePending }) {
			n.resizeSoon(p)
		}
	}
}

func nodeReady(node *corev1.Node) bool {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return true
}

// AddNode adds a node in a zone, with room for so many pods.
func (c *Cluster) AddNode(name, zone string) {
	c.must(c.Create("admin", &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
		corev1.LabelTopologyZone: zone, corev1.LabelHostname: name,
	}}}))
}
