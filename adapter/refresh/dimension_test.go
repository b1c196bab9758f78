package refresh

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/publish"
)

// resources answers the load and the replicas as source does, and the queries of
// dimensions from functions of time, by a part of their text.
type resources struct {
	source
	by     map[string]func(time.Time) float64
	errs   map[string]error
	partly map[string][]string // the warnings of an answer
}

func (s *resources) QueryRange(ctx context.Context, expr string, r history.Range) (history.Result, error) {
	for part, err := range s.errs {
		if strings.Contains(expr, part) {
			return history.Result{}, err
		}
	}
	for part, value := range s.by {
		if strings.Contains(expr, part) {
			s.queries++
			return (&source{load: value, since: s.since, warnings: s.partly[part]}).QueryRange(ctx, "load", r)
		}
	}
	return s.source.QueryRange(ctx, expr, r)
}

const (
	cpuUse    = "container_cpu_usage"
	memoryUse = "container_memory_working_set"
	sentUse   = "container_network_transmit"
	limits    = "kube_pod_container_resource_limits"
)

// deciding is a pool whose resources decide beside its load.
func deciding(dimensions ...v1alpha1.Dimension) *v1alpha1.ShadowPool {
	return pool(func(p *v1alpha1.ShadowPool) {
		p.Spec.Load.Dimensions = dimensions
		p.Spec.Load.ReplicasQuery = "replicas"
	})
}

func newResources(by map[string]func(time.Time) float64) *resources {
	return &resources{
		source: source{load: daily, replicas: always(20), since: monday.AddDate(0, 0, -14)},
		by:     by, errs: map[string]error{},
	}
}

func times(f float64) func(time.Time) float64 {
	return func(t time.Time) float64 { return f * daily(t) }
}

func always(v float64) func(time.Time) float64 { return func(time.Time) float64 { return v } }

func TestTheGreatestNeedCounts(t *testing.T) {
	// A replica carries 100 of the load, or half a core: of 0.01 cores for each of
	// the load that is 50 of it.
	src := newResources(map[string]func(time.Time) float64{cpuUse: times(0.01), limits: always(0.5)})
	alone := newTestLoop(t, pool(nil), src)
	both := newTestLoop(t, deciding(v1alpha1.Dimension{Name: v1alpha1.DimensionCPU}), src)
	for _, now := range []time.Time{at(0, "08:30"), at(0, "09:00"), at(0, "12:00")} {
		a, b := alone.Tick(context.Background(), now), both.Tick(context.Background(), now)
		require.NoError(t, b.Refused)
		require.InDelta(t, 2*a.Decision.Value, b.Decision.Value, 1)
		require.InDelta(t, 2*a.Decision.Floor, b.Decision.Floor, 1)
		require.InDelta(t, 2*a.Decision.ShadowNeed, b.Decision.ShadowNeed, 1)
		require.Equal(t, "CPU", b.Decision.Dimension)
		status := b.Status().Capacity
		require.Equal(t, "CPU", status.Decides)
		require.Contains(t, status.Note, "CPU decides, not the load")
		require.Equal(t, []v1alpha1.DimensionStatus{{
			Name: "CPU", PerReplica: "0.5", PerReplicaFrom: v1alpha1.CapacityTemplate, Replicas: int32Of(b.Decision.Value),
		}}, status.Dimensions)
		published := b.Published()
		require.Equal(t, "CPU", published.Deciding)
		require.Equal(t, []publish.DimensionNeed{{Dimension: "CPU", Replicas: b.Decision.Value}}, published.Needs)
	}
}

