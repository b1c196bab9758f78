package v1alpha1_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

func TestDurationParse(t *testing.T) {
	for d, want := range map[v1alpha1.Duration]time.Duration{
		"28d": 28 * 24 * time.Hour, "90s": 90 * time.Second, "1h30m": 90 * time.Minute, "2w1d": 15 * 24 * time.Hour, "0s": 0,
	} {
		got, err := d.Parse()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for _, d := range []v1alpha1.Duration{"", "90", "1m1h", "-1s", "1.5h", "500ms"} {
		_, err := d.Parse()
		require.EqualError(t, err, "duration \""+string(d)+"\": write weeks, days, hours, minutes and seconds in this order, such as 28d, 90s or 1h30m")
	}
}

func TestTheLongestDurationDoesNotOverflow(t *testing.T) {
	got, err := v1alpha1.Duration("999w9999d99999h9999999m999999999s").Parse()
	require.NoError(t, err)
	require.Positive(t, got)
}

func TestDurationOfIsReadBack(t *testing.T) {
	for _, want := range []time.Duration{0, time.Second, 90 * time.Second, 14 * 24 * time.Hour, 27*24*time.Hour + 3*time.Hour + time.Second} {
		got, err := v1alpha1.DurationOf(want + 300*time.Millisecond).Parse()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	// Prometheus would write 1y, which the pattern does not know.
	got, err := v1alpha1.DurationOf(365 * 24 * time.Hour).Parse()
	require.NoError(t, err)
	require.Equal(t, 365*24*time.Hour, got)
}

func TestDecimalOf(t *testing.T) {
	for v, want := range map[float64]v1alpha1.Decimal{
		0: "0", 120: "120", 1234.5678: "1234.57", 0.00001234567: "0.0000123457", 98765432: "98765400", math.NaN(): "", math.Inf(1): "",
	} {
		require.Equal(t, want, v1alpha1.DecimalOf(v))
	}
}

func TestSettings(t *testing.T) {
	pool := &v1alpha1.ShadowPool{}
	pool.Spec.ScaleTargetRef.Name, pool.Spec.Load.Query = "web", "up"
	_, err := pool.Spec.Settings()
	require.EqualError(t, err, "read headroomPercent: the pool has no defaults yet")

	pool.Default()
	want := v1alpha1.Settings{
		Headroom: 0.1, Window: 28 * 24 * time.Hour, Step: time.Minute, Quantile: 0.9, ShadowQuantile: 0.99, Cap: 1.5,
		ColdStartAuto: true, ActivationLead: time.Minute, MaxAge: 15 * time.Minute,
	}
	got, err := pool.Spec.Settings()
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got))

	pool.Spec.Load.CapacityPerReplica = ptr.To[v1alpha1.Decimal]("120")
	pool.Spec.Prediction.ColdStartLead = "3m"
	want.CapacityGiven, want.CapacityPerReplica, want.ColdStartAuto, want.ColdStartLead = true, 120, false, 3*time.Minute
	got, err = pool.Spec.Settings()
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, got))

	pool.Spec.History.Step, pool.Spec.Prediction.Cap = "often", "high"
	_, err = pool.Spec.Settings()
	require.ErrorContains(t, err, `duration "often": write`)
	require.ErrorContains(t, err, `number "high": write`)
}

func TestPause(t *testing.T) {
	for _, tt := range []struct {
		name              string
		annotations       map[string]string
		forecast, shadows bool
	}{
		{name: "without the annotation nothing is paused"},
		{name: "forecast leaves shadows alone", annotations: map[string]string{v1alpha1.PauseAnnotation: "forecast"}, forecast: true},
		{name: "shadows leaves the forecast alone", annotations: map[string]string{v1alpha1.PauseAnnotation: "shadows"}, shadows: true},
		{name: "all is both", annotations: map[string]string{v1alpha1.PauseAnnotation: "all"}, forecast: true, shadows: true},
		{name: "a mistyped value is both", annotations: map[string]string{v1alpha1.PauseAnnotation: "yes"}, forecast: true, shadows: true},
		{name: "an empty value is both", annotations: map[string]string{v1alpha1.PauseAnnotation: ""}, forecast: true, shadows: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pool := &v1alpha1.ShadowPool{}
			pool.Annotations = tt.annotations
			require.Equal(t, tt.forecast, pool.ForecastPaused())
			require.Equal(t, tt.shadows, pool.ShadowsPaused())
		})
	}
}

func TestAMistypedPauseIsNamedApart(t *testing.T) {
	pool := &v1alpha1.ShadowPool{}
	pool.Name, pool.Spec.ScaleTargetRef.Name, pool.Spec.Load.Query = "web", "web", "up"
	pool.Annotations = map[string]string{v1alpha1.PauseAnnotation: "yes"}
	pool.Default()
	require.Equal(t, []string{`metadata.annotations[foreshadow.dev/pause]: Unsupported value: "yes": supported values: "forecast", "shadows", "all"`}, sentences(pool.ValidatePause()))
	require.Empty(t, pool.Validate())
}

func TestValidateSaysAllAtOnce(t *testing.T) {
	pool := &v1alpha1.ShadowPool{}
	pool.Name, pool.Spec.Load.Query = strings.Repeat("a", 57), "up"
	pool.Spec.Prediction.Quantile, pool.Spec.History.Step = "95", "7m"
	pool.Default()
	require.Len(t, pool.Validate(), 4)
}

func TestAddToSchemeKnowsTheKinds(t *testing.T) {
	scheme := runtime.NewScheme()
	require.NoError(t, v1alpha1.AddToScheme(scheme))
	require.True(t, scheme.Recognizes(v1alpha1.GroupVersionKind()))
	require.True(t, scheme.Recognizes(v1alpha1.GroupVersion().WithKind("ShadowPoolList")))
}
