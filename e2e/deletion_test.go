//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// deletedAroundRaise deletes the Deployment in each way that there is, just
// before a raise and just after it.
func deletedAroundRaise(t *testing.T) {
	for _, policy := range []metav1.DeletionPropagation{
		metav1.DeletePropagationBackground, metav1.DeletePropagationForeground, metav1.DeletePropagationOrphan,
	} {
		for _, order := range []string{"before", "after"} {
			t.Run(fmt.Sprintf("%s %s the raise", policy, order), func(t *testing.T) {
				deletedWith(t, policy, order == "after")
			})
		}
	}
}

func deletedWith(t *testing.T, policy metav1.DeletionPropagation, raiseFirst bool) {
	namespace := strings.ToLower(fmt.Sprintf("gone-%s-%v", policy, raiseFirst))
	s := openShop(t, namespace, 3, 2, "")
	shadows := s.shadows(t)
	d := &appsv1.Deployment{}
	d.Namespace, d.Name = s.namespace, "web"
	if raiseFirst {
		s.scaleTo(t, 5)
	}
	require.NoError(t, s.workload.Client.Delete(t.Context(), d, client.PropagationPolicy(policy)))
	if !raiseFirst {
		s.scaleReplicaSet(t, 5)
	}
	s.noPods(t, "no shadow to be left", func(p corev1.Pod) bool { return ownerKind(p) != "ReplicaSet" })
	if policy != metav1.DeletePropagationOrphan {
		s.noPods(t, "no pod to be left", func(corev1.Pod) bool { return true })
		s.rec.judge(t)
		return
	}
	var rs appsv1.ReplicaSetList
	require.NoError(t, s.workload.Client.List(t.Context(), &rs, client.InNamespace(s.namespace)))
	require.Len(t, rs.Items, 1)
	s.awaitSettled(t, int(*rs.Items[0].Spec.Replicas))
	// Some of them may have been shadows; the others ended with the workload.
	for _, p := range s.live(t) {
		was := slices.ContainsFunc(shadows, func(o corev1.Pod) bool { return o.UID == p.UID })
		require.Equal(t, was, p.Labels[v1alpha1.PoolLabel] != "", "pod %s", p.Name)
	}
	s.rec.judge(t)
}

// scaleReplicaSet raises what the Deployment has left, if it is still there.
func (s *shop) scaleReplicaSet(t *testing.T, replicas int) {
	t.Helper()
	var list appsv1.ReplicaSetList
	require.NoError(t, s.workload.Client.List(t.Context(), &list, client.InNamespace(s.namespace)))
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas))
	for i := range list.Items {
		err := s.workload.Client.SubResource("scale").Patch(t.Context(), &list.Items[i], patch)
		require.NoError(t, client.IgnoreNotFound(err))
	}
}

// crdDeleted takes the pools' kind away, as somebody does who uninstalls
// Foreshadow: the shadows go, what serves stays. It comes back and all is as it
// was.
func crdDeleted(t *testing.T) {
	s := openShop(t, "uninstalled", 4, 3, "")
	s.scaleTo(t, 6)
	s.awaitSettled(t, 6)
	s.awaitWarm(t, 3)
	live := s.live(t)
	crd := &unstructured.Unstructured{}
	crd.SetAPIVersion("apiextensions.k8s.io/v1")
	s.rec.kindGoes = true
	crd.SetKind("CustomResourceDefinition")
	crd.SetName("shadowpools.foreshadow.dev")
	require.NoError(t, s.workload.Client.Delete(t.Context(), crd))
	s.noPods(t, "no shadow to be left", func(p corev1.Pod) bool { return ownerKind(p) != "ReplicaSet" })
	s.scaleTo(t, 8)
	s.awaitSettled(t, 8)
	s.pass(t, 5*time.Second)
	require.False(t, s.child.Ended(), "the role ended with the kind of its pools")
	require.Empty(t, s.rec.deletedOf(live), "live pods went with the kind of the pools")
	s.rec.judge(t)
	shared.install(t, "foreshadow-adapter", nil)
	require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(shopPool, s.namespace, 3, 3, noLoad)))
	s.rec = shared.recordHistory(t, s.namespace) // the watch of the kind ended with it
	s.awaitWarm(t, 3)
	s.rec.judge(t)
}
