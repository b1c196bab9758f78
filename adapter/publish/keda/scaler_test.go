package keda

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"k8s.io/utils/clock"
	"sigs.k8s.io/yaml"

	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/publish/keda/externalscaler"
)

func TestGetMetrics(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for value, want := range map[float64]float64{7: 7, 6.2: 7, 0: 0, 1 << 20: 1 << 20} {
		r.publish(value)
		got, err := r.client.GetMetrics(t.Context(), capacityOf(ref("pool", "web")))
		require.NoError(t, err)
		wanted := &externalscaler.GetMetricsResponse{MetricValues: []*externalscaler.MetricValue{
			{MetricName: publish.MetricPredictedCapacity, MetricValue: int64(want), MetricValueFloat: want},
		}}
		if diff := cmp.Diff(wanted, got, protocmp.Transform()); diff != "" {
			t.Errorf("capacity %v (-want +got):\n%s", value, diff)
		}
		active, err := r.client.IsActive(t.Context(), ref("pool", "web"))
		require.NoError(t, err)
		require.Equal(t, want > 0, active.GetResult(), "capacity %v", value)
	}
}

func TestGetMetricSpec(t *testing.T) {
	t.Parallel()
	got, err := newRig(t).client.GetMetricSpec(t.Context(), ref("pool", "not-there-yet"))
	require.NoError(t, err)
	want := &externalscaler.GetMetricSpecResponse{MetricSpecs: []*externalscaler.MetricSpec{
		{MetricName: "foreshadow_predicted_capacity_replicas", TargetSize: 1, TargetSizeFloat: 1},
	}}
	if diff := cmp.Diff(want, got, protocmp.Transform()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// KEDA gives up on StreamMetricSpec for good by this code alone.
func TestStreamMetricSpecIsUnimplemented(t *testing.T) {
	t.Parallel()
	stream, err := newRig(t).client.StreamMetricSpec(t.Context(), ref("pool", "web"))
	require.NoError(t, err)
	_, err = stream.Recv()
	require.Equal(t, codes.Unimplemented, status.Code(err))
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)
	stale := publish.Reading{Value: 7, ComputedAt: now, ValidUntil: now}
	fresh := func(v float64) publish.Reading {
		return publish.Reading{Value: v, ComputedAt: now, ValidUntil: now.AddDate(100, 0, 0)}
	}
	tests := []struct {
		name     string
		capacity publish.Reading
		ask      *externalscaler.ScaledObjectRef
		code     codes.Code
		want     string
	}{
		{
			name: "no pool is named", capacity: fresh(7), ask: ref(), code: codes.InvalidArgument,
			want: "metadata key pool: missing: write the name of a ShadowPool in the namespace of the ScaledObject",
		},
		{
			name: "a key is misspelt", capacity: fresh(7), ask: ref("Pool", "web"), code: codes.InvalidArgument,
			want: "metadata key pool: missing: write the name of a ShadowPool in the namespace of the ScaledObject; " +
				`metadata key "Pool": not known: write pool, and leave this one out`,
		},
		{
			name: "a name that no pool can have", capacity: fresh(7), ask: ref("pool", "Web!"), code: codes.InvalidArgument,
			want: `metadata key pool: "Web!" is no name of a ShadowPool: write one, such as web`,
		},
		{
			name: "no namespace", capacity: fresh(7), code: codes.InvalidArgument,
			ask:  &externalscaler.ScaledObjectRef{ScalerMetadata: map[string]string{"pool": "web"}},
			want: `scaledObjectRef.namespace: "" is no namespace: write that of the ScaledObject`,
		},
		{
			name: "many keys", capacity: fresh(7), code: codes.InvalidArgument,
			ask: ref("pool", "web", "a", "", "b", "", "c", "", "d", "", "e", "", "f", ""),
			want: `metadata key "a": not known: write pool, and leave this one out; metadata key "b": not known: write pool, and leave this one out; ` +
				`metadata key "c": not known: write pool, and leave this one out; metadata key "d": not known: write pool, and leave this one out; ` +
				`metadata key "e": not known: write pool, and leave this one out; and more keys like these`,
		},
		{
			name: "a pool that is not there", capacity: fresh(7), ask: ref("pool", "wed"), code: codes.NotFound,
			want: `namespace "shop" has no pool "wed" with published values: look at kubectl get shadowpool -n shop, ` +
				"and write one of them into the trigger's metadata",
		},
		{
			name: "a pool of another namespace", capacity: fresh(7), code: codes.NotFound,
			ask: &externalscaler.ScaledObjectRef{Namespace: "other", ScalerMetadata: map[string]string{"pool": "web"}},
			want: `namespace "other" has no pool "web" with published values: look at kubectl get shadowpool -n other, ` +
				"and write one of them into the trigger's metadata",
		},
		{
			name: "nothing is computed yet", ask: ref("pool", "web"), code: codes.Unavailable,
			want: `foreshadow_predicted_capacity_replicas of pool "web" in namespace "shop" is withheld: it has not been computed yet`,
		},
		{
			name: "not a number", capacity: fresh(math.NaN()), ask: ref("pool", "web"), code: codes.Unavailable,
			want: `foreshadow_predicted_capacity_replicas of pool "web" in namespace "shop" is withheld: ` +
				"it was computed as NaN, which is not a number of anything",
		},
		{
			name: "less than nothing", capacity: fresh(-1), ask: ref("pool", "web"), code: codes.Unavailable,
			want: `foreshadow_predicted_capacity_replicas of pool "web" in namespace "shop" is withheld: no workload can have so many replicas`,
		},
		{
			name: "more than replicas can be", capacity: fresh(1e300), ask: ref("pool", "web"), code: codes.Unavailable,
			want: `foreshadow_predicted_capacity_replicas of pool "web" in namespace "shop" is withheld: no workload can have so many replicas`,
		},
		{
			name: "withheld", capacity: publish.Refuse("the capacity per replica is unknown"), ask: ref("pool", "web"), code: codes.Unavailable,
			want: `foreshadow_predicted_capacity_replicas of pool "web" in namespace "shop" is withheld: the capacity per replica is unknown`,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.board.Publish(testPool(tt.capacity))
			_, err := r.client.GetMetrics(t.Context(), capacityOf(tt.ask))
			require.Equal(t, tt.want, status.Convert(err).Message())
			require.Equal(t, tt.code, status.Code(err))
			_, err = r.client.IsActive(t.Context(), tt.ask)
			require.Equal(t, tt.want, status.Convert(err).Message(), "IsActive")
		})
	}
	t.Run("stale", func(t *testing.T) {
		t.Parallel()
		r := newRig(t)
		r.board.Publish(testPool(stale))
		_, err := r.client.GetMetrics(t.Context(), capacityOf(ref("pool", "web")))
		require.Equal(t, codes.Unavailable, status.Code(err))
		require.Contains(t, status.Convert(err).Message(), "was valid until 2026-11-23T12:00:00Z: nothing newer was computed")
	})
	t.Run("another metric", func(t *testing.T) {
		t.Parallel()
		_, err := newRig(t).client.GetMetrics(t.Context(), &externalscaler.GetMetricsRequest{ScaledObjectRef: ref("pool", "web"), MetricName: "cpu"})
		require.Equal(t, status.New(codes.InvalidArgument, `metricName: "cpu" is none of this scaler: write foreshadow_predicted_capacity_replicas`).String(),
			status.Convert(err).String())
	})
}

