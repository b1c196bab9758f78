package actuate

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

const (
	// profileAge is how old what is known of the source may be: how an app answers
	// changes with its versions, not with the hour. loadAge is that of a forecast.
	profileAge = 6 * time.Hour
	loadAge    = 30 * time.Minute
)

// sourceProfile returns what a shadow that warms up is to be like, as its sidecar
// reads it: the source pod's requests, latencies and errors, and how much more
// load is to come. Empty where the requests of the pods are not measured.
func sourceProfile(s *v1alpha1.ShadowPoolStatus, now time.Time) (string, error) {
	if s.Profile == nil || s.Profile.Source == nil || now.Sub(s.Profile.ComputedAt.Time) > profileAge {
		return "", nil
	}
	has := map[string]float64{}
	for i := range s.Profile.Dimensions {
		d := &s.Profile.Dimensions[i]
		if v, ok := number(d.Source); ok {
			has[d.Name] = v
		}
	}
	// The names are those of spec.profile.queries.
	p := warmup.Profile{Version: warmup.ProfileVersion, RequestsPerSecond: has["requests"], LoadRatio: loadRatio(s.Forecast, now)}
	if p.RequestsPerSecond > 0 {
		p.CPUSecondsPerRequest = digits(has["cpu"] / p.RequestsPerSecond)
	}
	route := warmup.RouteProfile{P50: has["latencyP50"], P99: has["latencyP99"], ErrorRatio: math.Min(has["errorRatio"], 1)}
	if _, measured := has["errorRatio"]; measured || route.P50 > 0 || route.P99 > 0 {
		p.Routes = map[string]warmup.RouteProfile{warmup.AnyRoute: route}
	}
	if p.RequestsPerSecond == 0 && p.Routes == nil {
		return "", nil
	}
	raw, err := json.Marshal(p)
	if err != nil {
		return "", fmt.Errorf("write annotation %s: %w", v1alpha1.ProfileAnnotation, err)
	}
	return string(raw), nil
}

// loadRatio is the forecast load over the observed one; 0: not known.
func loadRatio(f *v1alpha1.ForecastStatus, now time.Time) float64 {
	if f == nil || now.Sub(f.ComputedAt.Time) > loadAge {
		return 0
	}
	observed, known := number(f.ObservedLoad)
	predicted, foreseen := number(f.PredictedLoad)
	if !known || !foreseen || observed == 0 {
		return 0
	}
	return digits(predicted / observed)
}

// number reads what the metrics role wrote; false where there is nothing.
func number(d v1alpha1.Decimal) (float64, bool) {
	v, err := strconv.ParseFloat(string(d), 64)
	return v, err == nil && v >= 0 && !math.IsInf(v, 0)
}

// digits leaves a number as many digits as matter.
func digits(v float64) float64 {
	short, _ := number(v1alpha1.DecimalOf(v)) // 0, not known, of what is no number
	return short
}

// profileOf returns the annotation that tells a sidecar about the source, and
// whether it is ours to write: one in the template is the user's.
func (c *act) profileOf(p *corev1.Pod, rs *appsv1.ReplicaSet) (string, bool, error) {
	if rs == nil || !slices.ContainsFunc(p.Spec.InitContainers, func(c corev1.Container) bool { return c.Name == observe.SidecarName }) {
		return "", false, nil
	}
	if _, ok := rs.Spec.Template.Annotations[v1alpha1.ProfileAnnotation]; ok {
		return "", false, nil
	}
	text, err := sourceProfile(&c.w.Pool.Status, c.Clock.Now())
	return text, err == nil, err
}

// profile tells the sidecar of a new shadow about the source.
func (c *act) profile(p *corev1.Pod, rs *appsv1.ReplicaSet) error {
	text, ours, err := c.profileOf(p, rs)
	if ours && text != "" {
		p.Annotations[v1alpha1.ProfileAnnotation] = text
	}
	return err
}

// profile tells it anew, in a write that is due anyway.
func (b *body) profile(c *act, t *task) error {
	text, ours, err := c.profileOf(t.pod, t.rs)
	switch {
	case !ours || text == t.pod.Annotations[v1alpha1.ProfileAnnotation]:
		return err
	case text == "":
		b.annotations[v1alpha1.ProfileAnnotation] = nil
	default:
		b.annotations[v1alpha1.ProfileAnnotation] = text
	}
	return nil
}
