package profile

import (
	"math"
	"time"
)

// Standing says whether a pod is compared with the others, or why not.
type Standing string

// The standings.
const (
	Compared  Standing = "Compared"
	Young     Standing = "Young"     // it has not run for Config.MinAge
	Restarted Standing = "Restarted" // a container started again within the window
	Sparse    Standing = "Sparse"    // too few values in each dimension
)

const (
	// recent is within how many steps of the window's end a pod must have a
	// value, or it is gone.
	recent = 3
	// leastShare is the share of a window that must have values.
	leastShare = 0.5
)

// Pod is the profile of one pod.
type Pod struct {
	Name     string
	Standing Standing
	// Started is when its youngest container started, zero where that is not
	// known; Restarts counts those within the window.
	Started  time.Time
	Restarts int
	// Stats are those of its values over the window, of each dimension in which
	// enough of them are known.
	Stats map[Dimension]Stats
	// Distance is the root mean square over the dimensions of how far its median
	// is from the middle, in deviations; NaN where it cannot be compared.
	Distance float64
	// Farthest is the dimension in which it is farthest from the middle, Far how
	// far that is.
	Farthest Dimension
	Far      float64
	// Anomalous says that it is compared, and far from the others.
	Anomalous bool
}

// podsOf makes the profile of each pod that was alive at the end of the window.
// Nothing of the others is in it yet.
func podsOf(raw Raw, cfg Config) map[string]*Pod {
	pods := map[string]*Pod{}
	first := map[string]int{} // the index of the first value
	for _, s := range raw.Samples {
		if s.Dimension == Started {
			continue
		}
		for name, values := range s.ByPod {
			from, to := span(values)
			if to < len(values)-recent {
				continue
			}
			p := pods[name]
			if p == nil {
				p = &Pod{Name: name, Stats: map[Dimension]Stats{}, Distance: math.NaN()}
				pods[name], first[name] = p, from
			}
			first[name] = min(first[name], from)
			if st := StatsOf(values); float64(st.N) >= leastShare*float64(len(values)) {
				p.Stats[s.Dimension] = st
			}
		}
	}
	starts := raw.of(Started)
	for name, p := range pods {
		p.Started, p.Restarts = startsOf(starts[name])
		p.Standing = p.standing(raw, cfg, first[name])
	}
	return pods
}

// span returns the indices of the first and the last value that is no gap; last
// is -1 where all are.
func span(values []float64) (first, last int) {
	first, last = len(values), -1
	for i, v := range values {
		if !math.IsNaN(v) {
			first, last = min(first, i), i
		}
	}
	return first, last
}

// startsOf returns the last start among values, which are Unix times, and how
// often it changed. The clocks of kubelets are good to a second.
func startsOf(values []float64) (started time.Time, restarts int) {
	last := math.NaN()
	for _, v := range values {
		if math.IsNaN(v) {
			continue
		}
		if v > last+1 {
			restarts++
		}
		last = v
	}
	if math.IsNaN(last) || last <= 0 {
		return time.Time{}, 0
	}
	return time.UnixMilli(int64(last * 1000)).UTC(), restarts
}

// standing says whether a pod may be compared. Where nobody says when it
// started, it is as old as its values.
func (p *Pod) standing(raw Raw, cfg Config, first int) Standing {
	started := p.Started
	if started.IsZero() && first > 1 {
		started = raw.End.Add(-time.Duration(raw.length()-1-first) * raw.Step)
	}
	switch {
	case p.Restarts > 0:
		return Restarted
	case !started.IsZero() && raw.End.Sub(started) < cfg.MinAge:
		return Young
	case len(p.Stats) == 0:
		return Sparse
	}
	return Compared
}

// of returns the values of one dimension.
func (r Raw) of(d Dimension) map[string][]float64 {
	for _, s := range r.Samples {
		if s.Dimension == d {
			return s.ByPod
		}
	}
	return nil
}

// length is the number of values in a window, 0 where nothing was read.
func (r Raw) length() int {
	for _, s := range r.Samples {
		for _, values := range s.ByPod {
			return len(values)
		}
	}
	return 0
}