// answers receives what a stream says until it ends.
func answers(stream grpc.ServerStreamingClient[externalscaler.IsActiveResponse]) <-chan bool {
	said := make(chan bool, 100)
	go func() {
		defer close(said)
		for {
			m, err := stream.Recv()
			if err != nil {
				return
			}
			said <- m.GetResult()
		}
	}()
	return said
}

func TestStreamSaysChanges(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t)
		stream, err := r.client.StreamIsActive(t.Context(), ref("pool", "web"))
		require.NoError(t, err)
		said := answers(stream)
		after := func(d time.Duration, want ...bool) {
			t.Helper()
			clock.RealClock{}.Sleep(d)
			synctest.Wait()
			var got []bool
			for len(said) > 0 {
				got = append(got, <-said)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}

		after(10 * time.Second) // there is no pool yet
		r.publish(3)
		after(lookEvery, true)
		r.publish(5)
		after(lookEvery) // active as before
		r.publish(0)
		after(lookEvery, false)
		r.board.Publish(testPool(publish.Refuse("the history cannot be read")))
		after(time.Minute) // not known is not a change
		r.publish(1)
		after(lookEvery, true)
		after(20 * time.Minute) // its value has ended by age
		r.board.Remove("shop", "web")
		after(time.Minute)
		r.publish(0)
		after(lookEvery, false)
	})
}

func TestStreamRefusesWrongMetadata(t *testing.T) {
	t.Parallel()
	stream, err := newRig(t).client.StreamIsActive(t.Context(), ref())
	require.NoError(t, err)
	_, err = stream.Recv()
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

// The trigger that the docs show is taken.
func TestTheExampleIsTaken(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "examples", "scaledobject.yaml"))
	require.NoError(t, err)
	var example struct {
		Metadata struct{ Namespace string }
		Spec     struct {
			Triggers []struct {
				Type     string
				Metadata map[string]string
			}
		}
	}
	document, _, _ := strings.Cut(string(raw), "\n---\n")
	require.NoError(t, yaml.Unmarshal([]byte(document), &example))
	require.Equal(t, "external-push", example.Spec.Triggers[0].Type)
	got, err := parseTrigger(&externalscaler.ScaledObjectRef{Namespace: example.Metadata.Namespace, ScalerMetadata: example.Spec.Triggers[0].Metadata})
	require.NoError(t, err)
	require.Equal(t, trigger{namespace: "shop", pool: "web"}, got)
}
