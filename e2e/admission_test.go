//go:build e2e

package e2e

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// Whoever takes the shadows role over may create pods in the namespace by RBAC.
// The chart's admission policy leaves only those that a pool controls.
func TestAdmissionPolicy(t *testing.T) {
	const namespace = "admission"
	require.NoError(t, shared.Apply(t.Context(), `
apiVersion: v1
kind: Namespace
metadata: {name: admission}
`))
	shared.install(t, "foreshadow-shadows", map[string]any{"shadows": map[string]any{"enabled": true, "namespaces": []any{namespace}}})
	kubeconfig, err := shared.CreateUser(shadowsUser)
	require.NoError(t, err)
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	require.NoError(t, err)
	role, err := client.New(cfg, client.Options{Scheme: shared.Client.Scheme()})
	require.NoError(t, err)

	pod := func(name string, alter func(*corev1.Pod)) *corev1.Pod {
		p := &corev1.Pod{}
		p.Namespace, p.Name = namespace, name
		p.Labels = map[string]string{v1alpha1.PoolLabel: "web"}
		p.OwnerReferences = []metav1.OwnerReference{{
			APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.Kind, Name: "web", UID: "1", Controller: new(true),
		}}
		p.Spec.Containers = []corev1.Container{{Name: "app", Image: "app:1", Resources: resources("2", "64Mi")}}
		p.Spec.InitContainers = []corev1.Container{{
			Name: "sidecar", Image: "app:1", RestartPolicy: new(corev1.ContainerRestartPolicyAlways), Resources: resources("1", "64Mi"),
		}}
		p.Spec.AutomountServiceAccountToken = new(false)
		alter(p)
		return p
	}
	free := func(p *corev1.Pod) { p.Labels, p.OwnerReferences = nil, nil }
	// A policy holds a moment after it was applied.
	require.NoError(t, process.Until(t.Context(), 30*time.Second, "the policy to hold", func(ctx context.Context) (string, bool) {
		err := role.Create(ctx, pod("early", free), client.DryRunAll)
		if err != nil {
			return err.Error(), true
		}
		return "a free pod was admitted", false
	}))
	refused := func(t *testing.T, err error, want string) {
		t.Helper()
		require.ErrorContains(t, err, want)
	}
	t.Run("a pod of nobody", func(t *testing.T) {
		refused(t, role.Create(t.Context(), pod("free", free)), "has a ShadowPool as its only owner")
	})
	t.Run("a pod with a second owner", func(t *testing.T) {
		refused(t, role.Create(t.Context(), pod("two", func(p *corev1.Pod) {
			p.OwnerReferences = append(p.OwnerReferences, metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: "2"})
		})), "has a ShadowPool as its only owner")
	})
	ours := pod("ours", func(*corev1.Pod) {})
	require.NoError(t, role.Create(t.Context(), ours))
	t.Run("another image", func(t *testing.T) {
		changed := ours.DeepCopy()
		changed.Spec.Containers[0].Image = "other:1"
		refused(t, role.Patch(t.Context(), changed, client.MergeFrom(ours)), "changes no image of a pod")
	})
	t.Run("what a resize may change", func(t *testing.T) {
		resize := func(alter func(*corev1.PodSpec)) error {
			changed := ours.DeepCopy()
			alter(&changed.Spec)
			return role.SubResource("resize").Patch(t.Context(), changed, client.MergeFrom(ours), client.DryRunAll)
		}
		require.NoError(t, resize(func(s *corev1.PodSpec) { s.Containers[0].Resources = resources("500m", "64Mi") }), "the CPU of a container")
		refused(t, resize(func(s *corev1.PodSpec) { s.Containers[0].Resources = resources("2", "128Mi") }), "resizes the CPU of a pod and nothing else")
		refused(t, resize(func(s *corev1.PodSpec) { s.InitContainers[0].Resources = resources("500m", "64Mi") }), "resizes no init container and no sidecar")
		whole := resources("4", "1Gi")
		whole.Requests[corev1.ResourceCPU] = resource.MustParse("1") // what the containers request together, and more
		refused(t, resize(func(s *corev1.PodSpec) { s.Resources = &whole }), "changes no resources of a whole pod")
	})
	t.Run("pods of others", func(t *testing.T) {
		theirs := pod("theirs", free)
		require.NoError(t, shared.Client.Create(t.Context(), theirs))
		changed := theirs.DeepCopy()
		changed.Labels = map[string]string{"app": "web"}
		refused(t, role.Patch(t.Context(), changed, client.MergeFrom(theirs)), "changes pods with the label foreshadow.dev/pool")
		changed = theirs.DeepCopy()
		changed.Labels, changed.OwnerReferences = ours.Labels, ours.OwnerReferences
		refused(t, role.Patch(t.Context(), changed, client.MergeFrom(theirs)), "changes pods with the label foreshadow.dev/pool")
		refused(t, role.Delete(t.Context(), theirs), "deletes pods that a ShadowPool controls")
		require.NoError(t, shared.Client.Delete(t.Context(), theirs, client.GracePeriodSeconds(0)))
	})
	require.NoError(t, role.Delete(t.Context(), ours, client.GracePeriodSeconds(0)))
}

// resources are a small CPU request and limits.
func resources(cpu, memory string) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m")},
		Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)},
	}
}
