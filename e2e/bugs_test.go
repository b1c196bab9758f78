//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	simulated "github.com/foreshadow-dev/foreshadow/adapter/shadow/model/rig"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// TestBugsAreCaught plants bugs in the product on the model of a control plane:
// the checker that judges the histories of these tests has to find each.
func TestBugsAreCaught(t *testing.T) {
	caught := 0
	for _, b := range simulated.Bugs() {
		t.Run(b.Name, func(t *testing.T) {
			c, ok := b.Catch(func(do func(wait func())) {
				synctest.Test(t, func(*testing.T) { do(synctest.Wait) })
			})
			require.True(t, ok, "%s was not found to be broken: without the bug %v, with it %v", b.Breaks, c.Without.Violations, c.Others)
			caught++
		})
	}
	shared.report.Add("invariant_bugs_planted", float64(len(simulated.Bugs())), "bugs")
	shared.report.Add("invariant_bugs_caught", float64(caught), "bugs")
}

// realBug is what a controller that is wrong would write, where the controllers
// that answer are real.
type realBug struct {
	name string
	// breaks is the promise that it breaks, says a part of the sentence; both are
	// empty where nothing is wrong.
	breaks, says string
	// do hands over, or what the bug takes for it, and waits for what it costs.
	do func(*testing.T, *shop)
}

// TestRealBugsAreCaught lets shadows of the product be handed over by hand, and
// wrongly.
func TestRealBugsAreCaught(t *testing.T) {
	caught := 0
	for i, b := range []realBug{
		{name: "nothing is wrong", do: func(t *testing.T, s *shop) {
			s.raiseByHand(t, nil)
			s.awaitSettled(t, 5)
		}},
		{name: "a shadow joins before the raise", breaks: "H5", says: "no room", do: func(t *testing.T, s *shop) {
			before := s.pods(t)
			s.handOver(t, nil)
			s.awaitDeath(t, before)
		}},
		{name: "the deletion cost has the wrong sign", breaks: "H1", says: "had served and was deleted", do: func(t *testing.T, s *shop) {
			before := s.live(t)
			s.handOver(t, func(meta map[string]any) { annotate(meta, corev1.PodDeletionCost, "1000") })
			s.awaitDeath(t, before)
		}},
		{name: "a pod is left for the ReplicaSet to adopt it", breaks: "H4", says: "no owner", do: func(t *testing.T, s *shop) {
			s.raiseByHand(t, func(meta map[string]any) { meta["ownerReferences"] = []any{} })
			s.awaitSettled(t, 5)
		}},
		{name: "a shadow is shown to the Service before it joins", breaks: "H6", says: "Service", do: func(t *testing.T, s *shop) {
			p := s.shadows(t)[0]
			s.patchPod(t, &p, map[string]any{"labels": map[string]any{"app": "web"}})
			require.NoError(t, process.Until(t.Context(), time.Minute, "the Service to know it", func(context.Context) (string, bool) {
				return "", len(s.rec.servedAt([]corev1.Pod{p})) == 1
			}))
		}},
	} {
		if t.Run(b.name, func(t *testing.T) { b.run(t, fmt.Sprintf("bug-%d", i)) }) && b.breaks != "" {
			caught++
		}
	}
	shared.report.Add("invariant_bugs_caught_real", float64(caught), "bugs")
}

func (b realBug) run(t *testing.T, namespace string) {
	s := openShop(t, namespace, 4, 2, "")
	s.stop(t) // or it would put right what is wrong
	b.do(t, s)
	_, found := s.rec.finish(t)
	if b.breaks == "" {
		require.Empty(t, found)
		return
	}
	for _, v := range found {
		if v.Invariant == b.breaks && strings.Contains(v.Message, b.says) {
			t.Logf("caught: %s", v)
			return
		}
	}
	require.Fail(t, "the bug was not found", "want %s, got %v", b.breaks, found)
}

// raiseByHand raises the workload and hands a shadow over once its ReplicaSet
// asks for one more.
func (s *shop) raiseByHand(t *testing.T, change func(meta map[string]any)) {
	t.Helper()
	s.scaleTo(t, 5)
	require.NoError(t, process.Until(t.Context(), time.Minute, "the ReplicaSet to be raised", func(context.Context) (string, bool) {
		n := *s.replicaSet(t).Spec.Replicas
		return strconv.Itoa(int(n)), n == 5
	}))
	s.handOver(t, change)
}

// handOver writes what the product would; change makes it wrong.
func (s *shop) handOver(t *testing.T, change func(meta map[string]any)) {
	t.Helper()
	rs, p := s.replicaSet(t), s.shadows(t)[0]
	labels := map[string]any{v1alpha1.StateLabel: string(v1alpha1.ShadowActive)}
	for k, v := range rs.Spec.Template.Labels {
		labels[k] = v
	}
	meta := map[string]any{
		"labels": labels,
		"ownerReferences": []any{map[string]any{
			"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": rs.Name, "uid": rs.UID, "controller": true, "blockOwnerDeletion": true,
		}},
	}
	annotate(meta, corev1.PodDeletionCost, "-2147483647")
	if change != nil {
		change(meta)
	}
	s.patchPod(t, &p, meta)
}

func annotate(meta map[string]any, key, value string) {
	meta["annotations"] = map[string]any{key: value}
}

// patchPod changes the metadata of a pod, if it is the one that was read.
func (s *shop) patchPod(t *testing.T, p *corev1.Pod, meta map[string]any) {
	t.Helper()
	meta = maps.Clone(meta)
	meta["uid"], meta["resourceVersion"] = p.UID, p.ResourceVersion
	patch, err := json.Marshal(map[string]any{"metadata": meta})
	require.NoError(t, err)
	require.NoError(t, s.workload.Client.Patch(t.Context(), p.DeepCopy(), client.RawPatch(types.MergePatchType, patch)))
}

// replicaSet returns the only one of the workload.
func (s *shop) replicaSet(t *testing.T) *appsv1.ReplicaSet {
	t.Helper()
	var list appsv1.ReplicaSetList
	require.NoError(t, s.workload.Client.List(t.Context(), &list, client.InNamespace(s.namespace)))
	require.Len(t, list.Items, 1)
	return &list.Items[0]
}

// awaitDeath waits until the ReplicaSet has deleted one of the pods.
func (s *shop) awaitDeath(t *testing.T, pods []corev1.Pod) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), time.Minute, "a pod to be deleted", func(context.Context) (string, bool) {
		return "", len(s.rec.deletedOf(pods)) > 0
	}))
}
