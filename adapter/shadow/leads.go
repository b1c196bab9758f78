package shadow

import (
	"fmt"
	"time"
)

const (
	// coldStartAssumed is the cold start of a workload that nobody has seen
	// start, refreshAssumed the time between two forecasts.
	coldStartAssumed = 5 * time.Minute
	refreshAssumed   = time.Minute
	// minStartAssumed is the shortest cold start of such a workload: short, for
	// a pod that turns Ready any moment is no room for a shadow.
	minStartAssumed = 10 * time.Second
	// recycleAge is how old a pod may be that becomes a shadow again.
	recycleAge = 24 * time.Hour
)

// leads are the durations that follow from the learnt start-up times.
type leads struct {
	// young is how long a Pending pod cannot turn Ready at any moment: half the
	// shortest start-up seen.
	young time.Duration
	// shadow is how long it takes until a shadow that is found missing is warm.
	shadow time.Duration
	// start is how long a pod may take to be Ready before it counts as failed.
	start time.Duration
	// bridge is how long a bridge stands in for a cold pod.
	bridge time.Duration
}

func leadsOf(l Leads, minReady time.Duration) leads {
	cold, least, warm, refresh := l.ColdStart, l.ColdStartMin, l.WarmUp, l.Refresh
	if cold <= 0 {
		cold = coldStartAssumed
	}
	if least <= 0 {
		least = minStartAssumed
	}
	if warm <= 0 {
		warm = minReady
	}
	if refresh <= 0 {
		refresh = refreshAssumed
	}
	return leads{
		young:  min(least, cold) / 2,
		shadow: cold + warm + refresh,
		start:  max(3*cold, 10*time.Minute),
		bridge: max(3*cold, 5*time.Minute),
	}
}

// readSpec reads the durations of the spec.
func (p *plan) readSpec() error {
	var err error
	if p.minReady, err = p.spec.WarmUp.MinReady.Parse(); err != nil {
		return fmt.Errorf("read warmUp.minReady of pool %s: %w", p.in.Pool.Name, err)
	}
	if p.timeout, err = p.spec.WarmUp.Timeout.Parse(); err != nil {
		return fmt.Errorf("read warmUp.timeout of pool %s: %w", p.in.Pool.Name, err)
	}
	if p.drain, err = p.spec.ScaleIn.Drain.Parse(); err != nil {
		return fmt.Errorf("read scaleIn.drain of pool %s: %w", p.in.Pool.Name, err)
	}
	return nil
}