func TestWithoutDimensionsNothingChanges(t *testing.T) {
	plain := newTestLoop(t, pool(nil), newResources(nil))
	for name, src := range map[string]*resources{
		"a resource that needs less": newResources(map[string]func(time.Time) float64{cpuUse: times(0.001), limits: always(0.5)}),
		"a metric that is missing":   newResources(map[string]func(time.Time) float64{limits: always(0.5)}),
		"an unknown capacity":        newResources(map[string]func(time.Time) float64{cpuUse: times(1), limits: func(time.Time) float64 { return 0 }}),
	} {
		t.Run(name, func(t *testing.T) {
			if name == "an unknown capacity" {
				src.replicas = func(time.Time) float64 { return 0 } // nothing to learn from
			}
			l := newTestLoop(t, deciding(v1alpha1.Dimension{Name: v1alpha1.DimensionCPU}), src)
			for now := at(0, "08:50"); now.Before(at(0, "09:10")); now = now.Add(time.Minute) {
				want, got := plain.Tick(context.Background(), now), l.Tick(context.Background(), now)
				require.Equal(t, want.Forecast, got.Forecast)
				if diff := cmp.Diff(want.Decision, got.Decision, cmpopts.IgnoreFields(capacity.Decision{}, "Shares")); diff != "" {
					t.Fatalf("(-alone +beside the dimension):\n%s", diff)
				}
				require.Equal(t, "Load", got.Status().Capacity.Decides)
			}
			require.Empty(t, plain.Tick(context.Background(), at(0, "09:10")).Status().Capacity.Decides)
			plain = newTestLoop(t, pool(nil), newResources(nil))
		})
	}
}

// An autoscaler follows the value, and with it the replicas and what they hold:
// the value must not follow itself.
func TestMoreReplicasAskForNoMore(t *testing.T) {
	for _, tc := range []struct {
		name      string
		dimension v1alpha1.Dimension
		part      string
		use       func(load, replicas float64) float64
		per       float64
	}{
		{"CPU", v1alpha1.Dimension{Name: v1alpha1.DimensionCPU}, cpuUse, func(load, _ float64) float64 { return 0.01 * load }, 0.5},
		// 880 of the 1,000 that a replica may hold are there without any load. Taken
		// as load they would ask for 11 of 10 replicas, for 12 of 11, up to 32.
		{"Memory", v1alpha1.Dimension{Name: v1alpha1.DimensionMemory}, memoryUse, func(load, n float64) float64 { return 880*n + 0.4*load }, 1000},
	} {
		t.Run(tc.name, func(t *testing.T) {
			taken := map[time.Time]float64{}
			replicas := func(ts time.Time) float64 {
				if n, ok := taken[ts]; ok {
					return n
				}
				return 10
			}
			src := newResources(map[string]func(time.Time) float64{limits: always(tc.per)})
			src.replicas = replicas
			src.by[tc.part] = func(ts time.Time) float64 { return tc.use(daily(ts), replicas(ts)) }
			p := deciding(tc.dimension)
			per := v1alpha1.Decimal("200")
			p.Spec.Load.CapacityPerReplica = &per
			l := newTestLoop(t, p, src)
			var values []int
			for now := at(0, "12:00"); now.Before(at(0, "15:00")); now = now.Add(time.Minute) {
				r := l.Tick(context.Background(), now)
				require.NoError(t, r.Refused)
				require.Len(t, r.Decision.Shares, 1)
				values = append(values, r.Decision.Value)
				taken[now.Add(time.Minute)] = float64(r.Decision.Value)
			}
			require.LessOrEqual(t, values[len(values)-1], values[0], "%v", values)
		})
	}
}

func TestMemoryThatIsFullAtRestHasNoSay(t *testing.T) {
	src := newResources(map[string]func(time.Time) float64{memoryUse: always(20 * 950), limits: always(1000)})
	r := newTestLoop(t, deciding(v1alpha1.Dimension{Name: v1alpha1.DimensionMemory}), src).Tick(context.Background(), at(0, "09:00"))
	require.Empty(t, r.Decision.Shares)
	require.Equal(t, "at rest a replica holds 950 of the 1000 bytes that it may: more replicas would not help", r.Status().Capacity.Dimensions[0].Note)
}

