package profile

import (
	"fmt"
	"strings"
	"time"
)

// A source stays while it is at most stickyFactor times as far from the middle
// as the nearest pod, or at most stickyMargin deviations farther. A new source
// costs the shadows a new mix of requests and new figures to compare with; the
// nearest pod of 20 changes with nearly each window by less than that.
const (
	stickyFactor = 1.5
	stickyMargin = 1.0
)

// Choice is the source pod.
type Choice struct {
	// Pod is empty where there is none.
	Pod string
	// Since is the end of the first window for which it was chosen.
	Since time.Time
	// Distance is how far it is from the middle, in deviations.
	Distance float64
	// Changes counts how often one pod took the place of another.
	Changes int64
	// Reason says in a sentence why it is this one, or why there is none.
	Reason string
}

// choose chooses the source among the pods, which are sorted by name.
func choose(pods []*Pod, compared int, before Choice, at time.Time, cfg Config) Choice {
	next := Choice{Changes: before.Changes}
	var best, old *Pod
	for _, p := range pods {
		if p.Name == before.Pod {
			old = p
		}
		if p.eligible() && (best == nil || p.Distance < best.Distance) {
			best = p
		}
	}
	switch {
	case best == nil:
		next.Reason = "no pod may be the source: " + none(pods, cfg)
		return next
	case old != nil && old.eligible() && old.Distance <= max(stickyFactor*best.Distance, best.Distance+stickyMargin):
		next.Pod, next.Since, next.Distance = old.Name, before.Since, old.Distance
		next.Reason = fmt.Sprintf("%.2f deviations from the median of %d pods", old.Distance, compared)
		if best != old {
			next.Reason += fmt.Sprintf(", kept: %s is nearer by no more than chance", best.Name)
		}
		return next
	}
	next.Pod, next.Since, next.Distance = best.Name, at, best.Distance
	next.Reason = fmt.Sprintf("%.2f deviations from the median of %d pods, the nearest", best.Distance, compared)
	if before.Pod != "" {
		next.Changes++
		next.Reason += fmt.Sprintf("; before it %s, which %s", before.Pod, lost(old))
	}
	return next
}

// eligible says that a pod may be the source.
func (p *Pod) eligible() bool { return p.Standing == Compared && !p.Anomalous && p.Distance >= 0 }

// lost says why a pod is no source any more.
func lost(p *Pod) string {
	switch {
	case p == nil:
		return "is gone"
	case p.Standing != Compared:
		return "has " + strings.ToLower(string(p.Standing))
	case p.Anomalous:
		return "is far from the others in " + string(p.Farthest)
	}
	return fmt.Sprintf("is %.2f deviations away by now", p.Distance)
}

// none says why no pod may be the source.
func none(pods []*Pod, cfg Config) string {
	if len(pods) == 0 {
		return "none has been seen: scrape container_cpu_usage_seconds_total and container_memory_working_set_bytes of cAdvisor, by pod"
	}
	counts := map[Standing]int{}
	for _, p := range pods {
		counts[p.Standing]++
	}
	var parts []string
	add := func(n int, says string) {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, says))
		}
	}
	add(counts[Young], fmt.Sprintf("younger than %v", cfg.MinAge))
	add(counts[Restarted], "restarted within the window")
	add(counts[Sparse], "with too few values")
	add(counts[Compared], "far from each other")
	return strings.Join(parts, ", ")
}
