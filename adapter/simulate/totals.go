package simulate

import "time"

// Totals counts what happened to the load of one workload.
type Totals struct {
	// Overload is the time in which the load exceeded the capacity in service,
	// split by whether the load was foreseeable then.
	Foreseen, Unforeseen time.Duration
	// Offered is the integral of the load, Lost that of its part above the
	// capacity: requests, for a load in requests per second.
	Offered, Lost float64
	// ColdJoins counts the pods that joined the service cold.
	ColdJoins int
	// PodTime is the sum of the pods' lives, from creation to deletion.
	PodTime time.Duration
}

// Overload returns the time in which the load exceeded the capacity in service.
func (t Totals) Overload() time.Duration { return t.Foreseen + t.Unforeseen }

// LostRatio returns the share of the load above capacity; 0 without load.
func (t Totals) LostRatio() float64 {
	if t.Offered == 0 {
		return 0
	}
	return t.Lost / t.Offered
}

// PodHours returns PodTime as a number.
func (t Totals) PodHours() float64 { return t.PodTime.Hours() }

// plus adds a stretch of time in which nothing changes.
func (t Totals) plus(d time.Duration, pods int, load, capacity float64, unforeseen bool) Totals {
	t.PodTime += time.Duration(pods) * d
	t.Offered += load * d.Seconds()
	if load <= capacity {
		return t
	}
	t.Lost += (load - capacity) * d.Seconds()
	if unforeseen {
		t.Unforeseen += d
	} else {
		t.Foreseen += d
	}
	return t
}
