package pools

import (
	"slices"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// sameProfile compares what a profile says of pods and metrics by name: figures
// move with each look.
func sameProfile(a, b *v1alpha1.ProfileStatus) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Changes != b.Changes || a.AnomalousCount != b.AnomalousCount || sourceOf(a) != sourceOf(b) {
		return false
	}
	return slices.Equal(anomalousOf(a), anomalousOf(b)) &&
		slices.EqualFunc(a.Missing, b.Missing, func(x, y v1alpha1.MissingMetric) bool { return x.Name == y.Name && x.Since.Equal(y.Since) })
}

func sourceOf(s *v1alpha1.ProfileStatus) string {
	if s.Source == nil {
		return ""
	}
	return s.Source.Pod
}

// anomalousOf returns the names of the anomalous pods, sorted: which of them is
// the farthest moves with each look.
func anomalousOf(s *v1alpha1.ProfileStatus) []string {
	names := make([]string, len(s.Anomalous))
	for i, p := range s.Anomalous {
		names[i] = p.Pod
	}
	slices.Sort(names)
	return names
}
