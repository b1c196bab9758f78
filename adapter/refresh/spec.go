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
	"github.com/foreshadow-dev/foreshadow/adapter/calendar"
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
	// Live is Given for the load of a pool that may have shadows, without their
	// series; nil where no pool can have any.
	Live func(expr, namespace, pool string) (string, error)
}

// load returns what the load of a pool is bound to.
func (b Binding) load(p *v1alpha1.ShadowPool) Confine {
	if b.Live == nil || !hadShadows(p) {
		return b.Given
	}
	return func(expr, namespace string) (string, error) { return b.Live(expr, namespace, p.Name) }
}

// hadShadows says that there may be series of shadows in the history of a pool.
func hadShadows(p *v1alpha1.ShadowPool) bool {
	return p.Spec.Mode == v1alpha1.ModeActive || len(p.Status.Shadows) > 0 || len(p.Status.Deactivated) > 0
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
		Namespace: p.Namespace, Name: p.Name, Mode: p.Spec.Mode,
		Window: min(spec.Window, forecast.Window), Step: spec.Step,
		Model: p.Spec.Algorithm.Type, GivenColdStart: spec.ColdStartLead, Standby: StandbyOf(p),
		Capacity: capacity.Config{
			CapacityPerReplica: spec.CapacityPerReplica, Headroom: spec.Headroom,
			Quantile: spec.Quantile, ShadowQuantile: spec.ShadowQuantile, Cap: spec.Cap,
			ActivationLead: spec.ActivationLead, MaxAge: spec.MaxAge, Interval: interval,
			// Two steps may pass until a value is there, and an interval until we look.
			HoldAfter: 2*spec.Step + interval,
			Suspended: suspended(p),
		},
	}
	s.MinReady, _ = p.Spec.WarmUp.MinReady.Parse() // Validate has read it
	s = s.resumed(p)
	s = s.withLeads(s.Standby)
	if least := 3*spec.Step + interval; spec.MaxAge < least {
		errs = append(errs, field.Invalid(field.NewPath("spec", "prediction", "maxAge"), string(p.Spec.Prediction.MaxAge),
			fmt.Sprintf("write at least %v, three times history.step and the time between two refreshes", v1alpha1.DurationOf(least))))
	}
	if s.Calendar, err = calendar.Of(&p.Spec.Calendar); err != nil {
		// The days were read by Validate: what is left is the zone.
		errs = append(errs, field.Invalid(field.NewPath("spec", "calendar", "timeZone"), p.Spec.Calendar.TimeZone, "write a time zone of the IANA database, such as Europe/Berlin"))
	}
	load := field.NewPath("spec", "load")
	confined := func(confine Confine, name, expr string) string {
		bound, err := confine(expr, p.Namespace)
		if err != nil {
			errs = append(errs, field.Invalid(load.Child(name), expr, err.Error()))
		}
		return bound
	}
	s.Query = confined(bind.load(p), "query", p.Spec.Load.Query)
	if given := p.Spec.Load.ReplicasQuery; given != "" {
		s.ReplicasQuery = confined(bind.Given, "replicasQuery", given)
	} else if p.Spec.Load.CapacityPerReplica == nil || len(p.Spec.Load.Dimensions) > 0 {
		s.ReplicasQuery = confined(bind.Ours, "replicasQuery", replicasQuery(p))
	}
	dimensions, dimensionErrs := dimensionSettings(p, bind)
	s.Dimensions, errs = dimensions, append(errs, dimensionErrs...)
	profile, profileErrs := profileConfig(p, bind, s.Window)
	s.Profile, errs = profile, append(errs, profileErrs...)
	parameters, refused := readAlgorithm(field.NewPath("spec", "algorithm"), p.Spec.Algorithm)
	s.Parameters, errs = parameters, append(errs, refused...)
	return s, errs.ToAggregate()
}

// resumed takes over what an earlier process found and wrote into the status.
func (s Settings) resumed(p *v1alpha1.ShadowPool) Settings {
	s.NoSkill = hadNoSkill(p)
	at := p.Status.Capacity
	if at == nil {
		return s
	}
	if at.PerReplicaFrom == v1alpha1.CapacityLearnt {
		s.Learnt, _ = at.PerReplica.Parse() // a status that cannot be read taught nothing
	}
	if at.PredictedReplicas != nil {
		s.LastValue = int(max(*at.PredictedReplicas, 0))
	}
	return s
}

// readAlgorithm reads the parameters, and reports a model that there is not and
// parameters that it does not take so.
func readAlgorithm(at *field.Path, a v1alpha1.Algorithm) (parameters map[string]int, errs field.ErrorList) {
	if names := forecast.ModelNames(); !slices.Contains(names, a.Type) {
		errs = append(errs, field.Invalid(at.Child("type"), a.Type, "write one of "+strings.Join(names, ", ")))
	}
	for _, name := range slices.Sorted(maps.Keys(a.Parameters)) {
		v, err := forecast.CheckParameter(a.Type, name, a.Parameters[name])
		if err != nil {
			errs = append(errs, field.Invalid(at.Child("parameters").Key(name), a.Parameters[name], err.Error()))
			continue
		}
		if parameters == nil {
			parameters = map[string]int{}
		}
		parameters[name] = v
	}
	return parameters, errs
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
