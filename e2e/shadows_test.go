//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// shadowsUser is the ServiceAccount that the chart gives the role.
const shadowsUser = "system:serviceaccount:" + adapterNamespace + ":foreshadow-shadows"

// controller is the product's binary in the role that makes and activates
// shadows, with the rights of that role and no others.
type controller struct {
	*rig
	args  []string
	web   int
	child *process.Process
}

// newController prepares the role for a namespace; start runs it.
func (r *rig) newController(t *testing.T, namespace string) *controller {
	t.Helper()
	require.NotEmpty(t, os.Getenv("FORESHADOW_E2E_ADAPTER"),
		"run make e2e, or set FORESHADOW_E2E_ADAPTER to the path of a foreshadow-adapter binary")
	args := r.install(t, "foreshadow-shadows", map[string]any{"shadows": map[string]any{
		"enabled": true, "namespaces": []any{namespace}, "ownScale": true, "argoRollouts": true, "keda": true, "istio": true,
		"max": 0, "maxPerNamespace": 0,
	}})
	kubeconfig, err := r.CreateUser(shadowsUser)
	require.NoError(t, err)
	ports, err := process.FreePorts(1)
	require.NoError(t, err)
	c := &controller{rig: r, web: ports[0], args: append(args,
		"--kubeconfig="+kubeconfig, fmt.Sprintf("--web.listen-address=%s:%d", process.Loopback, ports[0]), "--log.level=debug",
	)}
	t.Cleanup(func() {
		if c.child != nil {
			c.stop(t) // with its lease, for the next one
		}
	})
	return c
}

func (c *controller) start(t *testing.T) {
	t.Helper()
	var err error
	c.child, err = process.Start(process.Config{
		Name: "foreshadow-shadows", Path: os.Getenv("FORESHADOW_E2E_ADAPTER"), Args: c.args, LogDir: c.logs,
	})
	require.NoError(t, err)
}

// stop ends the role as a rollout of it would: the lease is given back.
func (c *controller) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, c.child.Stop(adapterGrace))
	c.child = nil
}

// kill ends the role as a lost node would. The lease is taken away, so that the
// next one need not wait until it runs out.
func (c *controller) kill(t *testing.T) {
	t.Helper()
	require.NoError(t, c.child.Kill())
	c.child = nil
	c.freeLease(t)
}

// freeLease gives the role's lease to nobody. It leaves the count of transitions,
// by which later leaders are told from earlier ones.
func (r *rig) freeLease(t *testing.T) {
	t.Helper()
	lease := &coordinationv1.Lease{}
	lease.Namespace, lease.Name = adapterNamespace, "foreshadow-adapter-shadows"
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"holderIdentity":"","leaseDurationSeconds":1}}`))
	require.NoError(t, r.Client.Patch(t.Context(), lease, patch))
}

// shop is a Deployment with a Service, a pool and the role that serves it.
type shop struct {
	*workload
	*controller
	rec *recording
}

const shopService = `
apiVersion: v1
kind: Service
metadata: {name: web, namespace: %[1]s}
spec: {selector: {app: web}, ports: [{port: 80}]}
`

// shopPool keeps minShadows whatever a forecast says: nobody plays the metrics
// role here.
const shopPool = `
apiVersion: foreshadow.dev/v1alpha1
kind: ShadowPool
metadata: {name: web, namespace: %[1]s}
spec:
  scaleTargetRef: {name: web}
  mode: Active
  backgroundWork: None
  shadowPercentage: 100
  minShadows: %[2]d
  maxShadows: %[3]d
  warmUp: {minReady: 1s}