func TestACapacityIsLearntAndResumed(t *testing.T) {
	src := newResources(map[string]func(time.Time) float64{sentUse: times(1000)})
	p := deciding(v1alpha1.Dimension{Name: v1alpha1.DimensionNetworkTransmit})
	r := newTestLoop(t, p, src).Tick(context.Background(), at(0, "12:00"))
	// 1,600,000 bytes/s over 20 replicas, and the headroom that they were run with.
	status := r.Status().Capacity.Dimensions[0]
	require.Equal(t, v1alpha1.CapacityLearnt, status.PerReplicaFrom)
	require.Equal(t, v1alpha1.Decimal("88888.9"), status.PerReplica)
	require.EqualValues(t, 20, *status.Replicas)

	p.Status.Capacity = &v1alpha1.CapacityStatus{Dimensions: []v1alpha1.DimensionStatus{{
		Name: "NetworkTransmit", PerReplica: "100000", PerReplicaFrom: v1alpha1.CapacityLearnt,
	}}}
	r = newTestLoop(t, p, src).Tick(context.Background(), at(0, "12:00"))
	require.Equal(t, v1alpha1.Decimal("100000"), r.Status().Capacity.Dimensions[0].PerReplica, "what is learnt only rises")

	given := v1alpha1.Decimal("50000")
	r = newTestLoop(t, deciding(v1alpha1.Dimension{Name: v1alpha1.DimensionNetworkTransmit, CapacityPerReplica: &given}), src).Tick(context.Background(), at(0, "12:00"))
	require.Equal(t, v1alpha1.CapacityGiven, r.Status().Capacity.Dimensions[0].PerReplicaFrom)
}

func TestALostMetricAsksForWhatItAskedForLast(t *testing.T) {
	src := newResources(map[string]func(time.Time) float64{cpuUse: times(0.01), limits: always(0.5)})
	src.load = always(1600)
	src.by[cpuUse] = always(16)
	l := newTestLoop(t, deciding(v1alpha1.Dimension{Name: v1alpha1.DimensionCPU}), src)
	last := l.Tick(context.Background(), at(0, "12:00")).Decision.Value
	require.Greater(t, last, 30)
	src.errs[cpuUse] = errors.New("unreachable")
	for minute := 1; minute <= 15; minute++ {
		r := l.Tick(context.Background(), at(0, "12:00").Add(time.Duration(minute)*time.Minute))
		require.GreaterOrEqual(t, r.Decision.Value, last)
		require.Equal(t, "unreachable", r.Dimensions[0].Note)
	}
	for minute := 16; minute <= 90; minute += 37 {
		r := l.Tick(context.Background(), at(0, "12:00").Add(time.Duration(minute)*time.Minute))
		require.Equal(t, "CPU", r.Decision.Dimension)
		require.Equal(t, last, r.Decision.Value, "the load alone asks for 18")
		require.True(t, r.Decision.Held)
	}
	delete(src.errs, cpuUse)
	src.by[cpuUse] = func(t time.Time) float64 {
		if t.Before(at(0, "13:31")) {
			return 16
		}
		return 1
	}
	l.Tick(context.Background(), at(0, "13:31"))
	require.Less(t, l.Tick(context.Background(), at(0, "14:31")).Decision.Value, last, "what is read again lowers again")
}

func TestADimensionForgetsWhatItMadeOfPartialAnswers(t *testing.T) {
	whole := newResources(map[string]func(time.Time) float64{cpuUse: times(0.01), limits: always(0.5)})
	src := newResources(map[string]func(time.Time) float64{cpuUse: times(0.005), limits: always(0.5)})
	src.partly = map[string][]string{cpuUse: {"a store did not answer"}}
	p := deciding(v1alpha1.Dimension{Name: v1alpha1.DimensionCPU})
	l, fresh := newTestLoop(t, p, src), newTestLoop(t, p, whole)
	l.Tick(context.Background(), at(0, "08:50"))
	require.True(t, l.dimensions[0].partial)
	src.by[cpuUse], src.partly = times(0.01), nil

	now := at(0, "08:55")
	for ; l.dimensions[0].partial; now = now.Add(time.Minute) {
		require.True(t, now.Before(at(0, "09:30")), "the history is not read again")
		l.Tick(context.Background(), now)
	}
	got, want := l.Tick(context.Background(), now), fresh.Tick(context.Background(), now)
	require.Equal(t, want.Decision.Shares, got.Decision.Shares)
	require.Equal(t, fresh.dimensions[0].forecast, l.dimensions[0].forecast)
}

