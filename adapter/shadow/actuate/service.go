package actuate

import (
	"context"
	"fmt"
	"strconv"

	"github.com/go-kit/log/level"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// writeService keeps the headless Service that selects the warming shadows of
// the pool, while the pool has any use for it.
func (c *act) writeService(ctx context.Context) {
	pool := c.w.Pool
	rs := c.replicaSet(c.target())
	if pool.Spec.Mode != v1alpha1.ModeActive || rs == nil || pool.ShadowsPaused() || c.w.Paused {
		return
	}
	want := shadowService(pool, rs.Spec.Template.Spec.Containers)
	for _, s := range c.w.Services {
		if s.Name != want.Name {
			continue
		}
		if ref := metav1.GetControllerOfNoCopy(s); ref == nil || ref.UID != pool.UID {
			level.Debug(c.Logger).Log("msg", "a Service of somebody else has the name of the shadows' own", "pool", pool.Key(), "reason", "NameTaken")
			return
		}
		if sameService(s, want) {
			return
		}
	}
	if wait := c.overlay.serves(pool.Key()); wait > 0 {
		c.lookIn(wait)
		return
	}
	switch _, err := c.send(ctx, pointService, Write{Verb: VerbApply, Object: want}); {
	case err == nil:
		c.overlay.served(pool.Key())
	case ctx.Err() == nil:
		c.fail(fmt.Errorf("apply Service %s/%s: %w", want.Namespace, want.Name, err))
	}
}

// target is the ReplicaSet that shadows are made for.
func (c *act) target() (uid types.UID) {
	if len(c.w.ReplicaSets) == 1 {
		return c.w.ReplicaSets[0].UID
	}
	active := 0
	for _, rs := range c.w.ReplicaSets {
		if observe.Replicas(rs.Spec.Replicas) > 0 {
			uid = rs.UID
			active++
		}
	}
	if active != 1 {
		return ""
	}
	return uid
}

// shadowService returns the Service with the ports of the containers: whoever
// mirrors requests to it names one.
func shadowService(pool *v1alpha1.ShadowPool, containers []corev1.Container) *corev1.Service {
	s := &corev1.Service{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pool.Namespace, Name: v1alpha1.ShadowServiceName(pool.Name),
			OwnerReferences: []metav1.OwnerReference{ownedBy(pool)},
		},
		Spec: corev1.ServiceSpec{
			ClusterIP: corev1.ClusterIPNone,
			Selector:  map[string]string{v1alpha1.PoolLabel: pool.Name, v1alpha1.StateLabel: string(v1alpha1.ShadowWarming)},
		},
	}
	type port struct {
		number   int32
		protocol corev1.Protocol
	}
	taken, names := map[port]bool{}, map[string]bool{}
	for _, c := range containers {
		for _, p := range c.Ports {
			at := port{p.ContainerPort, p.Protocol}
			if at.protocol == "" {
				at.protocol = corev1.ProtocolTCP
			}
			if taken[at] {
				continue
			}
			taken[at] = true
			name := p.Name
			if name == "" || names[name] {
				name = "port-" + strconv.Itoa(len(taken))
			}
			names[name] = true
			s.Spec.Ports = append(s.Spec.Ports, corev1.ServicePort{
				Name: name, Protocol: at.protocol, Port: at.number, TargetPort: intstr.FromInt32(at.number),
			})
		}
	}
	return s
}

// sameService compares what we say about the Service; the API server adds its
// own.
func sameService(have, want *corev1.Service) bool {
	if !equality.Semantic.DeepEqual(have.Spec.Selector, want.Spec.Selector) || len(have.Spec.Ports) != len(want.Spec.Ports) {
		return false
	}
	for i, w := range want.Spec.Ports {
		h := have.Spec.Ports[i]
		if h.Name != w.Name || h.Protocol != w.Protocol || h.Port != w.Port || h.TargetPort != w.TargetPort {
			return false
		}
	}
	return true
}
