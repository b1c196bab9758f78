package warmup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"

	"k8s.io/apimachinery/pkg/util/validation/field"
)

const (
	// ProfileVersion is that of Profile's form.
	ProfileVersion = 1
	// MaxProfileBytes bounds a profile: it is an annotation of a pod.
	MaxProfileBytes = 32 << 10
	// AnyRoute is the profile of all routes that have none of their own.
	AnyRoute = "*"
)

// Profile is how the source pod behaves, and how much load is to come.
type Profile struct {
	Version int `json:"version"`
	// RequestsPerSecond are those of the source pod.
	RequestsPerSecond float64 `json:"requestsPerSecond,omitempty"`
	// LoadRatio is the forecast load over the observed one; 0: not known.
	LoadRatio float64 `json:"loadRatio,omitempty"`
	// CPUSecondsPerRequest are those of the source pod, and of this shadow: a
	// sidecar does not see the CPU of its app. 0: not known.
	CPUSecondsPerRequest       float64 `json:"cpuSecondsPerRequest,omitempty"`
	ShadowCPUSecondsPerRequest float64 `json:"shadowCPUSecondsPerRequest,omitempty"`
	// Routes are named as Request.Route; AnyRoute is for all others.
	Routes map[string]RouteProfile `json:"routes,omitempty"`
}

// RouteProfile is how the source pod answers on a route.
type RouteProfile struct {
	// P50 and P90 are quantiles of the latency, in seconds; 0: not known. P99
	// bounds the 0.9 quantile of the shadow where P90 is not known.
	P50 float64 `json:"p50,omitempty"`
	P90 float64 `json:"p90,omitempty"`
	P99 float64 `json:"p99,omitempty"`
	// Classes are shares of the classes of status, 1 together. Without them all
	// responses are to be 2xx or 3xx, but for the share ErrorRatio, which may fail.
	Classes    map[Class]float64 `json:"classes,omitempty"`
	ErrorRatio float64           `json:"errorRatio,omitempty"`
}

// ParseProfile reads a profile, nil where there is none. Fields that it does not know are those of a newer
// controller, and left alone.
func ParseProfile(raw []byte) (*Profile, error) {
	if len(raw) > MaxProfileBytes {
		return nil, fmt.Errorf("%d bytes: at most %d are read", len(raw), MaxProfileBytes)
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		return nil, nil // the annotation is not there
	}
	p := &Profile{}
	if err := json.Unmarshal(raw, p); err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	if errs := p.validate(); len(errs) > 0 {
		return nil, errs.ToAggregate()
	}
	return p, nil
}

func (p *Profile) validate() (errs field.ErrorList) {
	if p.Version != ProfileVersion {
		return field.ErrorList{field.NotSupported(field.NewPath("version"), strconv.Itoa(p.Version), []string{strconv.Itoa(ProfileVersion)})}
	}
	for name, v := range map[string]float64{
		"requestsPerSecond": p.RequestsPerSecond, "loadRatio": p.LoadRatio,
		"cpuSecondsPerRequest": p.CPUSecondsPerRequest, "shadowCPUSecondsPerRequest": p.ShadowCPUSecondsPerRequest,
	} {
		errs = append(errs, checkPositive(field.NewPath(name), v)...)
	}
	routes := field.NewPath("routes")
	for _, name := range slices.Sorted(maps.Keys(p.Routes)) {
		r, at := p.Routes[name], routes.Key(name)
		errs = append(errs, checkPositive(at.Child("p50"), r.P50)...)
		errs = append(errs, checkPositive(at.Child("p90"), r.P90)...)
		errs = append(errs, checkPositive(at.Child("p99"), r.P99)...)
		errs = append(errs, checkShare(at.Child("errorRatio"), r.ErrorRatio)...)
		for class, share := range r.Classes {
			errs = append(errs, checkShare(at.Child("classes").Key(string(class)), share)...)
		}
	}
	return errs
}

func checkPositive(path *field.Path, v float64) field.ErrorList {
	if v < 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return field.ErrorList{field.Invalid(path, v, "write a number from 0")}
	}
	return nil
}

func checkShare(path *field.Path, v float64) field.ErrorList {
	if v < 0 || v > 1 || math.IsNaN(v) {
		return field.ErrorList{field.Invalid(path, v, "write a share from 0 to 1")}
	}
	return nil
}

// groupOf names what a request of a route is judged with where no tap tells of
// it: its own route where the profile has it or has nothing, or AnyRoute.
func (p *Profile) groupOf(route string) string {
	if p == nil {
		return route
	}
	if _, ok := p.Routes[route]; ok {
		return route
	}
	if _, ok := p.Routes[AnyRoute]; ok {
		return AnyRoute
	}
	return route
}
