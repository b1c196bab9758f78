package actuate

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

// measured is a status as the metrics role writes it at a time.
func measured(at time.Time) v1alpha1.ShadowPoolStatus {
	dimension := func(name string, source v1alpha1.Decimal) v1alpha1.ProfileDimension {
		return v1alpha1.ProfileDimension{Name: name, Median: "7", Deviation: "1", Source: source}
	}
	return v1alpha1.ShadowPoolStatus{
		Forecast: &v1alpha1.ForecastStatus{ComputedAt: metav1.NewTime(at), ObservedLoad: "800", PredictedLoad: "1000"},
		Profile: &v1alpha1.ProfileStatus{
			ComputedAt: metav1.NewTime(at), Source: &v1alpha1.SourcePod{Pod: "web-live"},
			Dimensions: []v1alpha1.ProfileDimension{
				dimension("cpu", "0.5"), dimension("memory", "1000000"), dimension("requests", "40"), dimension("latencyP50", "0.01"),
				dimension("latencyP99", "0.08"), dimension("errorRatio", "0.02"),
			},
		},
	}
}

const measuredProfile = `{"version":1,"requestsPerSecond":40,"loadRatio":1.25,"cpuSecondsPerRequest":0.0125,` +
	`"routes":{"*":{"p50":0.01,"p99":0.08,"errorRatio":0.02}}}`

func TestSourceProfile(t *testing.T) {
	for name, tt := range map[string]struct {
		alter func(*v1alpha1.ShadowPoolStatus)
		want  string
	}{
		"everything": {func(*v1alpha1.ShadowPoolStatus) {}, measuredProfile},
		"no profile": {func(s *v1alpha1.ShadowPoolStatus) { s.Profile = nil }, ""},
		"no source":  {func(s *v1alpha1.ShadowPoolStatus) { s.Profile.Source = nil }, ""},
		"a profile of yesterday": {func(s *v1alpha1.ShadowPoolStatus) {
			s.Profile.ComputedAt = metav1.NewTime(started.Add(-profileAge - 1))
		}, ""},
		"nobody measures its requests": {func(s *v1alpha1.ShadowPoolStatus) { s.Profile.Dimensions = s.Profile.Dimensions[:2] }, ""},
		"requests alone": {
			func(s *v1alpha1.ShadowPoolStatus) { s.Profile.Dimensions = s.Profile.Dimensions[2:3] },
			`{"version":1,"requestsPerSecond":40,"loadRatio":1.25}`,
		},
		"latency alone": {
			func(s *v1alpha1.ShadowPoolStatus) { s.Profile.Dimensions = s.Profile.Dimensions[3:4] },
			`{"version":1,"loadRatio":1.25,"routes":{"*":{"p50":0.01}}}`,
		},
		"errors alone, and there are none": {func(s *v1alpha1.ShadowPoolStatus) {
			s.Profile.Dimensions = []v1alpha1.ProfileDimension{{Name: "errorRatio", Source: "0"}}
		}, `{"version":1,"loadRatio":1.25,"routes":{"*":{}}}`},
		"a forecast of an hour ago": {func(s *v1alpha1.ShadowPoolStatus) {
			s.Forecast.ComputedAt = metav1.NewTime(started.Add(-time.Hour))
			s.Profile.Dimensions = s.Profile.Dimensions[2:3]
		}, `{"version":1,"requestsPerSecond":40}`},
		"no load": {func(s *v1alpha1.ShadowPoolStatus) {
			s.Forecast.ObservedLoad, s.Profile.Dimensions = "0", s.Profile.Dimensions[2:3]
		}, `{"version":1,"requestsPerSecond":40}`},
		"what nobody can read": {func(s *v1alpha1.ShadowPoolStatus) {
			s.Forecast.PredictedLoad, s.Profile.Dimensions[3].Source = "many", ""
		}, `{"version":1,"requestsPerSecond":40,"cpuSecondsPerRequest":0.0125,"routes":{"*":{"p99":0.08,"errorRatio":0.02}}}`},
	} {
		t.Run(name, func(t *testing.T) {
			s := measured(started)
			tt.alter(&s)
			got, err := sourceProfile(&s, started)
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
			p, err := warmup.ParseProfile([]byte(got))
			require.NoError(t, err, "a sidecar reads it")
			require.Equal(t, tt.want == "", p == nil)
		})
	}
}

