package simulate

import (
	"fmt"
	"math"
	"time"
)

// Reactive describes the reactive peer: an HPA with a Pods metric, the mean load
// per pod, and a target that is a share of what a pod carries.
type Reactive struct {
	Workload WorkloadConfig
	HPA      HPAConfig
	// Target is the share of the capacity that the HPA aims at, such as 0.7.
	Target float64
	// Read returns the load that the metric shows. It must be a pure function:
	// the replay is repeated from its start.
	Read func(now time.Time) (float64, error)
}

// Arm returns the reactive arm with a fixed percentage of replicas on top, got as
// a user would: by a target lower by the factor 1 + extraPercent/100. It starts
// with the replicas that this target asks for.
func (r Reactive) Arm(name string, load Load, start time.Time, extraPercent float64) (*Arm, error) {
	perReplica := r.Workload.CapacityPerReplica * r.Target / (1 + extraPercent/100)
	m := Metric{Name: "load_per_pod", Type: MetricPods, AverageValue: perReplica, Read: r.Read}
	if err := m.validate(); err != nil {
		return nil, fmt.Errorf("start arm %s: %w", name, err)
	}
	first := min(max(replicas(load.At(start)/perReplica), r.HPA.MinReplicas), r.HPA.MaxReplicas)
	return NewArm(ArmConfig{
		Name: name, Workload: r.Workload, HPA: r.HPA, Metrics: []Metric{m}, Replicas: first,
	}, load, start)
}

// Solution is a reactive arm that costs a wanted number of pod-hours.
type Solution struct {
	// ExtraPercent is what its replicas have on top of the reactive arm's;
	// negative if the wanted cost is below that arm's.
	ExtraPercent float64
	// Arm has been advanced to the instant that was asked for.
	Arm *Arm
	// CostError is the ratio by which its pod-hours miss the wanted ones.
	CostError float64
}

// Converged reports whether the cost is met within CostTolerance. It is not
// where the HPA's bounds keep the replicas from it, or over a span so short that
// single pods decide.
func (s Solution) Converged() bool { return costsEqual(s.CostError) }

func costsEqual(costError float64) bool { return math.Abs(costError) <= CostTolerance }

// CostTolerance is the ratio within which two costs count as equal.
const CostTolerance = 0.005

// The search for the extra percentage: its range, the first bracket around a
// hint, the width below which a bracket is not halved again, and the points tried
// around a jump.
const (
	lowestExtra  = -60.0
	highestExtra = 900.0
	firstBracket = 3.0
	finestExtra  = 0.01
	scans        = 16
	scanStep     = 0.5
)

// Solve finds by bisection the extra percentage with which the reactive arm,
// replayed from start to end, costs podHours. A hint near the answer, such as an
// earlier answer, makes it cheaper: most often one to five replays.
//
// Pod-hours rise with the extra percentage but in small uneven steps, so the
// nearest replay seen is returned, converged or not.
func (r Reactive) Solve(name string, load Load, start, end time.Time, podHours, hint float64) (Solution, error) {
	if !(podHours > 0) || math.IsInf(podHours, 0) {
		return Solution{}, fmt.Errorf("solve arm %s of equal cost: %v pod-hours: write a number above 0", name, podHours)
	}
	s := search{r: r, name: name, load: load, start: start, end: end, podHours: podHours, best: Solution{CostError: math.Inf(1)}}
	if err := s.try(min(max(hint, lowestExtra), highestExtra)); err != nil {
		return Solution{}, err
	}
	if err := s.bisect(); err != nil {
		return Solution{}, err
	}
	return s.best, nil
}

// search narrows the answer to [low, high]; last is the newest trial.
type search struct {
	r              Reactive
	name           string
	load           Load
	start, end     time.Time
	podHours       float64
	last, lastMiss float64
	best           Solution
}

// bisect brackets the answer around the first trial, then halves the bracket.
func (s *search) bisect() error {
	low, high, err := s.enclose()
	for err == nil && !s.done() && high-low > finestExtra {
		if err = s.try((low + high) / 2); s.lastMiss < 0 {
			low = s.last
		} else {
			high = s.last
		}
	}
	// The tolerance makes the cost jump here and there, past the answer even;
	// near by it comes back.
	middle := s.best.ExtraPercent
	for i := 1; i <= scans && err == nil && low < high && !s.best.Converged(); i++ {
		side := float64(1 - 2*(i%2))
		err = s.try(max(middle+side*float64((i+1)/2)*scanStep, lowestExtra))
	}
	return err
}

// enclose widens a bracket on the side of the first trial where the answer lies.
// It comes back empty where even the end of the range does not cost enough, or
// costs too much.
func (s *search) enclose() (low, high float64, err error) {
	low, high = s.last, s.last
	up := s.lastMiss < 0
	for width := firstBracket; !s.done() && (s.lastMiss < 0) == up; width *= 3 {
		if up && high < highestExtra {
			low, high = high, min(high+width, highestExtra)
			err = s.try(high)
		} else if !up && low > lowestExtra {
			low, high = max(low-width, lowestExtra), low
			err = s.try(low)
		} else {
			return s.last, s.last, nil
		}
		if err != nil {
			return 0, 0, err
		}
	}
	return low, high, nil
}

// done leaves a margin, so that an answer used as the next hint mostly holds.
func (s *search) done() bool { return math.Abs(s.best.CostError) <= CostTolerance/2 }

func (s *search) try(extra float64) error {
	a, err := s.r.Arm(s.name, s.load, s.start, extra)
	if err != nil {
		return fmt.Errorf("solve equal cost: %w", err)
	}
	// Invalid metrics are part of the replay: the arm held, as its HPA would.
	_ = a.Advance(s.end)
	s.last, s.lastMiss = extra, a.State().Totals.PodHours()/s.podHours-1
	if math.Abs(s.lastMiss) < math.Abs(s.best.CostError) {
		s.best = Solution{ExtraPercent: extra, Arm: a, CostError: s.lastMiss}
	}
	return nil
}
