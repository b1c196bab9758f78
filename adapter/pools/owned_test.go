package pools

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	crdv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/managedfields"
	testclock "k8s.io/utils/clock/testing"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/yaml"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// schemaCluster is a fake cluster that merges as the CRD's schema says: without
// it the fake takes every list for one value.
func schemaCluster(t *testing.T, pools ...client.Object) client.WithWatch {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "charts", "foreshadow", "files", "crds", "foreshadow.dev_shadowpools.yaml"))
	require.NoError(t, err)
	var crd crdv1.CustomResourceDefinition
	require.NoError(t, yaml.UnmarshalStrict(raw, &crd))
	openapi, err := builder.BuildOpenAPIV3(&crd, v1alpha1.GroupVersion().Version, builder.Options{})
	require.NoError(t, err)
	types, err := managedfields.NewTypeConverter(openapi.Components.Schemas, false)
	require.NoError(t, err)
	return fake.NewClientBuilder().
		WithScheme(testScheme(t)).
		WithTypeConverters(types).
		WithReturnManagedFields().
		WithObjects(pools...).
		WithStatusSubresource(&v1alpha1.ShadowPool{}).
		Build()
}

// theirs is a status with every field that the other role writes.
func theirs() v1alpha1.ShadowPoolStatus {
	since := metav1.NewTime(start)
	return v1alpha1.ShadowPoolStatus{
		Replicas: 4, Selector: "app=web", Counts: &v1alpha1.ShadowCounts{Ready: 2, HeldBack: 1},
		Shadows:      []v1alpha1.ShadowStatus{{Name: "web-1", State: v1alpha1.ShadowReady}},
		Intent:       &v1alpha1.Intent{ReplicaSetUID: "rs", Epoch: 3},
		LastDecision: &v1alpha1.LastDecision{Time: since, Reason: "Steady"},
		Cover:        &v1alpha1.CoverStatus{Replicas: 2, Lost: 1, LostUntil: &since},
		Leads:        &v1alpha1.LeadStatus{ColdStart: "40s", Samples: 7},
		Deactivated:  []v1alpha1.DeactivatedShadow{{Name: "web-0", Reason: "Stale", Time: since}},
		ExcessSince:  &since, Epoch: 5,
		Conditions: []metav1.Condition{
			{Type: v1alpha1.ConditionShadowsReady, Status: metav1.ConditionTrue, Reason: "Steady", LastTransitionTime: since},
			{Type: v1alpha1.ConditionHeldBack, Status: metav1.ConditionFalse, Reason: "Room", LastTransitionTime: since},
		},
	}
}

// ours is a status with every field that this writer writes.
func ours(predicted int32) v1alpha1.ShadowPoolStatus {
	s := statusOf(metav1.ConditionTrue, "10")
	s.Capacity = &v1alpha1.CapacityStatus{PredictedReplicas: &predicted, NowReplicas: ptr.To[int32](3), ShadowReplicas: ptr.To[int32](9)}
	return s
}

// applyTheirs writes a status as the other role does.
func applyTheirs(t *testing.T, c client.Client, pool *v1alpha1.ShadowPool, status v1alpha1.ShadowPoolStatus) {
	t.Helper()
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&status)
	require.NoError(t, err)
	patch := &unstructured.Unstructured{Object: map[string]any{"status": content}}
	patch.SetGroupVersionKind(v1alpha1.GroupVersionKind())
	patch.SetNamespace(pool.Namespace)
	patch.SetName(pool.Name)
	// Without force: whatever both claim is a conflict.
	require.NoError(t, c.Status().Apply(t.Context(), client.ApplyConfigurationFromUnstructured(patch), client.FieldOwner("foreshadow-shadows")))
}

