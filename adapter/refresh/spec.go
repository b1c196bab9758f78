package refresh

import (
	"fmt"
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
	r := specReader{}
	spec := field.NewPath("spec")
	prediction := spec.Child("prediction")
	s := Settings{
		Namespace: p.Namespace, Name: p.Name, Mode: string(p.Spec.Mode),
		Query:          r.confined(spec.Child("load", "query"), p.Spec.Load.Query, p.Namespace, confine),
		Window:         r.duration(spec.Child("history", "window"), p.Spec.History.Window),
		Step:           r.duration(spec.Child("history", "step"), p.Spec.History.Step),
		Model:          r.model(spec.Child("algorithm"), p.Spec.Algorithm),
		ShadowQuantile: r.decimal(prediction.Child("shadowQuantile"), p.Spec.Prediction.ShadowQuantile),
		Capacity: capacity.Config{
			Quantile:       r.decimal(prediction.Child("quantile"), p.Spec.Prediction.Quantile),
			Cap:            r.decimal(prediction.Child("cap"), p.Spec.Prediction.Cap),
			ActivationLead: r.duration(prediction.Child("activationLead"), p.Spec.Prediction.ActivationLead),
			ColdStartLead:  DefaultColdStartLead,
			MaxAge:         r.duration(prediction.Child("maxAge"), p.Spec.Prediction.MaxAge),
			Suspended:      suspended(p),
		},
	}
	if lead := p.Spec.Prediction.ColdStartLead; lead != v1alpha1.Auto {
		s.Capacity.ColdStartLead = r.duration(prediction.Child("coldStartLead"), lead)
	}
	if percent := p.Spec.Load.HeadroomPercent; percent != nil {
		s.Capacity.Headroom = float64(*percent) / 100
	}
	if per := p.Spec.Load.CapacityPerReplica; per != nil {
		s.Capacity.CapacityPerReplica = r.decimal(spec.Child("load", "capacityPerReplica"), *per)
	}
	// Two steps may pass until a value is there, and an interval until we look.
	s.Capacity.HoldAfter = 2*s.Step + interval
	if query := replicasQuery(p); query != "" {
		s.ReplicasQuery = r.confined(spec.Child("load", "replicasQuery"), query, p.Namespace, confine)
	}
	return s, r.errs.ToAggregate()
}

// specReader collects what is wrong with the fields that it reads.
type specReader struct {
	errs field.ErrorList
}

func (r *specReader) duration(at *field.Path, d v1alpha1.Duration) time.Duration {
	v, err := d.Parse()
	if err != nil {
		r.errs = append(r.errs, field.Invalid(at, string(d), err.Error()))
	}
	return v
}

func (r *specReader) decimal(at *field.Path, d v1alpha1.Decimal) float64 {
	v, err := d.Parse()
	if err != nil {
		r.errs = append(r.errs, field.Invalid(at, string(d), err.Error()))
	}
	return v
}

func (r *specReader) confined(at *field.Path, expr, namespace string, confine Confine) string {
	confined, err := confine(expr, namespace)
	if err != nil {
		r.errs = append(r.errs, field.Invalid(at, expr, err.Error()))
	}
	return confined
}

func (r *specReader) model(at *field.Path, a v1alpha1.Algorithm) string {
	if names := forecast.ModelNames(); !slices.Contains(names, a.Type) {
		r.errs = append(r.errs, field.Invalid(at.Child("type"), a.Type, "write one of "+strings.Join(names, ", ")))
	}
	for name := range a.Parameters {
		r.errs = append(r.errs, field.Invalid(at.Child("parameters"), name, a.Type+" takes no parameter: leave it out"))
	}
	return a.Type
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