%[4]s`

// noLoad is what the load of a pool is about which no forecast is made.
const noLoad = `  load: {query: "sum(load)", capacityPerReplica: "1"}
`

// opening is how a shop begins.
type opening struct {
	namespace string
	// replicas is how many live pods there are, shadows how many are to be kept.
	replicas, shadows int
	// most is the most shadows that there may be; shadows where it is zero.
	most int
	// cold is what a pod takes from its start until it is Ready.
	cold time.Duration
	// spec is more of the pool's, load where its load comes from; nowhere where
	// it is empty. objects is what is applied before any pod.
	spec, load, objects string
	// kept is how many of the shadows come; all where it is zero.
	kept int
}

// openShop deploys live pods and shadows and waits until all of them are ready.
func openShop(t *testing.T, namespace string, replicas, shadows int, extra string) *shop {
	t.Helper()
	return opening{namespace: namespace, replicas: replicas, shadows: shadows, spec: extra}.open(t)
}

func (o opening) open(t *testing.T) *shop {
	t.Helper()
	const pull = 300 * time.Millisecond
	cold := cmp.Or(o.cold, 500*time.Millisecond)
	if o.objects != "" {
		require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(namespaceManifest, o.namespace)))
		require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(o.objects, o.namespace)))
	}
	w := shared.deploy(t, o.namespace, o.replicas, pull, cold)
	require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(shopService, o.namespace)))
	s := &shop{workload: w, controller: shared.newController(t, o.namespace)}
	s.await(t, time.Minute, "live pods", func(sc scale) bool { return int(sc.ready) == o.replicas })
	s.rec = shared.recordHistory(t, o.namespace)
	require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(shopPool, o.namespace, o.shadows, cmp.Or(o.most, o.shadows), cmp.Or(o.load, noLoad)+o.spec)))
	s.start(t)
	s.awaitWarm(t, cmp.Or(o.kept, o.shadows))
	return s
}

const namespaceManifest = `
apiVersion: v1
kind: Namespace
metadata: {name: %[1]s}
`

// pool reads the pool.
func (s *shop) pool(ctx context.Context) (*v1alpha1.ShadowPool, error) {
	p := &v1alpha1.ShadowPool{}
	err := s.workload.Client.Get(ctx, client.ObjectKey{Namespace: s.namespace, Name: "web"}, p)
	return p, err
}

// awaitPool waits until the pool is as wanted.
func (s *shop) awaitPool(t *testing.T, timeout time.Duration, what string, wanted func(*v1alpha1.ShadowPool) bool) {
	t.Helper()
	probe := func(ctx context.Context) (string, bool) {
		p, err := s.pool(ctx)
		if err != nil {
			return err.Error(), false
		}
		return describe(p), wanted(p)
	}
	require.NoError(t, s.child.Await(t.Context(), timeout, what, probe))
}

// describe is what a wait says of a pool that is not as wanted.
func describe(p *v1alpha1.ShadowPool) string {
	parts := []string{fmt.Sprintf("counts %+v", p.Status.Counts)}
	for _, c := range p.Status.Conditions {
		parts = append(parts, fmt.Sprintf("%s=%s %s: %s", c.Type, c.Status, c.Reason, c.Message))
	}
	if d := p.Status.LastDecision; d != nil {
		parts = append(parts, fmt.Sprintf("decided %s: %s", d.Reason, d.Message), fmt.Sprintf("held %v", d.Held))
	}
	return strings.Join(parts, "; ")
}

// awaitWarm waits until so many shadows may go live, and are listed to.
func (s *shop) awaitWarm(t *testing.T, shadows int) {
	t.Helper()
	s.awaitPool(t, 2*time.Minute, fmt.Sprintf("%d warm shadows", shadows), func(p *v1alpha1.ShadowPool) bool {
		// The status comes up to a second after what it speaks of: the pods count.
		ready := map[types.UID]bool{}
		rested := 0
		for _, pod := range s.shadows(t) {
			if ready[pod.UID] = s.hasRested(pod); ready[pod.UID] {
				rested++
			}
		}
		listed := 0
		if i := p.Status.Intent; i != nil {
			for _, uid := range i.PodUIDs {
				if ready[uid] {
					listed++
				}
			}
		}
		if p.Spec.Activation.Mode == v1alpha1.ActivationModeBridge {
			listed = rested // no intent lists bridges
		}
		return listed >= shadows
	})
}

// hasRested says that a shadow was marked warm long enough ago to go live: that
// takes two seconds, and the stamp says whole ones.
func (s *shop) hasRested(p corev1.Pod) bool {
	if p.Labels[v1alpha1.StateLabel] != string(v1alpha1.ShadowReady) {
		return false
	}
	i := slices.IndexFunc(p.Status.Conditions, func(c corev1.PodCondition) bool { return c.Type == v1alpha1.WarmedCondition })
	return i >= 0 && s.workload.clock.Since(p.Status.Conditions[i].LastTransitionTime.Time) >= 3500*time.Millisecond
}

// pods lists those of the namespace that are not going.
func (s *shop) pods(t *testing.T) []corev1.Pod {
	t.Helper()
	var list corev1.PodList
	require.NoError(t, s.workload.Client.List(t.Context(), &list, client.InNamespace(s.namespace)))
	return slices.DeleteFunc(list.Items, func(p corev1.Pod) bool { return p.DeletionTimestamp != nil })
}

// live returns the pods that belong to a ReplicaSet.
func (s *shop) live(t *testing.T) []corev1.Pod {
	t.Helper()
	return slices.DeleteFunc(s.pods(t), func(p corev1.Pod) bool { return ownerKind(p) != "ReplicaSet" })
}

// shadows returns the pods that the pool controls.
func (s *shop) shadows(t *testing.T) []corev1.Pod {
	t.Helper()
	return slices.DeleteFunc(s.pods(t), func(p corev1.Pod) bool { return ownerKind(p) != v1alpha1.Kind })
}

func ownerKind(p corev1.Pod) string {
	for _, ref := range p.OwnerReferences {
		if ref.Controller != nil && *ref.Controller {
			return ref.Kind
		}
	}
	return ""
}

// scaleTo writes the Deployment's scale, as an autoscaler does, and returns when
// it was about to.
func (s *shop) scaleTo(t *testing.T, replicas int) time.Time {
	t.Helper()
	d := &appsv1.Deployment{}
	d.Namespace, d.Name = s.namespace, "web"
	patch := client.RawPatch(types.MergePatchType, fmt.Appendf(nil, `{"spec":{"replicas":%d}}`, replicas))
	at := s.workload.clock.Now()
	require.NoError(t, s.workload.Client.SubResource("scale").Patch(t.Context(), d, patch))
	return at
}

// awaitSettled waits until the workload has the pods that it asks for, all of
// them ready, and none of them going.
func (s *shop) awaitSettled(t *testing.T, replicas int) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), time.Minute, fmt.Sprintf("%d settled replicas", replicas), func(ctx context.Context) (string, bool) {
		var list appsv1.ReplicaSetList
		if err := s.workload.Client.List(ctx, &list, client.InNamespace(s.namespace)); err != nil {
			return err.Error(), false
		}
		state := ""
		for _, rs := range list.Items {
			state += fmt.Sprintf("%s: %d of %d, %d ready ", rs.Name, rs.Status.Replicas, *rs.Spec.Replicas, rs.Status.ReadyReplicas)
			if *rs.Spec.Replicas > 0 && (int(*rs.Spec.Replicas) != replicas || rs.Status.ObservedGeneration < rs.Generation ||
				int(rs.Status.Replicas) != replicas || int(rs.Status.ReadyReplicas) != replicas) {
				return state, false
			}
		}
		return state, true
	}))
}
