package observe

import (
	"math"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

const (
	// startsKept is how many start-ups a Learner remembers: the quantile is of
	// the latest, for images and nodes change.
	startsKept = 60
	// startsRestored is how many of them a restored status stands for at most:
	// enough that one quick start does not undo it, few enough to be outgrown.
	startsRestored = 10
	// leadQuantile is the quantile of the start-ups that leads go by.
	leadQuantile = 0.95
	// plausibleWarm is the longest warm-up that a pool can ask for.
	plausibleWarm = time.Hour
)

// Learner learns how long the pods of a workload take to start, from what their
// status says of it. Its zero value knows nothing. It has no clock: a pod counts
// once, when it is first seen Ready.
type Learner struct {
	starts ring[start]
	warms  ring[time.Duration]
	// samples counts the starts, those of a restored status among them, up to
	// startsKept.
	samples int32
	// met are the pods that exist, and how far they were when last seen.
	met map[types.UID]stage
}

type stage struct {
	// starting says that the pod has been seen before it was ever Ready; started
	// that it has been seen Ready, warmed that it has been seen warm.
	starting, started, warmed bool
	// reused says that it has served: its next warm-up is not its first.
	reused bool
}

// RestoreLearner returns a Learner that begins with what a status says.
func RestoreLearner(s *v1alpha1.LeadStatus) Learner {
	var l Learner
	if s == nil {
		return l
	}
	one := start{
		total: parsed(s.ColdStart), scheduled: parsed(s.Scheduled), pulled: parsed(s.Pulled),
		initialised: parsed(s.Initialised), ready: parsed(s.Ready), restored: true,
	}
	warm := parsed(s.WarmUp)
	if one.total > 0 {
		l.samples = min(max(s.Samples, 1), startsKept)
	}
	for range min(max(s.Samples, 1), startsRestored) {
		if one.total > 0 {
			l.starts.add(one)
		}
		if warm > 0 {
			l.warms.add(warm)
		}
	}
	return l
}

// parsed reads a duration of a status; 0 if there is none.
func parsed(d v1alpha1.Duration) time.Duration {
	v, err := d.Parse()
	if err != nil {
		return 0
	}
	return v
}

// See looks at the pods of a workload, all that exist, live and shadows. Those
// that are gone are forgotten in time, what was learnt from them is not.
func (l *Learner) See(pods []*corev1.Pod) {
	if l.met == nil {
		l.met = make(map[types.UID]stage, len(pods))
	}
	for _, p := range pods {
		l.see(p)
	}
	if len(l.met) > 2*len(pods)+startsKept {
		l.forget(pods)
	}
}

func (l *Learner) forget(all []*corev1.Pod) {
	rest := make(map[types.UID]stage, len(all))
	for _, p := range all {
		rest[p.UID] = l.met[p.UID]
	}
	l.met = rest
}

func (l *Learner) see(p *corev1.Pod) {
	was, known := l.met[p.UID]
	if was.started && was.warmed {
		return
	}
	is := was
	is.reused = was.reused || p.Annotations[v1alpha1.DrainingSinceAnnotation] != "" || p.Annotations[v1alpha1.ActivatedAtAnnotation] != ""
	ready := condition(p, corev1.PodReady)
	switch {
	case ready == nil || ready.Status != corev1.ConditionTrue:
		if !known {
			is.starting = neverReady(p, ready)
		}
	case !was.started:
		is.started = true
		if s, ok := startOf(p, ready.LastTransitionTime.Time, was.starting); ok {
			l.starts.add(s)
			l.samples = min(l.samples+1, startsKept)
		}
		fallthrough
	default:
		is.warmed = l.seeWarmed(p, ready.LastTransitionTime.Time, is.reused)
	}
	if !known || is != was {
		l.met[p.UID] = is
	}
}

// seeWarmed says that a pod is warm, and learns from it unless it has served
// before. One whose first warm-up nobody saw may have been recycled since.
func (l *Learner) seeWarmed(p *corev1.Pod, ready time.Time, reused bool) bool {
	warmed := condition(p, v1alpha1.WarmedCondition)
	if warmed == nil || warmed.Status != corev1.ConditionTrue {
		return false
	}
	if d := warmed.LastTransitionTime.Sub(ready); !reused && d > 0 && d <= plausibleWarm {
		l.warms.add(d)
	}
	return true
}

// Leads returns what was learnt, zero where nothing was.
func (l *Learner) Leads() shadow.Leads {
	out := shadow.Leads{ColdStart: l.quantile(func(s *start) time.Duration { return s.total }), WarmUp: quantile(l.warms.all())}
	for i := range l.starts.items {
		if s := &l.starts.items[i]; !s.restored && (out.ColdStartMin == 0 || s.total < out.ColdStartMin) {
			out.ColdStartMin = s.total
		}
	}
	return out
}

// Status returns what was learnt as the pool's status has it, in whole seconds;
// nil if nothing was.
func (l *Learner) Status() *v1alpha1.LeadStatus {
	leads := l.Leads()
	if leads.ColdStart == 0 && leads.WarmUp == 0 {
		return nil
	}
	return &v1alpha1.LeadStatus{
		ColdStart:   seconds(leads.ColdStart),
		WarmUp:      seconds(leads.WarmUp),
		Scheduled:   seconds(l.quantile(func(s *start) time.Duration { return s.scheduled })),
		Pulled:      seconds(l.quantile(func(s *start) time.Duration { return s.pulled })),
		Initialised: seconds(l.quantile(func(s *start) time.Duration { return s.initialised })),
		Ready:       seconds(l.quantile(func(s *start) time.Duration { return s.ready })),
		Samples:     l.samples,
	}
}

// seconds rounds up; nothing for 0.
func seconds(d time.Duration) v1alpha1.Duration {
	if d <= 0 {
		return ""
	}
	return v1alpha1.DurationOf((d + time.Second - 1).Truncate(time.Second))
}

func (l *Learner) quantile(part func(*start) time.Duration) time.Duration {
	values := make([]time.Duration, len(l.starts.items))
	for i := range l.starts.items {
		values[i] = part(&l.starts.items[i])
	}
	return quantile(values)
}

// quantile is the smallest value that leadQuantile of all do not exceed, so one
// that was seen; 0 of none. The values are put in order.
func quantile(values []time.Duration) time.Duration {
	if len(values) == 0 {
		return 0
	}
	slices.Sort(values)
	return values[int(math.Ceil(leadQuantile*float64(len(values))))-1]
}

// ring holds the startsKept latest items.
type ring[T any] struct {
	items []T
	next  int
}

func (r *ring[T]) add(v T) {
	if len(r.items) < startsKept {
		r.items = append(r.items, v)
		return
	}
	r.items[r.next] = v
	r.next = (r.next + 1) % startsKept
}

// all returns the items in no order, in a slice of its own.
func (r *ring[T]) all() []T { return slices.Clone(r.items) }
