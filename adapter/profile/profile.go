package profile

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// Profile is how the pods of a workload behave.
type Profile struct {
	// At is the end of the window.
	At time.Time
	// Pods are sorted by name; Compared counts those that are compared.
	Pods     []*Pod
	Compared int
	// Middle are the statistics of the compared pods' medians, Usual the median
	// of the pod in the middle at the hour of the week that the window lies in.
	Middle map[Dimension]Stats
	Usual  map[Dimension]Stats
	Source Choice
	// Missing is what could not be measured, in the order of the queries.
	Missing []Missing
}

// Missing is a dimension that could not be measured, or no longer.
type Missing struct {
	Dimension Dimension
	// Since is when it was measured last, or found missing first; zero where that
	// was before anybody looked.
	Since  time.Time
	Reason string
}

// Before is what is known from the profile before this one.
type Before struct {
	// At is the end of its window, zero where there was none.
	At      time.Time
	Source  Choice
	Missing []Missing
}

// Build makes the profile of what was read.
func Build(raw Raw, cfg Config, before Before) Profile {
	pods := sorted(podsOf(raw, cfg))
	p := Profile{At: raw.End, Pods: pods, Middle: middleOf(pods), Usual: map[Dimension]Stats{}}
	for _, pod := range pods {
		if pod.Standing == Compared {
			p.Compared++
		}
	}
	for _, pod := range pods {
		pod.measure(p.Middle, p.Compared)
	}
	for d, week := range raw.Week {
		if s := week[HourOfWeek(raw.End.Add(-cfg.Window/2))]; s.N > 0 {
			p.Usual[d] = s
		}
	}
	p.Source = choose(pods, p.Compared, before.Source, raw.End, cfg)
	p.Missing = missing(raw, pods, before)
	return p
}

// Pod returns the profile of one pod, nil where there is none.
func (p Profile) Pod(name string) *Pod {
	i, ok := slices.BinarySearchFunc(p.Pods, name, func(p *Pod, name string) int { return cmp.Compare(p.Name, name) })
	if !ok {
		return nil
	}
	return p.Pods[i]
}

// Anomalous returns the pods that are far from the others, the farthest first.
func (p Profile) Anomalous() []*Pod {
	var out []*Pod
	for _, pod := range p.Pods {
		if pod.Anomalous {
			out = append(out, pod)
		}
	}
	slices.SortStableFunc(out, func(a, b *Pod) int { return cmp.Compare(b.Far, a.Far) })
	return out
}

// Says says in what an anomalous pod is far from the others.
func (p Profile) Says(pod *Pod) string {
	d := pod.Farthest
	return fmt.Sprintf("%s %s, the median is %s: %.1f deviations", d, short(pod.Stats[d].Median), short(p.Middle[d].Median), pod.Far)
}

func short(v float64) string { return fmt.Sprintf("%.4g", v) }

// missing names the dimensions without values, or whose newest value is old, or
// that some pods lack.
func missing(raw Raw, pods []*Pod, before Before) []Missing {
	var out []Missing
	for _, s := range raw.Samples {
		m := Missing{Dimension: s.Dimension}
		newest := newest(s.ByPod)
		length := raw.length()
		switch {
		case s.Err != nil:
			m.Reason = s.Err.Error()
		case newest < length-recent:
			m.Reason = "no value since"
			m.Since = raw.End.Add(-time.Duration(length-1-newest) * raw.Step)
		default:
			lacking := lacking(s.ByPod, pods)
			if len(lacking) == 0 {
				continue
			}
			m.Reason = fmt.Sprintf("%d of %d pods have none, such as %s", len(lacking), len(pods), lacking[0])
		}
		if m.Since.IsZero() {
			m.Since = before.since(s.Dimension, raw.End)
		}
		out = append(out, m)
	}
	return out
}

// since says since when a dimension is missing: as it was said before, or from
// this window on where there was a profile before it.
func (b Before) since(d Dimension, at time.Time) time.Time {
	for _, m := range b.Missing {
		if m.Dimension == d {
			return m.Since
		}
	}
	if b.At.IsZero() {
		return time.Time{}
	}
	return at
}

// newest returns the index of the newest value, -1 where there is none.
func newest(byPod map[string][]float64) int {
	at := -1
	for _, values := range byPod {
		_, last := span(values)
		at = max(at, last)
	}
	return at
}

// lacking returns the names of the compared pods without any value.
func lacking(byPod map[string][]float64, pods []*Pod) []string {
	var out []string
	for _, p := range pods {
		if _, last := span(byPod[p.Name]); last < 0 && p.Standing == Compared {
			out = append(out, p.Name)
		}
	}
	return out
}
