package simulate

import (
	"fmt"
	"math"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// WorkloadConfig is what the pods of a workload can do.
type WorkloadConfig struct {
	// CapacityPerReplica is the load that one warm pod carries.
	CapacityPerReplica float64
	// ColdStart is the time from a pod's creation until it is ready.
	ColdStart time.Duration
	// Pending is the part of ColdStart that the pod spends in that phase (no
	// node yet, image being pulled); for the rest it runs without serving.
	Pending time.Duration
	// ColdCapacity is the ratio of its capacity at which a pod serves for
	// ColdFor after it turned ready.
	ColdCapacity float64
	ColdFor      time.Duration
}

// DefaultWorkload returns a workload whose pods are pending for a tenth of their
// cold start, and serve at 40 % for their first two minutes.
func DefaultWorkload(capacityPerReplica float64, coldStart time.Duration) WorkloadConfig {
	return WorkloadConfig{
		CapacityPerReplica: capacityPerReplica,
		ColdStart:          coldStart,
		Pending:            (coldStart / 10).Truncate(time.Second),
		ColdCapacity:       0.4,
		ColdFor:            2 * time.Minute,
	}
}

func (c WorkloadConfig) validate() error {
	switch {
	case !(c.CapacityPerReplica > 0) || math.IsInf(c.CapacityPerReplica, 0):
		return fmt.Errorf("capacity per replica of %v: write a number above 0", c.CapacityPerReplica)
	case c.ColdStart < 0:
		return fmt.Errorf("cold start of %v: write a duration of at least 0s", c.ColdStart)
	case c.Pending < 0 || c.Pending > c.ColdStart:
		return fmt.Errorf("pending time of %v: write a duration from 0s to the cold start, %v", c.Pending, c.ColdStart)
	case !(c.ColdCapacity >= 0 && c.ColdCapacity <= 1):
		return fmt.Errorf("cold capacity of %v: write a ratio from 0 to 1, such as 0.4", c.ColdCapacity)
	case c.ColdFor < 0:
		return fmt.Errorf("cold time of %v: write a duration of at least 0s", c.ColdFor)
	}
	return nil
}

// pod is one replica. Its instants are fixed when it is created.
type pod struct {
	created, running, ready, warm time.Time
	joined                        bool

	// What is said of one that was a shadow, or that somebody has named.
	name      string
	label     v1alpha1.ShadowState
	activated time.Time
	// costed says that it is the first to go among those that are ready.
	costed bool
}

// Workload holds the pods of one workload and counts what happens to its load.
type Workload struct {
	cfg    WorkloadConfig
	load   Load
	now    time.Time
	pods   []pod
	totals Totals
}

// NewWorkload returns a workload with warm pods that serve from start on.
func NewWorkload(cfg WorkloadConfig, load Load, start time.Time, warm int) (*Workload, error) {
	if err := cfg.validate(); err != nil {
		return nil, fmt.Errorf("configure workload: %w", err)
	}
	w := &Workload{cfg: cfg, load: load, now: start}
	for range warm {
		w.pods = append(w.pods, pod{created: start, running: start, ready: start, warm: start, joined: true})
	}
	return w, nil
}

// Resize creates or deletes pods until there are n. A new pod starts cold.
func (w *Workload) Resize(n int) {
	for len(w.pods) < n {
		ready := w.now.Add(w.cfg.ColdStart)
		w.pods = append(w.pods, pod{created: w.now, running: w.now.Add(w.cfg.Pending), ready: ready, warm: ready.Add(w.cfg.ColdFor)})
		w.join()
	}
	for len(w.pods) > max(n, 0) {
		w.remove(w.victim())
	}
}

// victim is the pod that a scale-in deletes: one that is not ready before one
// that is, then one that was just handed over, then the one that turns or turned
// ready last. A pod that is not ready turns so after now, so one comparison says
// the first and the last.
func (w *Workload) victim() int {
	v := 0
	for i, p := range w.pods {
		if w.before(p, w.pods[v]) {
			v = i
		}
	}
	return v
}

// before says that p goes before o.
func (w *Workload) before(p, o pod) bool {
	if bothReady := !p.ready.After(w.now) && !o.ready.After(w.now); bothReady && p.costed != o.costed {
		return p.costed
	}
	return !p.ready.Before(o.ready)
}

// take puts a warm shadow into the place of a pod that is not ready: the
// ReplicaSet deletes what is too much.
func (w *Workload) take(s standby, now time.Time) {
	n := len(w.pods)
	ready := now.Add(activationTime)
	w.pods = append(w.pods, pod{
		created: s.created, running: now, ready: ready, warm: ready,
		name: s.name, label: v1alpha1.ShadowActive, activated: now, costed: true,
	})
	v := 0
	for i, p := range w.pods[:n] {
		if w.before(p, w.pods[v]) {
			v = i
		}
	}
	w.remove(v)
}

// settle ends the hand-over of a pod.
func (w *Workload) settle(name string) {
	for i := range w.pods {
		if w.pods[i].name == name {
			w.pods[i].costed = false
		}
	}
}

func (w *Workload) remove(i int) { w.pods = append(w.pods[:i], w.pods[i+1:]...) }

// Advance lets time pass until an instant. Between two events everything is
// constant, so the sums are exact.
func (w *Workload) Advance(to time.Time) {
	for w.now.Before(to) {
		next := w.next(to)
		w.totals = w.totals.plus(next.Sub(w.now), len(w.pods), w.load.At(w.now), w.Capacity(), w.load.Unforeseen(w.now))
		w.now = next
		w.join()
	}
}

// next is the first instant after now at which something changes.
func (w *Workload) next(limit time.Time) time.Time {
	limit = w.load.next(w.now, limit)
	for _, p := range w.pods {
		limit = earliest(limit, w.now, p.ready)
		limit = earliest(limit, w.now, p.warm)
	}
	return limit
}

// join counts the pods that turned ready; one without a cold phase joins warm.
func (w *Workload) join() {
	for i := range w.pods {
		p := &w.pods[i]
		if p.joined || p.ready.After(w.now) {
			continue
		}
		p.joined = true
		if p.warm.After(p.ready) {
			w.totals.ColdJoins++
		}
	}
}

// Capacity returns the load that the ready pods carry now.
func (w *Workload) Capacity() float64 {
	warm, cold := 0, 0
	for _, p := range w.pods {
		switch {
		case p.ready.After(w.now):
		case p.warm.After(w.now):
			cold++
		default:
			warm++
		}
	}
	return w.cfg.CapacityPerReplica * (float64(warm) + float64(cold)*w.cfg.ColdCapacity)
}

// Scale returns what an HPA sees of the pods now.
func (w *Workload) Scale() Scale {
	s := Scale{SpecReplicas: len(w.pods), StatusReplicas: len(w.pods)}
	for _, p := range w.pods {
		switch {
		case !p.ready.After(w.now):
			s.Sampled++
		case p.running.After(w.now):
			s.Pending++
		default:
			s.Missing++
		}
	}
	return s
}

// Totals returns what was counted so far.
func (w *Workload) Totals() Totals { return w.totals }
