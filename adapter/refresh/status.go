package refresh

import (
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// Status returns what the report says in a pool's status. Conditions carry no
// transition time: that is for whoever knows the conditions before.
func (r Report) Status() v1alpha1.ShadowPoolStatus {
	s := v1alpha1.ShadowPoolStatus{
		Conditions: []metav1.Condition{r.forecastReady(), r.capacityUnknown(), r.historyDegraded()},
		Capacity:   r.capacityStatus(),
	}
	if !r.ObservedAt.IsZero() {
		s.Forecast = r.forecastStatus()
	}
	return s
}

// onlyRises says of a load what makes its forecast worthless.
const onlyRises = "spec.load.query: " + history.OnlyRisesNote

func (r Report) forecastStatus() *v1alpha1.ForecastStatus {
	f := &v1alpha1.ForecastStatus{
		ComputedAt:   metav1.NewTime(r.ObservedAt),
		ObservedLoad: v1alpha1.DecimalOf(r.Observed),
		History:      v1alpha1.DurationOf(r.History),
		Quality:      r.qualityStatus(),
	}
	if r.Forecast != nil {
		f.Model, f.Note = leading(*r.Forecast), r.Forecast.Note
		if today := r.Forecast.Today; today != "" {
			f.Note = strings.TrimPrefix(f.Note+"; "+today, "; ")
		}
		if r.NoSkill {
			f.Note = r.noSkill()
		}
		if r.OnlyRises {
			f.Note = onlyRises
		}
		if v, ok := r.predictedLoad(); ok {
			f.PredictedLoad = v1alpha1.DecimalOf(v)
		}
	}
	return f
}

func (r Report) capacityStatus() *v1alpha1.CapacityStatus {
	c := &v1alpha1.CapacityStatus{Note: r.note(), Decides: r.deciding(), Dimensions: r.statusDimensions()}
	if r.PerReplica > 0 {
		c.PerReplica, c.PerReplicaFrom = v1alpha1.DecimalOf(r.PerReplica), v1alpha1.CapacityGiven
		if r.Learnt {
			c.PerReplicaFrom = v1alpha1.CapacityLearnt
		}
	}
	if r.Refused == nil {
		c.ReactiveReplicas, c.PredictedReplicas = int32Of(r.Decision.Floor), int32Of(r.Decision.Value)
		c.NowReplicas = int32Of(r.Decision.NowTerm)
		if r.Decision.ShadowKnown {
			c.ShadowReplicas = int32Of(r.Decision.ShadowNeed)
		}
	}
	return c
}

func int32Of(n int) *int32 {
	v := int32(n)
	return &v
}

// note says in words why the value is what it is, and what an HPA will make of
// it.
func (r Report) note() string {
	if r.Refused != nil {
		return r.Refused.Error()
	}
	d := r.Decision
	var parts []string
	switch {
	case d.Held && d.Fallback != capacity.FallbackNone:
		parts = append(parts, fmt.Sprintf("%d: the last reactive floor (%s), held, because the load could not be read whole", d.Value, d.Fallback))
	case d.Fallback != capacity.FallbackNone:
		parts = append(parts, fmt.Sprintf("%d: the reactive floor (%s)", d.Value, d.Fallback))
	case d.Held:
		parts = append(parts, fmt.Sprintf("%d: held, because the load could not be read whole", d.Value))
	case d.Value > d.NowTerm:
		parts = append(parts, fmt.Sprintf("%d: needed within the cold-start lead of %v", d.Value, r.Settings.Capacity.ColdStartLead))
	case d.Value > d.Floor:
		parts = append(parts, fmt.Sprintf("%d: needed within the activation lead of %v", d.Value, r.Settings.Capacity.ActivationLead))
	default:
		parts = append(parts, fmt.Sprintf("%d: needed by the observed load", d.Value))
	}
	if d.Dimension != "" {
		parts = append(parts, d.Dimension+" decides, not the load")
	}
	if covered := min(d.Cover, d.NeedColdStart-d.NowTerm); covered > 0 && d.Fallback == capacity.FallbackNone {
		parts = append(parts, fmt.Sprintf("%d of the %d needed within the cold-start lead of %v are covered by shadows",
			covered, d.NeedColdStart, r.Settings.Capacity.ColdStartLead))
	}
	if d.Fallback == capacity.FallbackNone && d.NeedColdStart == d.Limit && d.Limit > d.Floor {
		parts = append(parts, fmt.Sprintf("capped at %d by spec.prediction.cap", d.Limit))
	}
	if r.Swallowed {
		parts = append(parts, fmt.Sprintf(
			"from %d replicas this step lies within an HPA's default tolerance of 10 %% and is ignored: write behavior.scaleUp.tolerance and scaleDown.tolerance \"0\" into the HPA", r.Current))
	}
	return strings.Join(parts, "; ")
}

func (r Report) forecastReady() metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionForecastReady, Status: metav1.ConditionFalse}
	switch {
	case errors.Is(r.Refused, capacity.ErrTooOld):
		c.Reason, c.Message = v1alpha1.ReasonForecastExpired, r.Refused.Error()
	case errors.Is(r.Refused, capacity.ErrNoLoad):
		c.Reason, c.Message = unread(r.ReadErr), r.Refused.Error()
	case errors.Is(r.Refused, capacity.ErrIncomplete):
		c.Reason, c.Message = v1alpha1.ReasonPartialAnswers, r.Refused.Error()
	case r.Refused != nil:
		c.Reason, c.Message = v1alpha1.ReasonCapacityNotLearnt, r.Refused.Error()
	case r.Settings.Capacity.Suspended == capacity.FallbackPaused:
		c.Reason, c.Message = v1alpha1.ReasonPaused, "the annotation "+v1alpha1.PauseAnnotation+" holds the forecast: take it off to go on"
	case r.Settings.Capacity.Suspended == capacity.FallbackObserve:
		c.Reason, c.Message = v1alpha1.ReasonObserving, "the forecast is shown, not used: write spec.mode Predict to use it"
	case r.Decision.Fallback == capacity.FallbackNoSkill:
		c.Reason, c.Message = v1alpha1.ReasonNoSkill, r.noSkill()
	case r.Forecast == nil || r.Decision.Fallback == capacity.FallbackNoForecast:
		c.Reason, c.Message = v1alpha1.ReasonShortHistory, "no forecast: "+r.whyNoForecast()
	case r.ReadErr != nil:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, unread(r.ReadErr), r.ReadErr.Error()
	case r.OnlyRises:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonLoadOnlyRises, onlyRises
	case r.Forecast.Note != "":
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonShortHistory, r.Forecast.Note
	default:
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonForecasting, "the forecast is in use"
	}
	return c
}

