//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// TestAdversity does to a workload with shadows what happens to one in
// production, each in a namespace of its own, and has the history judged.
func TestAdversity(t *testing.T) {
	passed := 0
	for _, sc := range []struct {
		name string
		test func(*testing.T)
	}{
		{"a raise that is taken back at once costs no pod that served", flapAtOnce},
		{"the controller is killed amid a raise", killedAmidRaise},
		{"a rollout takes the shadows of the old template along", rollout},
		{"a Service that comes later is hidden from", lateService},
		{"a budget that selects everything ends the shadows", budgetOfEverything},
		{"shadows that go live keep the zones even", zonesStayEven},
		{"the Deployment is deleted", deploymentDeleted},
		{"the pool is deleted", poolDeleted},
		{"a bridge serves and comes back", bridged},
		{"the role is gone for good", roleGone},
		{"two leaders see the same raise", twoLeaders},
		{"the leader is paused amid a raise and comes back", leaderPausedAmidRaise},
		{"the controller manager lags around the hand-over", laggingControllers},
		{"a quota admits the shadows and not the raise beside them", quotaForShadowsOnly},
		{"a quota leaves the ReplicaSet itself without room", quotaExhausted},
		{"a hundred shadows go live in one raise", burst},
		{"a template is rolled back in the second of a raise", rolledBack},
		{"a raise amid a rollout with a surge", raisedAmidRollout},
		{"a paused Deployment with an edited template is raised", pausedAndEdited},
		{"pods of the pool's own scale are recycled", recycled},
		{"a pod that was restarted is not recycled", recycledNot},
		{"pods of a template that is gone drain and end", recycledTooLate},
		{"an app that starts at once has its own pods serve", fastApp},
		{"overloaded pods outlive the booting ones", overload},
		{"shadows are evicted in each state", evicted},
		{"the node with most shadows is drained", drained},
		{"the node with most shadows is lost", nodeLost},
		{"the Deployment is deleted around a raise", deletedAroundRaise},
		{"an autoscaler on CPU does not see the request of a shadow", idleAndCPU},
		{"a resize is refused and the pod serves", resizeRefused},
		{"both roles serve an HPA and are then gone for good", bothRoles},
		{"the kind of the pools is deleted and comes back", crdDeleted},
	} {
		t.Run(sc.name, func(t *testing.T) {
			sc.test(t) // one that -run leaves out never comes here, nor does one that ends early
			if !t.Failed() {
				passed++
			}
		})
	}
	shared.report.Add("scenarios_passed", float64(passed), "scenarios")
}

func flapAtOnce(t *testing.T) {
	s := openShop(t, "flap", 4, 3, "")
	before := s.live(t)
	for range 3 {
		s.scaleTo(t, 7)
		from := s.workload.clock.Now()
		require.NoError(t, process.Until(t.Context(), time.Minute, "200 ms", func(context.Context) (string, bool) {
			return "", s.workload.clock.Since(from) >= 200*time.Millisecond
		}))
		s.lower(t, 4)
		s.awaitWarm(t, 3)
	}
	require.Empty(t, s.rec.deletedOf(before), "pods that served before the first raise are gone")
	s.rec.judge(t)
}

func killedAmidRaise(t *testing.T) {
	s := openShop(t, "killed", 4, 6, "")
	replicas := 4
	for range 3 {
		s.scaleTo(t, replicas+6)
		s.kill(t)
		replicas += 6
		s.start(t)
		s.awaitSettled(t, replicas)
		s.awaitWarm(t, 6)
	}
	s.stop(t)
	s.rec.judge(t)
}

const shopImage = "foreshadow.test/web:2"

func rollout(t *testing.T) {
	s := openShop(t, "rollout", 4, 2, "")
	old := s.shadows(t)
	d := &appsv1.Deployment{}
	require.NoError(t, s.workload.Client.Get(t.Context(), client.ObjectKey{Namespace: s.namespace, Name: "web"}, d))
	base := d.DeepCopy()
	d.Spec.Template.Spec.Containers[0].Image = shopImage
	require.NoError(t, s.workload.Client.Patch(t.Context(), d, client.MergeFrom(base)))
	s.scaleTo(t, 6)
	s.awaitSettled(t, 6)
	require.NoError(t, process.Until(t.Context(), time.Minute, "shadows of the new template", func(context.Context) (string, bool) {
		state := ""
		fresh := 0
		for _, p := range s.shadows(t) {
			state += p.Name + " " + p.Spec.Containers[0].Image + " "
			if slices.ContainsFunc(old, func(o corev1.Pod) bool { return o.UID == p.UID }) {
				return state, false
			}
			if p.Spec.Containers[0].Image == shopImage {
				fresh++
			}
		}
		return state, fresh == 2
	}))
	for _, p := range s.pods(t) {
		require.Equal(t, shopImage, p.Spec.Containers[0].Image, "pod %s is of the old template", p.Name)
	}
	s.rec.judge(t)
}

const lateServiceManifest = `
apiVersion: v1
kind: Service
metadata: {name: late, namespace: %s}
spec: {selector: {tier: front}, ports: [{port: 80}]}
`

