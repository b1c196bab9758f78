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

// Binding says what the expressions of pools are bound to: those that a pool
// gives, and those that we write for it, which name no namespace by themselves.
type Binding struct {
	Given, Ours Confine
}

// SettingsOf reads the spec of a pool that is refreshed once an interval. All
// errors come at once, each with its field.
func SettingsOf(p *v1alpha1.ShadowPool, bind Binding, interval time.Duration) (Settings, error) {
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
		Window: min(spec.Window, forecast.Window), Step: spec.Step,
		Model: p.Spec.Algorithm.Type, ShadowQuantile: spec.ShadowQuantile,
		Capacity: capacity.Config{
			CapacityPerReplica: spec.CapacityPerReplica, Headroom: spec.Headroom,
			Quantile: spec.Quantile, Cap: spec.Cap,
			ActivationLead: spec.ActivationLead, ColdStartLead: spec.ColdStartLead,
			MaxAge: spec.MaxAge, Interval: interval,
			// Two steps may pass until a value is there, and an interval until we look.
			HoldAfter: 2*spec.Step + interval,
			Suspended: suspended(p),
		},
	}
	if at := p.Status.Capacity; at != nil && at.PerReplicaFrom == v1alpha1.CapacityLearnt {
		s.Learnt, _ = at.PerReplica.Parse() // a status that cannot be read taught nothing
	}
	if least := 3*spec.Step + interval; spec.MaxAge < least {
		errs = append(errs, field.Invalid(field.NewPath("spec", "prediction", "maxAge"), string(p.Spec.Prediction.MaxAge),
			fmt.Sprintf("write at least %v, three times history.step and the time between two refreshes", v1alpha1.DurationOf(least))))
	}
	if spec.ColdStartAuto {
		s.Capacity.ColdStartLead = DefaultColdStartLead
	}
	load := field.NewPath("spec", "load")
	confined := func(confine Confine, name, expr string) string {
		bound, err := confine(expr, p.Namespace)
		if err != nil {
			errs = append(errs, field.Invalid(load.Child(name), expr, err.Error()))
		}
		return bound
	}
	s.Query = confined(bind.Given, "query", p.Spec.Load.Query)
	if given := p.Spec.Load.ReplicasQuery; given != "" {
		s.ReplicasQuery = confined(bind.Given, "replicasQuery", given)
	} else if p.Spec.Load.CapacityPerReplica == nil {
		s.ReplicasQuery = confined(bind.Ours, "replicasQuery", replicasQuery(p))
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

// replicasQuery returns the query of the workload's ready replicas as
// kube-state-metrics or Argo Rollouts report them. The confinement adds the
// namespace, under the label that the operator's metrics have it.
func replicasQuery(p *v1alpha1.ShadowPool) string {
	name := strconv.Quote(p.Spec.ScaleTargetRef.Name)
	switch p.Spec.ScaleTargetRef.Kind {
	case "ReplicaSet":
		return fmt.Sprintf("max(kube_replicaset_status_ready_replicas{replicaset=%s})", name)
	case "Rollout":
		return fmt.Sprintf("max(rollout_info_replicas_available{name=%s})", name)
	default:
		return fmt.Sprintf("max(kube_deployment_status_replicas_ready{deployment=%s})", name)
	}
}