func TestTheTwoRolesWriteOneStatus(t *testing.T) {
	pool := clusterPool("web")
	cluster := schemaCluster(t, pool)
	clock := testclock.NewFakeClock(start)
	writer, err := NewStatusWriter(StatusOptions{Client: cluster, FieldOwner: "foreshadow-adapter", Clock: clock})
	require.NoError(t, err)
	read := func() v1alpha1.ShadowPoolStatus {
		var got v1alpha1.ShadowPool
		require.NoError(t, cluster.Get(context.Background(), keyFor("web"), &got))
		return got.Status
	}
	flush := func(s v1alpha1.ShadowPoolStatus) {
		writer.Set(pool, s)
		clock.Step(time.Hour)
		writer.flush(t.Context())
	}

	flush(ours(7))
	applyTheirs(t, cluster, pool, theirs())
	flush(ours(8))
	got := read()
	require.EqualValues(t, 8, *got.Capacity.PredictedReplicas)
	require.EqualValues(t, 1, got.ObservedGeneration)
	require.Len(t, got.Conditions, 3)
	rest := theirs()
	require.Equal(t, normal(t, rest), normal(t, without(got)), "their part is as they wrote it")

	// They take back what they had: nothing of it was ours.
	applyTheirs(t, cluster, pool, v1alpha1.ShadowPoolStatus{Epoch: 6})
	require.Equal(t, v1alpha1.ShadowPoolStatus{Epoch: 6}, without(read()))

	// We take back what we had: nothing of theirs goes.
	applyTheirs(t, cluster, pool, theirs())
	flush(refused(pool, v1alpha1.ReasonWorkloadTaken, "pool api is older"))
	got = read()
	require.Nil(t, got.Forecast)
	require.Nil(t, got.Capacity)
	require.Equal(t, normal(t, rest), normal(t, without(got)))
	var types []string
	for _, c := range got.Conditions {
		types = append(types, c.Type)
	}
	require.ElementsMatch(t, []string{v1alpha1.ConditionRefused, v1alpha1.ConditionShadowsReady, v1alpha1.ConditionHeldBack}, types)
}

// without returns a status without our part of it.
func without(s v1alpha1.ShadowPoolStatus) v1alpha1.ShadowPoolStatus {
	s.ObservedGeneration, s.Forecast, s.Capacity = 0, nil, nil
	s.Conditions = slices.DeleteFunc(slices.Clone(s.Conditions), ownedCondition)
	if len(s.Conditions) == 0 {
		s.Conditions = nil
	}
	return s
}

// normal is a status as it goes over the wire.
func normal(t *testing.T, s v1alpha1.ShadowPoolStatus) string {
	t.Helper()
	raw, err := json.Marshal(s)
	require.NoError(t, err)
	return string(raw)
}

// TestNothingOfTheOtherRoleIsEverApplied hands the writer a whole status, such
// as one that was read.
func TestNothingOfTheOtherRoleIsEverApplied(t *testing.T) {
	whole := theirs()
	mine := ours(7)
	whole.ObservedGeneration, whole.Forecast, whole.Capacity = mine.ObservedGeneration, mine.Forecast, mine.Capacity
	whole.Conditions = append(whole.Conditions, mine.Conditions...)
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(owned(&whole))
	require.NoError(t, err)
	require.Equal(t, []string{"capacity", "conditions", "forecast", "observedGeneration"}, slices.Sorted(maps.Keys(content)))
	require.Equal(t, mine.Conditions, owned(&whole).Conditions)
}

func TestANewLeaderIsNotMisledByTheOtherRolesFields(t *testing.T) {
	pool := clusterPool("web")
	cluster := schemaCluster(t, pool)
	clock := testclock.NewFakeClock(start)
	lead := func(predicted int32) *StatusWriter {
		w, err := NewStatusWriter(StatusOptions{Client: cluster, FieldOwner: "foreshadow-adapter", Clock: clock})
		require.NoError(t, err)
		w.Set(pool, ours(predicted))
		w.flush(t.Context())
		return w
	}
	lead(7)
	applyTheirs(t, cluster, pool, theirs())
	clock.Step(time.Hour)
	next := lead(7)
	require.EqualValues(t, 1, testutil.ToFloat64(next.metrics.writes.WithLabelValues(resultUnchanged)))
	next = lead(8)
	require.EqualValues(t, 1, testutil.ToFloat64(next.metrics.writes.WithLabelValues(resultWritten)))
	var got v1alpha1.ShadowPool
	require.NoError(t, cluster.Get(t.Context(), keyFor("web"), &got))
	ready := meta.FindStatusCondition(got.Status.Conditions, v1alpha1.ConditionForecastReady)
	require.True(t, ready.LastTransitionTime.Equal(&metav1.Time{Time: start}), "since when it holds was read")
}