// warms makes a stage whose shadows get a sidecar, and whose source is known.
func warms(s *stage) {
	s.pool.Spec.WarmUp.AppPort = new(int32(8080))
	m := measured(started)
	s.pool.Status.Profile, s.pool.Status.Forecast = m.Profile, m.Forecast
}

// A shadow is born with what it is to be like, where it has a sidecar to read it
// and its template does not say so itself.
func TestNewPodKnowsItsSource(t *testing.T) {
	_, p := newShadow(t, warms)
	require.Equal(t, measuredProfile, p.Annotations[v1alpha1.ProfileAnnotation])

	_, p = newShadow(t, func(s *stage) {
		warms(s)
		s.pool.Spec.WarmUp.AppPort = nil
	})
	require.NotContains(t, p.Annotations, v1alpha1.ProfileAnnotation)

	_, p = newShadow(t, func(s *stage) {
		warms(s)
		s.rs.Spec.Template.Annotations = map[string]string{v1alpha1.ProfileAnnotation: "its owner's"}
	})
	require.Equal(t, "its owner's", p.Annotations[v1alpha1.ProfileAnnotation])
}

// marked returns what the one write says that lets a shadow warm up.
func marked(t *testing.T, kind shadow.Kind, alter func(*stage, *corev1.Pod)) map[string]any {
	t.Helper()
	s := newStage(t, 4, 1, func(s *stage) {
		p := s.shadow(0)
		p.Labels[v1alpha1.StateLabel] = "creating"
		p.Spec.InitContainers = []corev1.Container{{Name: observe.SidecarName}}
		p.Annotations[v1alpha1.ProfileAnnotation] = "of before"
		warms(s)
		alter(s, p)
	})
	s.act(t, s.do(kind, s.shadow(0)))
	writes := s.recorder.pods()
	require.Len(t, writes, 1)
	var patch struct {
		Metadata struct{ Annotations map[string]any }
	}
	require.NoError(t, json.Unmarshal(writes[0].Patch, &patch))
	return patch.Metadata.Annotations
}

// When it begins to warm up it hears of its source anew, in the write that says
// so, and in no other.
func TestWarmingHearsOfTheSource(t *testing.T) {
	got := marked(t, shadow.KindMarkWarming, func(*stage, *corev1.Pod) {})
	require.Equal(t, measuredProfile, got[v1alpha1.ProfileAnnotation])

	got = marked(t, shadow.KindMarkWarming, func(s *stage, _ *corev1.Pod) { s.pool.Status.Profile = nil })
	require.Contains(t, got, v1alpha1.ProfileAnnotation)
	require.Nil(t, got[v1alpha1.ProfileAnnotation], "nobody knows the source any more")

	for name, alter := range map[string]func(*stage, *corev1.Pod){
		"it knows already":  func(_ *stage, p *corev1.Pod) { p.Annotations[v1alpha1.ProfileAnnotation] = measuredProfile },
		"it has no sidecar": func(_ *stage, p *corev1.Pod) { p.Spec.InitContainers = nil },
		"the template says": func(s *stage, _ *corev1.Pod) {
			s.rs.Spec.Template.Annotations = map[string]string{v1alpha1.ProfileAnnotation: "its owner's"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.NotContains(t, marked(t, shadow.KindMarkWarming, alter), v1alpha1.ProfileAnnotation)
		})
	}
}

// A source that is measured anew writes nothing to shadows that wait.
func TestSourceWritesNothingAtRest(t *testing.T) {
	s := newStage(t, 4, 1, warms, func(s *stage) { s.pool.Spec.MinShadows = new(int32(1)) })
	for hour := range 3 {
		at := started.Add(time.Duration(hour) * time.Hour)
		s.clock.SetTime(at)
		w := s.fresh()
		w.Pool = w.Pool.DeepCopy()
		m := measured(at)
		m.Profile.Dimensions[2].Source = v1alpha1.DecimalOf(float64(40 + hour))
		w.Pool.Status.Profile, w.Pool.Status.Forecast = m.Profile, m.Forecast
		require.NoError(t, s.actuator.Refresh(t.Context(), w))
		in := observe.Observe(*w)
		d := shadow.Plan(at, in)
		require.Empty(t, d.Broken)
		_, err := s.actuator.Act(t.Context(), w, &in, &d)
		require.NoError(t, err)
	}
	for _, w := range s.recorder.pods() {
		require.NotEqual(t, s.shadow(0).Name, w.Object.GetName(), "%s %s", w.Verb, w.Patch)
	}
}
