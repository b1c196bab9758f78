package publish

import (
	"slices"
	"time"
)

// Profile is what is known of the pods of a pool's workload.
type Profile struct {
	// At is the end of the window that was looked at.
	At time.Time
	// Pods were seen, Anomalous of them far from the others.
	Pods, Anomalous int
	// Source is the pod that shadows mirror, empty where there is none; Changes
	// counts how often another one took its place.
	Source  string
	Changes int64
	// Missing names what could not be measured, a closed set.
	Missing []string
}

func (p *Profile) clone() *Profile {
	if p == nil {
		return nil
	}
	c := *p
	c.Missing = slices.Clone(p.Missing)
	return &c
}

// collectProfile sends what is known of a pool's pods.
func (x *Exporter) collectProfile(s sink, p *Profile) {
	if p == nil {
		return
	}
	s.gauge(x.profiledPods, float64(p.Pods))
	s.gauge(x.anomalousPods, float64(p.Anomalous))
	s.gauge(x.profileTime, float64(p.At.Unix()))
	s.counter(x.sourceChanges, float64(p.Changes))
	if p.Source != "" {
		s.gauge(x.sourcePod, 1, p.Source)
	}
	for _, metric := range p.Missing {
		s.gauge(x.profileMissing, 1, metric)
	}
}

// DimensionNeed is what a resource would ask for alone.
type DimensionNeed struct {
	Dimension string
	Replicas  int
}

// collectNeeds sends what decides; it goes when the capacity does.
func (x *Exporter) collectNeeds(s sink, p *Pool) {
	if p.Deciding != "" {
		s.gauge(x.deciding, 1, p.Deciding)
	}
	for _, n := range p.Needs {
		s.gauge(x.dimensionReplicas, float64(n.Replicas), n.Dimension)
	}
}