func (r Report) capacityUnknown() metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionCapacityUnknown, Status: metav1.ConditionFalse}
	switch {
	case r.PerReplica > 0 && r.Learnt:
		c.Reason, c.Message = v1alpha1.ReasonCapacityLearnt, "learnt from what the replicas carried"
	case r.PerReplica > 0:
		c.Reason, c.Message = v1alpha1.ReasonCapacityGiven, "spec.load.capacityPerReplica says it"
	default:
		c.Status, c.Reason = metav1.ConditionTrue, v1alpha1.ReasonCapacityNotLearnt
		c.Message = "write spec.load.capacityPerReplica, or a spec.load.replicasQuery that has returned the ready replicas for at least " +
			(time.Duration(capacity.MinLearnSamples) * r.Settings.Step).String()
		if r.ReplicasErr != nil {
			c.Message += ": " + r.ReplicasErr.Error()
		}
	}
	return c
}

// unread returns the reason why a read gave no load: what to look at is the query
// or the server. err is nil where all of it was gaps.
func unread(err error) string {
	is := func(kind error) bool { return errors.Is(err, kind) }
	switch {
	case err == nil, is(history.ErrNoSeries), is(history.ErrOnlyNaN):
		return v1alpha1.ReasonNoLoad
	case is(history.ErrBadQuery), is(history.ErrManySeries), is(history.ErrHistogram):
		return v1alpha1.ReasonQueryRefused
	}
	return v1alpha1.ReasonHistoryUnreachable
}

func (r Report) historyDegraded() metav1.Condition {
	switch {
	case r.ReadErr != nil && !r.Degraded:
		return metav1.Condition{
			Type: v1alpha1.ConditionHistoryDegraded, Status: metav1.ConditionTrue,
			Reason: unread(r.ReadErr), Message: "the value may go up and not down: " + r.ReadErr.Error(),
		}
	case !r.Degraded:
		return metav1.Condition{
			Type: v1alpha1.ConditionHistoryDegraded, Status: metav1.ConditionFalse,
			Reason: v1alpha1.ReasonCompleteAnswers, Message: "Prometheus answered whole",
		}
	}
	return metav1.Condition{
		Type: v1alpha1.ConditionHistoryDegraded, Status: metav1.ConditionTrue,
		Reason: v1alpha1.ReasonPartialAnswers, Message: "the value may go up and not down: " + strings.Join(r.Warnings, "; "),
	}
}