func TestAFailedReadForgetsNothingOfADimension(t *testing.T) {
	src := newResources(map[string]func(time.Time) float64{cpuUse: times(0.01), limits: always(0.5)})
	l := newTestLoop(t, deciding(v1alpha1.Dimension{Name: v1alpha1.DimensionCPU}), src)
	l.Tick(context.Background(), at(0, "09:00"))
	fitted := l.dimensions[0].fits.Current()
	src.errs[cpuUse] = errors.New("unreachable")
	l.Tick(context.Background(), at(0, "09:01"))
	require.NotNil(t, l.dimensions[0].forecast)
	delete(src.errs, cpuUse)
	l.Tick(context.Background(), at(0, "09:02"))
	require.Same(t, fitted, l.dimensions[0].fits.Current())
}

func TestNewSettingsForecastDimensionsAnew(t *testing.T) {
	src := newResources(map[string]func(time.Time) float64{cpuUse: times(0.01), limits: always(0.5)})
	p := deciding(v1alpha1.Dimension{Name: v1alpha1.DimensionCPU})
	l := newTestLoop(t, p, src)
	l.Tick(context.Background(), at(0, "09:00"))
	p.Spec.Prediction.Quantile = "0.8"
	s, err := SettingsOf(p, asGiven, DefaultInterval)
	require.NoError(t, err)
	next, err := NewLoop(s, src, l)
	require.NoError(t, err)
	require.Nil(t, next.dimensions[0].forecast, "it was asked for other quantiles")
	next.Tick(context.Background(), at(0, "09:01"))
	require.Contains(t, next.dimensions[0].forecast.Levels, 0.8)
}

func TestADimensionAsksOnceARound(t *testing.T) {
	src := newResources(map[string]func(time.Time) float64{cpuUse: times(0.01), limits: always(0.5)})
	l := newTestLoop(t, deciding(v1alpha1.Dimension{Name: v1alpha1.DimensionCPU}), src)
	l.Tick(context.Background(), at(0, "12:00"))
	src.queries = 0
	for minute := 1; minute <= 60; minute++ {
		l.Tick(context.Background(), at(0, "12:00").Add(time.Duration(minute)*time.Minute))
	}
	require.Equal(t, 60*3+1, src.queries, "the load, the replicas, the use, and once what a pod may use")
}

func TestTwoLoopsWithDimensionsDecideAlike(t *testing.T) {
	src := func() *resources {
		return newResources(map[string]func(time.Time) float64{
			cpuUse: times(0.01), memoryUse: func(t time.Time) float64 { return 500*20 + 3*daily(t) }, `resource="cpu"`: always(0.5),
			`resource="memory"`: always(900),
		})
	}
	p := deciding(v1alpha1.Dimension{Name: v1alpha1.DimensionCPU}, v1alpha1.Dimension{Name: v1alpha1.DimensionMemory})
	early, late := newTestLoop(t, p, src()), newTestLoop(t, p, src())
	for now := at(0, "06:00"); now.Before(at(0, "09:10")); now = now.Add(10 * time.Minute) {
		early.Tick(context.Background(), now)
	}
	want, got := early.Tick(context.Background(), at(0, "09:10")), late.Tick(context.Background(), at(0, "09:10"))
	require.Len(t, want.Decision.Shares, 2)
	if diff := cmp.Diff(want.Decision, got.Decision); diff != "" {
		t.Errorf("a loop that started later decides otherwise (-early +late):\n%s", diff)
	}
	require.Equal(t, want.Dimensions, got.Dimensions)
}
