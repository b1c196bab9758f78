package model

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Cluster is a whole control plane with its nodes.
type Cluster struct {
	*Server
	nodes       *nodes
	replicaSets *replicaSets
}

// New returns a cluster without nodes and objects. Each change of an object is
// told to record, which may be nil.
func New(l *Loop, t Timing, record func(Change)) *Cluster {
	s := newServer(l)
	if record != nil {
		s.watchers = append(s.watchers, record)
	}
	c := &Cluster{Server: s}
	newGarbage(s, t)
	c.nodes = newNodes(s, t)
	c.replicaSets = newReplicaSets(s, t)
	newDeployments(s, t)
	newEndpoints(s, t)
	s.watchers = append(s.watchers, func(ch Change) {
		if ch.Kind == Pod || ch.Kind == Quota && ch.Old == nil {
			s.recount(ch.Last.GetNamespace())
		}
	})
	return c
}

// Loop is what drives the cluster.
func (c *Cluster) Loop() *Loop { return c.loop }

// Lag holds the ReplicaSet controller's watch of pods back, or lets it go on.
func (c *Cluster) Lag(on bool) {
	if on {
		c.replicaSets.cache.Pause()
		return
	}
	c.replicaSets.cache.Resume()
}

// Make creates an object as a user does, who knows that he may.
func (c *Cluster) Make(o client.Object) client.Object { return c.must(c.Create("user", o)) }

func (c *Cluster) must(o client.Object, err error) client.Object {
	if err != nil {
		panic(fmt.Sprintf("model: %v", err))
	}
	return o
}

// Alter changes an object as a user does; it says whether the object is there.
func Alter[T client.Object](c *Cluster, key types.NamespacedName, zero T, change func(T)) bool {
	o, ok := c.get(kindOf(zero), key).(T)
	if ok {
		edit(c.Server, "user", "", o, change)
	}
	return ok
}

// Pods returns the pods of a namespace.
func (c *Cluster) Pods(namespace string) []*corev1.Pod {
	return listOf[*corev1.Pod](c, Pod, namespace)
}

func named(namespace, name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: namespace, Name: name}
}
