//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const tightBudget = `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: %[1]s}
spec: {maxUnavailable: 1, selector: {matchLabels: {app: web}}}
`

// evicted evicts a shadow in each state, under a budget that protects the live
// pods. What is lost is made again, after a while.
func evicted(t *testing.T) {
	s := opening{namespace: "evicted", replicas: 4, shadows: 2, most: 4, objects: tightBudget}.open(t)
	before := s.live(t)
	ready := s.shadows(t)
	p, err := s.pool(t.Context())
	require.NoError(t, err)
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"minShadows":4}}`))
	require.NoError(t, s.workload.Client.Patch(t.Context(), p, patch))
	var young []corev1.Pod
	s.awaitShadows(t, "2 shadows that start", func(pods []corev1.Pod) bool {
		young = slices.DeleteFunc(pods, func(p corev1.Pod) bool { return p.Labels[v1alpha1.StateLabel] != string(v1alpha1.ShadowCreating) })
		return len(young) == 2
	})
	s.evict(t, young[0])
	s.awaitShadows(t, "the other one to warm up", func(pods []corev1.Pod) bool {
		return slices.ContainsFunc(pods, func(p corev1.Pod) bool {
			return p.UID == young[1].UID && p.Labels[v1alpha1.StateLabel] == string(v1alpha1.ShadowWarming)
		})
	})
	s.evict(t, young[1])
	s.evict(t, ready[0])
	s.awaitPool(t, 30*time.Second, "the refill to wait", func(p *v1alpha1.ShadowPool) bool {
		return p.Status.LastDecision != nil && slices.ContainsFunc(p.Status.LastDecision.Held, func(h string) bool {
			return strings.Contains(h, "BackingOff")
		})
	})
	s.awaitWarm(t, 4)

	// The one that goes live is evicted as any live pod: its ReplicaSet makes
	// another one.
	s.scaleTo(t, 5)
	s.awaitSettled(t, 5)
	for _, p := range s.live(t) {
		if p.Labels[v1alpha1.PoolLabel] != "" {
			s.evict(t, p)
		}
	}
	s.awaitSettled(t, 5)
	require.Empty(t, s.rec.deletedOf(before), "live pods are gone")
	s.rec.judge(t)
}

// evict ends a pod as a drain does.
func (s *shop) evict(t *testing.T, p corev1.Pod) {
	t.Helper()
	eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name}}
	require.NoError(t, s.workload.Client.SubResource("eviction").Create(t.Context(), p.DeepCopy(), eviction), "pod %s", p.Name)
}

func (s *shop) awaitShadows(t *testing.T, what string, wanted func([]corev1.Pod) bool) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), time.Minute, what, func(context.Context) (string, bool) {
		pods := s.shadows(t)
		states := make([]string, len(pods))
		for i := range pods {
			states[i] = pods[i].Name + " " + pods[i].Labels[v1alpha1.StateLabel]
		}
		return strings.Join(states, ", "), wanted(pods)
	}))
}

// crowded returns the node that holds most shadows, and those pods.
func (s *shop) crowded(t *testing.T) (node string, pods []corev1.Pod) {
	t.Helper()
	byNode := map[string][]corev1.Pod{}
	for _, p := range s.shadows(t) {
		byNode[p.Spec.NodeName] = append(byNode[p.Spec.NodeName], p)
	}
	for name, on := range byNode {
		if len(on) > len(pods) {
			node, pods = name, on
		}
	}
	return node, pods
}

// drained empties the node that holds most shadows: it is cordoned, and each of
// its pods evicted as often as the budget says no.
func drained(t *testing.T) {
	s := opening{namespace: "drained", replicas: 6, shadows: 5, objects: tightBudget}.open(t)
	node, _ := s.crowded(t)
	s.cordon(t, node, true)
	t.Cleanup(func() { s.cordon(t, node, false) })
	require.NoError(t, process.Until(t.Context(), time.Minute, "the node to be empty", func(ctx context.Context) (string, bool) {
		left := 0
		for _, p := range s.pods(t) {
			if p.Spec.NodeName != node {
				continue
			}
			left++
			eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name}}
			err := s.workload.Client.SubResource("eviction").Create(ctx, p.DeepCopy(), eviction)
			if err != nil && !apierrors.IsTooManyRequests(err) && !apierrors.IsNotFound(err) {
				return err.Error(), false
			}
			if err == nil && ownerKind(p) != v1alpha1.Kind {
				return "a live pod was evicted", false
			}
		}
		return fmt.Sprintf("%d pods are left", left), left == 0
	}))
	s.awaitSettled(t, 6)
	s.awaitWarm(t, 5)
	s.scaleTo(t, 9)
	s.awaitSettled(t, 9)
	s.rec.judge(t)
}

func (s *shop) cordon(t *testing.T, node string, yes bool) {
	t.Helper()
	n := &corev1.Node{}
	n.Name = node
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"unschedulable":%v}}`, yes))
	require.NoError(t, s.workload.Client.Patch(context.WithoutCancel(t.Context()), n, patch))
}

// nodeLost deletes the node that holds most shadows. They are made elsewhere, a
// minute after they were given to it at the latest, and none of those that were on
// it goes live.
func nodeLost(t *testing.T) {
	s := openShop(t, "nodeless", 4, 4, "")
	node, lost := s.crowded(t)
	n := &corev1.Node{}
	require.NoError(t, s.workload.Client.Get(t.Context(), client.ObjectKey{Name: node}, n))
	again := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: n.Name, Labels: n.Labels, Annotations: n.Annotations}, Spec: n.Spec, Status: n.Status}
	again.Status.Conditions = nil
	require.NoError(t, s.workload.Client.Delete(t.Context(), n))
	back := func() {
		require.NoError(t, client.IgnoreAlreadyExists(s.workload.Client.Create(context.WithoutCancel(t.Context()), again.DeepCopy())))
	}
	t.Cleanup(back)
	s.scaleTo(t, 6)
	s.awaitPool(t, 2*time.Minute, "shadows on the nodes that are left", func(*v1alpha1.ShadowPool) bool {
		pods := s.shadows(t)
		elsewhere := 0
		for _, p := range pods {
			if p.Spec.NodeName != node && p.Labels[v1alpha1.StateLabel] == string(v1alpha1.ShadowReady) {
				elsewhere++
			}
		}
		return elsewhere == 4 && len(pods) == 4
	})
	require.Empty(t, s.rec.servedAt(lost), "a shadow of a lost node went live")
	back()
	s.awaitNode(t, node)
	s.awaitWarm(t, 4)
	s.rec.judge(t)
}

func (s *shop) awaitNode(t *testing.T, name string) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), time.Minute, "node "+name, func(ctx context.Context) (string, bool) {
		n := &corev1.Node{}
		if err := s.workload.Client.Get(ctx, client.ObjectKey{Name: name}, n); err != nil {
			return err.Error(), false
		}
		for _, c := range n.Status.Conditions {
			if c.Type == corev1.NodeReady {
				return string(c.Status), c.Status == corev1.ConditionTrue
			}
		}
		return "no condition", false
	}))
}
