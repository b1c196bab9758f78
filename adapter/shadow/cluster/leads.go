package cluster

import (
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

const (
	// leadSamples is how many start-ups are remembered.
	leadSamples = 50
	// leadQuantile is the one that is learnt.
	leadQuantile = 0.95
	// longStart is the longest start-up that is believed: the condition Ready of a
	// pod may be of a later day, when its probe recovered.
	longStart = 15 * time.Minute
	// leadStep is by how much a lead has to change before it is written again.
	leadStep = 0.2
)

// startUp is how long one pod took, in parts.
type startUp struct {
	scheduled, pulled, initialised, ready, all time.Duration
}

// learner learns how long the pods of one pool's workload take to start.
type learner struct {
	// starting are the pods that were seen starting, each with why no shadow took
	// its place, done those that count.
	starting map[types.UID]string
	done     map[types.UID]bool
	own      []startUp
	warmUps  []time.Duration
	written  *v1alpha1.LeadStatus
}

func newLearner(was *v1alpha1.LeadStatus) *learner {
	return &learner{starting: map[types.UID]string{}, done: map[types.UID]bool{}, written: was}
}

// look takes what a World shows of pods that have started since; cold are those
// of them that the ReplicaSet made itself and that were seen starting.
func (l *learner) look(w *observe.World) (cold []*corev1.Pod, warmed []time.Duration) {
	alive := make(map[types.UID]bool, len(w.Pods))
	for _, p := range w.Pods {
		alive[p.UID] = true
		if l.done[p.UID] || p.DeletionTimestamp != nil {
			continue
		}
		if p.Labels[v1alpha1.PoolLabel] != "" {
			if d, ok := warmUpOf(p); ok {
				l.done[p.UID] = true
				l.warmUps = keep(l.warmUps, d)
				warmed = append(warmed, d)
			}
			continue
		}
		if l.lookAtOwn(p, w.Now) {
			cold = append(cold, p)
		}
	}
	l.forget(alive)
	return cold, warmed
}

// lookAtOwn takes a pod that the ReplicaSet made, and says that it is Ready now
// and was seen starting.
func (l *learner) lookAtOwn(p *corev1.Pod, now time.Time) bool {
	at := conditionOf(p, corev1.PodReady)
	_, seen := l.starting[p.UID]
	if at == nil || at.Status != corev1.ConditionTrue {
		if !seen && now.Sub(p.CreationTimestamp.Time) < longStart { // an older one has failed its probe
			l.starting[p.UID] = ""
		}
		return false
	}
	l.done[p.UID] = true
	if s, ok := startUpOf(p, at.LastTransitionTime.Time); ok && s.all <= longStart {
		l.own = keep(l.own, s)
	}
	return seen
}

// forget drops what is known of pods that are gone.
func (l *learner) forget(alive map[types.UID]bool) {
	maps.DeleteFunc(l.starting, func(uid types.UID, _ string) bool { return !alive[uid] })
	maps.DeleteFunc(l.done, func(uid types.UID, _ bool) bool { return !alive[uid] })
}

// blame notes why no shadow took the place of the pods that are starting, where
// nothing better is known.
func (l *learner) blame(reason string) {
	if reason == "" {
		return
	}
	for uid, was := range l.starting {
		if !l.done[uid] && (was == "" || was == missOther) {
			l.starting[uid] = reason
		}
	}
}

func keep[T any](list []T, v T) []T {
	list = append(list, v)
	return list[max(0, len(list)-leadSamples):]
}

// startUpOf measures the start of a pod that was never restarted.
func startUpOf(p *corev1.Pod, ready time.Time) (startUp, bool) {
	began := p.CreationTimestamp.Time
	s := startUp{all: ready.Sub(began)}
	for i := range p.Status.ContainerStatuses {
		if p.Status.ContainerStatuses[i].RestartCount > 0 {
			return s, false
		}
	}
	at := began
	// part is how long a part took that ended at an instant, the ones before it
	// not counted.
	part := func(end time.Time) time.Duration {
		d := max(0, end.Sub(at))
		at = at.Add(d)
		return d
	}
	s.scheduled = part(since(p, corev1.PodScheduled))
	s.pulled = part(firstStart(p))
	s.initialised = part(since(p, corev1.PodInitialized))
	s.ready = part(ready)
	return s, s.all > 0
}

// since is when a condition became True; zero if it is not.
func since(p *corev1.Pod, t corev1.PodConditionType) time.Time {
	if c := conditionOf(p, t); c != nil && c.Status == corev1.ConditionTrue {
		return c.LastTransitionTime.Time
	}
	return time.Time{}
}

// firstStart is when the first container of a pod started; zero if nobody says.
func firstStart(p *corev1.Pod) (first time.Time) {
	for _, list := range [][]corev1.ContainerStatus{p.Status.InitContainerStatuses, p.Status.ContainerStatuses} {
		for i := range list {
			at := time.Time{}
			switch s := &list[i].State; {
			case s.Running != nil:
				at = s.Running.StartedAt.Time
			case s.Terminated != nil:
				at = s.Terminated.StartedAt.Time
			}
			if !at.IsZero() && (first.IsZero() || at.Before(first)) {
				first = at
			}
		}
	}
	return first
}

// warmUpOf is how long a shadow took from Ready to warm.
func warmUpOf(p *corev1.Pod) (time.Duration, bool) {
	ready, warm := conditionOf(p, corev1.PodReady), conditionOf(p, v1alpha1.WarmedCondition)
	if ready == nil || warm == nil || ready.Status != corev1.ConditionTrue || warm.Status != corev1.ConditionTrue {
		return 0, false
	}
	d := warm.LastTransitionTime.Sub(ready.LastTransitionTime.Time)
	return d, d >= 0 && p.Annotations[v1alpha1.ActivationAnnotation] == ""
}

func conditionOf(p *corev1.Pod, t corev1.PodConditionType) *corev1.PodCondition {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == t {
			return &p.Status.Conditions[i]
		}
	}
	return nil
}