// lateService makes a Service that selects by a label which shadows were allowed
// to keep.
func lateService(t *testing.T) {
	s := openShop(t, "late", 4, 2, "")
	d := &appsv1.Deployment{}
	require.NoError(t, s.workload.Client.Get(t.Context(), client.ObjectKey{Namespace: s.namespace, Name: "web"}, d))
	base := d.DeepCopy()
	d.Spec.Template.Labels["tier"] = "front"
	require.NoError(t, s.workload.Client.Patch(t.Context(), d, client.MergeFrom(base)))
	require.NoError(t, process.Until(t.Context(), time.Minute, "shadows with the label", func(context.Context) (string, bool) {
		with := 0
		for _, p := range s.shadows(t) {
			if p.Labels["tier"] == "front" {
				with++
			}
		}
		return strconv.Itoa(with), with == 2
	}))
	s.awaitSettled(t, 4)
	s.awaitWarm(t, 2)
	require.NoError(t, s.workload.Apply(t.Context(), fmt.Sprintf(lateServiceManifest, s.namespace)))
	require.NoError(t, process.Until(t.Context(), 10*time.Second, "the label to be hidden", func(context.Context) (string, bool) {
		for _, p := range s.shadows(t) {
			if _, ok := p.Labels["tier"]; ok {
				return p.Name + " bears it", false
			}
		}
		return "", true
	}))
	s.scaleTo(t, 6)
	s.awaitSettled(t, 6)
	for _, p := range s.pods(t) {
		if ownerKind(p) == "ReplicaSet" {
			require.Equal(t, "front", p.Labels["tier"], "pod %s went live without the template's label", p.Name)
		}
	}
	s.rec.judge(t)
}

const budgetManifest = `
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: everything, namespace: %s}
spec: {maxUnavailable: 1, selector: {}}
`

func budgetOfEverything(t *testing.T) {
	s := openShop(t, "budget", 4, 2, "")
	require.NoError(t, s.workload.Apply(t.Context(), fmt.Sprintf(budgetManifest, s.namespace)))
	s.awaitPool(t, time.Minute, "a condition that names the budget", func(p *v1alpha1.ShadowPool) bool {
		c := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionShadowsReady)
		return c != nil && c.Status == "False" && len(s.shadows(t)) == 0
	})
	p, err := s.pool(t.Context())
	require.NoError(t, err)
	c := meta.FindStatusCondition(p.Status.Conditions, v1alpha1.ConditionShadowsReady)
	require.Contains(t, c.Message, "everything")
	s.rec.judge(t)
}

func zonesStayEven(t *testing.T) {
	s := openShop(t, "zones", 3, 15, "")
	s.scaleTo(t, 18)
	s.awaitSettled(t, 18)
	s.awaitWarm(t, 15)
	s.scaleTo(t, 33)
	s.awaitSettled(t, 33)
	byNode := map[string]int{}
	for _, p := range s.pods(t) {
		if ownerKind(p) == "ReplicaSet" {
			byNode[p.Spec.NodeName]++
		}
	}
	least, most := 33, 0
	for _, n := range byNode {
		least, most = min(least, n), max(most, n)
	}
	require.Len(t, byNode, 3)
	require.LessOrEqual(t, most-least, 2, "the zones have %v pods", byNode)
	shared.report.Add("zone_skew_after_30_activations", float64(most-least), "pods")
	s.rec.judge(t)
}

// noPods waits until nothing is left.
func (s *shop) noPods(t *testing.T, what string, of func(corev1.Pod) bool) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), time.Minute, what, func(context.Context) (string, bool) {
		var left []string
		for _, p := range s.pods(t) {
			if of(p) {
				left = append(left, p.Name)
			}
		}
		return strings.Join(left, " "), len(left) == 0
	}))
}

func deploymentDeleted(t *testing.T) {
	s := openShop(t, "undeployed", 4, 3, "")
	s.scaleTo(t, 6)
	d := &appsv1.Deployment{}
	d.Namespace, d.Name = s.namespace, "web"
	require.NoError(t, s.workload.Client.Delete(t.Context(), d, client.PropagationPolicy("Background")))
	s.noPods(t, "no pod to be left", func(corev1.Pod) bool { return true })
	s.rec.judge(t)
}

func poolDeleted(t *testing.T) {
	s := openShop(t, "unpooled", 4, 3, "")
	s.scaleTo(t, 6)
	s.awaitSettled(t, 6)
	p, err := s.pool(t.Context())
	require.NoError(t, err)
	require.NoError(t, s.workload.Client.Delete(t.Context(), p))
	s.noPods(t, "no shadow to be left", func(p corev1.Pod) bool { return ownerKind(p) != "ReplicaSet" })
	require.Len(t, s.live(t), 6, "live pods went with the pool")
	s.noPods(t, "no live pod to bear a deletion cost of ours", func(p corev1.Pod) bool {
		return p.Annotations[corev1.PodDeletionCost] != ""
	})
	s.rec.judge(t)
}

func bridged(t *testing.T) {
	s := openShop(t, "bridge", 4, 3, "  activation: {mode: Bridge}\n  scaleIn: {policy: Recycle, drain: 1s}\n")
	uids := map[string]string{}
	for _, p := range s.shadows(t) {
		uids[string(p.UID)] = p.Name
	}
	s.scaleTo(t, 7)
	s.awaitPool(t, time.Minute, "3 bridged shadows", func(p *v1alpha1.ShadowPool) bool {
		return p.Status.Counts != nil && p.Status.Counts.Bridged == 3
	})
	s.awaitSettled(t, 7)
	s.awaitPool(t, time.Minute, "the bridged shadows to be back", func(p *v1alpha1.ShadowPool) bool {
		return p.Status.Counts != nil && p.Status.Counts.Bridged == 0 && p.Status.Counts.Ready == 3
	})
	for _, p := range s.shadows(t) {
		require.Contains(t, uids, string(p.UID), "pod %s is none of those that were bridged with", p.Name)
	}
	s.rec.judge(t)
}

// roleGone shows what holds when we are down: the workload scales as if we had
// never been there.
func roleGone(t *testing.T) {
	s := openShop(t, "gone", 4, 2, "")
	s.stop(t)
	s.scaleTo(t, 8)
	s.awaitSettled(t, 8)
	require.Len(t, s.shadows(t), 2)
	s.lower(t, 4)
	s.rec.judge(t)
}
