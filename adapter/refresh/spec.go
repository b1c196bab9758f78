package refresh

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// DefaultColdStartLead is the cold-start lead of a workload whose start-ups
// nobody has measured.
const DefaultColdStartLead = 5 * time.Minute

// Confine returns the expression that may be asked for a pool of the
// namespace, or why there is none.
type Confine func(expr, namespace string) (string, error)

// SettingsOf reads the spec of a pool that is refreshed once an interval. All
// errors come at once, each with its field.
func SettingsOf(p *v1alpha1.ShadowPool, confine Confine, interval time.Duration) (Settings, error) {
	errs := p.Validate()
	if len(errs) > 0 {
		return Settings{}, errs.ToAggregate()
	}
	spec, err := p.Spec.Settings()
	if err != nil {
		return Settings{}, err
	}
	s := Settings{
		Namespace: p.Namespace, Name: p.Name, Mode: string(p.Spec.Mode),
		Window: spec.Window, Step: spec.Step,
		Model: p.Spec.Algorithm.Type, ShadowQuantile: spec.ShadowQuantile,
		Capacity: capacity.Config{
			CapacityPerReplica: spec.CapacityPerReplica, Headroom: spec.Headroom,
			Quantile: spec.Quantile, Cap: spec.Cap,
			ActivationLead: spec.ActivationLead, ColdStartLead: spec.ColdStartLead,
			MaxAge: spec.MaxAge,
			// Two steps may pass until a value is there, and an interval until we look.
			HoldAfter: 2*spec.Step + interval,
			Suspended: suspended(p),
		},
	}
	if spec.ColdStartAuto {
		s.Capacity.ColdStartLead = DefaultColdStartLead
	}
	load := field.NewPath("spec", "load")
	confined := func(name, expr string) string {
		bound, err := confine(expr, p.Namespace)
		if err != nil {
			errs = append(errs, field.Invalid(load.Child(name), expr, err.Error()))
		}
		return bound
	}
	s.Query = confined("query", p.Spec.Load.Query)
	if query := replicasQuery(p); query != "" {
		s.ReplicasQuery = confined("replicasQuery", query)
	}
	errs = append(errs, checkAlgorithm(field.NewPath("spec", "algorithm"), p.Spec.Algorithm)...)
	return s, errs.ToAggregate()
}

// checkAlgorithm reports a model that there is not, and parameters, which no
// model takes.
func checkAlgorithm(at *field.Path, a v1alpha1.Algorithm) field.ErrorList {
	var errs field.ErrorList
	if names := forecast.ModelNames(); !slices.Contains(names, a.Type) {
		errs = append(errs, field.Invalid(at.Child("type"), a.Type, "write one of "+strings.Join(names, ", ")))
	}
	for _, name := range slices.Sorted(maps.Keys(a.Parameters)) {
		errs = append(errs, field.Invalid(at.Child("parameters"), name, a.Type+" takes no parameter: leave it out"))
	}
	return errs
}

// suspended says why the forecast of a pool is not used.
func suspended(p *v1alpha1.ShadowPool) capacity.Fallback {
	switch {
	case p.ForecastPaused():
		return capacity.FallbackPaused
	case p.Spec.Mode == v1alpha1.ModeObserve:
		return capacity.FallbackObserve
	}
	return capacity.FallbackNone
}

// replicasQuery returns the query of the workload's ready replicas: the pool's
// own, or where the capacity must be learnt what kube-state-metrics (or Argo
// Rollouts) reports.
func replicasQuery(p *v1alpha1.ShadowPool) string {
	if p.Spec.Load.ReplicasQuery != "" {
		return p.Spec.Load.ReplicasQuery
	}
	if p.Spec.Load.CapacityPerReplica != nil {
		return ""
	}
	ns, name := strconv.Quote(p.Namespace), strconv.Quote(p.Spec.ScaleTargetRef.Name)
	switch p.Spec.ScaleTargetRef.Kind {
	case "ReplicaSet":
		return fmt.Sprintf("max(kube_replicaset_status_ready_replicas{namespace=%s, replicaset=%s})", ns, name)
	case "Rollout":
		return fmt.Sprintf("max(rollout_info_replicas_available{namespace=%s, name=%s})", ns, name)
	default:
		return fmt.Sprintf("max(kube_deployment_status_replicas_ready{namespace=%s, deployment=%s})", ns, name)
	}
}