// leads returns what the planner goes by. What was learnt before this process
// began counts until it has seen a start-up itself.
func (l *learner) leads(refresh time.Duration) shadow.Leads {
	out := shadow.Leads{Refresh: refresh}
	if s := l.status(); s != nil {
		out.ColdStart, _ = s.ColdStart.Parse()
		out.WarmUp, _ = s.WarmUp.Parse()
	}
	for i, s := range l.own {
		if i == 0 || s.all < out.ColdStartMin {
			out.ColdStartMin = s.all
		}
	}
	return out
}

// status returns the leads for the pool's status; the last ones where they have
// hardly changed. Nil while nothing was learnt.
func (l *learner) status() *v1alpha1.LeadStatus {
	if len(l.own) == 0 && len(l.warmUps) == 0 {
		return l.written
	}
	next := &v1alpha1.LeadStatus{}
	if l.written != nil {
		*next = *l.written
	}
	if len(l.own) > 0 {
		part := func(of func(startUp) time.Duration) v1alpha1.Duration {
			var all []time.Duration
			for _, s := range l.own {
				if d := of(s); d > 0 {
					all = append(all, d)
				}
			}
			return written(quantile(all))
		}
		next.ColdStart = part(func(s startUp) time.Duration { return s.all })
		next.Scheduled = part(func(s startUp) time.Duration { return s.scheduled })
		next.Pulled = part(func(s startUp) time.Duration { return s.pulled })
		next.Initialised = part(func(s startUp) time.Duration { return s.initialised })
		next.Ready = part(func(s startUp) time.Duration { return s.ready })
		next.Samples = int32(len(l.own))
	}
	if len(l.warmUps) > 0 {
		next.WarmUp = written(quantile(l.warmUps))
	}
	if l.written == nil || differs(l.written.ColdStart, next.ColdStart) || differs(l.written.WarmUp, next.WarmUp) {
		l.written = next
	}
	return l.written
}

// differs says that two durations are not about the same.
func differs(a, b v1alpha1.Duration) bool {
	if a == b {
		return false
	}
	x, errX := a.Parse()
	y, errY := b.Parse()
	if errX != nil || errY != nil || x == 0 || y == 0 {
		return true
	}
	return max(x, y)-min(x, y) > max(time.Second, time.Duration(leadStep*float64(x)))
}

// quantile returns the leadQuantile of durations, the higher neighbour where it
// falls between two; 0 of none.
func quantile(all []time.Duration) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	i := int(leadQuantile*float64(len(sorted)-1) + 0.999999)
	return sorted[min(i, len(sorted)-1)]
}

// written is a duration in whole seconds, rounded up; nothing where it is 0.
func written(d time.Duration) v1alpha1.Duration {
	if d <= 0 {
		return ""
	}
	return v1alpha1.DurationOf(max(time.Second, (d + time.Second - 1).Truncate(time.Second)))
}
