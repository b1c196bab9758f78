package cluster

import (
	"cmp"
	"time"

	"github.com/go-kit/log/level"
	corev1 "k8s.io/api/core/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// timing holds the instants of one look: when the raise was seen (zero if there
// was none), when the look began, when the decision was made.
type timing struct{ raised, began, planned time.Time }

// sum counts what became of a decision, and says so to whoever watches.
func (r *reconciler) sum(w *observe.World, report *actuate.Report, t timing) {
	ns, pool := w.Pool.Namespace, w.Pool.Name
	live, why := 0, ""
	for i := range report.Outcomes {
		o := &report.Outcomes[i]
		switch o.Kind {
		case shadow.KindActivate, shadow.KindBridge:
			r.metrics.activations.WithLabelValues(ns, pool, string(o.Result)).Inc()
			if o.Done() {
				live++
				why = o.Message
				r.time(o, t)
			}
		case shadow.KindHide:
			if o.Done() {
				r.metrics.exposures.WithLabelValues(ns, pool).Inc()
			}
		case shadow.KindScale, shadow.KindDetach, shadow.KindWithdraw, shadow.KindResize, shadow.KindSettle, shadow.KindDelete, shadow.KindCreate,
			shadow.KindMarkWarming, shadow.KindMarkReady, shadow.KindRewarm, shadow.KindUnboost:
		}
	}
	if live == 0 {
		return
	}
	r.metrics.hits.WithLabelValues(ns, pool).Add(float64(live))
	level.Info(r.logger).Log("msg", "handed over", "pool", w.Pool.Key(), "pods", live, "reason", why)
	r.events.activated(w, live, why)
}

// time observes how long an activation took.
func (r *reconciler) time(o *actuate.Outcome, t timing) {
	r.metrics.durations.WithLabelValues(phasePlan).Observe(t.planned.Sub(t.began).Seconds())
	r.metrics.durations.WithLabelValues(phaseWrite).Observe(o.Ended.Sub(o.Began).Seconds())
	if t.raised.IsZero() {
		return // it was seen some other way
	}
	r.metrics.durations.WithLabelValues(phaseQueue).Observe(t.began.Sub(t.raised).Seconds())
	r.metrics.durations.WithLabelValues(phaseTotal).Observe(o.Ended.Sub(t.raised).Seconds())
}

// countStarts counts the pods that joined the workload cold, and the warm-ups
// that ended.
func (r *reconciler) countStarts(w *observe.World, k *known, d *shadow.Decision, cold []*corev1.Pod, warmed []time.Duration) {
	for _, d := range warmed {
		r.metrics.warmUps.Observe(d.Seconds())
	}
	why := missing(d)
	k.learner.blame(cmp.Or(why, k.missing))
	k.missing = why
	if w.Pool.Spec.Mode != v1alpha1.ModeActive {
		return
	}
	for _, p := range cold {
		reason := cmp.Or(k.learner.starting[p.UID], missOther)
		r.metrics.misses.WithLabelValues(w.Pool.Namespace, w.Pool.Name, reason).Inc()
		level.Info(r.logger).Log("msg", "joined cold", "pool", w.Pool.Key(), "pod", p.Name, "reason", reason)
	}
}

// missing is why a decision does not serve a raise by shadows; empty if it does,
// or if there is none.
func missing(d *shadow.Decision) string {
	for i := range d.Held {
		if h := &d.Held[i]; h.Pod == "" && (h.Kind == shadow.KindActivate || h.Kind == shadow.KindBridge) {
			return missReason(h.Reason.Reason)
		}
	}
	return ""
}
