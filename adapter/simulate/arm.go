package simulate

import (
	"errors"
	"fmt"
	"time"
)

// ArmConfig is one workload with one HPA.
type ArmConfig struct {
	Name     string
	Workload WorkloadConfig
	HPA      HPAConfig
	Metrics  []Metric
	// Replicas are the warm pods at the start.
	Replicas int
}

// Arm replays one workload and its HPA under a load.
type Arm struct {
	name     string
	workload *Workload
	hpa      *HPA
	now      time.Time
	next     time.Time
	held     int
}

// NewArm returns an arm at the start of its replay. The HPA looks for the first
// time at start, then every SyncPeriod.
func NewArm(cfg ArmConfig, load Load, start time.Time) (*Arm, error) {
	if load.series.Values == nil {
		return nil, fmt.Errorf("start arm %s: %w", cfg.Name, errors.New("it has no load: use NewLoad"))
	}
	if cfg.Replicas < cfg.HPA.MinReplicas || cfg.Replicas > cfg.HPA.MaxReplicas {
		return nil, fmt.Errorf("start arm %s: %d replicas: write a number from %d to %d, the HPA's bounds",
			cfg.Name, cfg.Replicas, cfg.HPA.MinReplicas, cfg.HPA.MaxReplicas)
	}
	hpa, err := NewHPA(cfg.HPA, cfg.Metrics...)
	if err != nil {
		return nil, fmt.Errorf("start arm %s: %w", cfg.Name, err)
	}
	w, err := NewWorkload(cfg.Workload, load, start, cfg.Replicas)
	if err != nil {
		return nil, fmt.Errorf("start arm %s: %w", cfg.Name, err)
	}
	return &Arm{name: cfg.Name, workload: w, hpa: hpa, now: start, next: start}, nil
}

// Advance replays until an instant; a sync due exactly then still waits, so that
// the caller can refresh what the metrics will read.
//
// The error is the first thing that the HPA found invalid in its metrics on the
// way; State counts them all. It is no failure of the replay: the arm went on as
// an HPA does.
func (a *Arm) Advance(to time.Time) error {
	var invalid error
	for a.next.Before(to) {
		a.workload.Advance(a.next)
		n, err := a.hpa.Sync(a.next, a.workload.Scale())
		if err != nil {
			a.held++
			if invalid == nil {
				invalid = fmt.Errorf("sync HPA of arm %s at %s: %w", a.name, stamp(a.next), err)
			}
		}
		a.workload.Resize(n)
		a.next = a.next.Add(SyncPeriod)
	}
	a.workload.Advance(to)
	if to.After(a.now) {
		a.now = to
	}
	return invalid
}

// ArmState is an arm at one instant.
type ArmState struct {
	Name            string
	Replicas, Ready int
	Capacity        float64
	// InvalidSyncs counts the syncs that met an invalid metric.
	InvalidSyncs int
	Totals       Totals
}

// State returns where the arm is.
func (a *Arm) State() ArmState {
	s := a.workload.Scale()
	return ArmState{
		Name: a.name, Replicas: s.SpecReplicas, Ready: s.Sampled,
		Capacity: a.workload.Capacity(), InvalidSyncs: a.held, Totals: a.workload.Totals(),
	}
}
