package warmup

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// maxRoutes bounds what a tap can make us remember; the rest is one route.
const maxRoutes = 100

// judged is the share of the newest requests that must be of routes with enough
// of them.
const judged = 0.8

// evidence is what a round has seen of the shadow, and of its source.
type evidence struct {
	shadow map[string]*sample
	source map[string]*sample
}

func newEvidence() *evidence {
	return &evidence{shadow: map[string]*sample{}, source: map[string]*sample{}}
}

// keep adds an outcome, and returns it with the route that it counts for.
func keep(in map[string]*sample, o Outcome) Outcome {
	if in[o.Route] == nil && len(in) >= maxRoutes {
		o.Route = AnyRoute
	}
	s := in[o.Route]
	if s == nil {
		s = &sample{}
		in[o.Route] = s
	}
	s.add(o)
	return o
}

// verdict is what the evidence says: how much of each condition holds, and what
// is furthest from it.
type verdict struct {
	enough, mix, latency, cpu                 float64
	enoughText, mixText, latencyText, cpuText string
	reference                                 Reference
}

// judge compares all routes with the source.
func (e *evidence) judge(now time.Time, p *Profile) verdict {
	v := verdict{enough: 1, mix: 1, latency: 1, cpu: 1, reference: ReferenceSelf}
	total, known := 0, 0
	thin := ""
	for _, route := range slices.Sorted(maps.Keys(e.shadow)) {
		outcomes := e.shadow[route].newest(now, kept)
		total += len(outcomes)
		if len(outcomes) < 2*least {
			if thin == "" && len(outcomes) > 0 {
				thin = fmt.Sprintf("%s: %d of %d requests", route, len(outcomes), 2*least)
			}
			continue
		}
		known += len(outcomes)
		v.add(e.compare(now, route, outcomes, p))
	}
	if share := float64(known) / math.Max(1, float64(total)); share < judged {
		v.enough, v.enoughText = share, thin
	}
	if p != nil && p.CPUSecondsPerRequest > 0 && p.ShadowCPUSecondsPerRequest > 0 {
		bound := p.CPUSecondsPerRequest * tolerance50
		v.cpu = bound / math.Max(bound, p.ShadowCPUSecondsPerRequest)
		v.cpuText = fmt.Sprintf("a request costs %s of CPU, %s on the source", inText(p.ShadowCPUSecondsPerRequest), inText(p.CPUSecondsPerRequest))
	}
	return v
}

// compare takes for reference the profile, else what a tap has seen, else the
// shadow itself.
func (e *evidence) compare(now time.Time, route string, outcomes []Outcome, p *Profile) (comparison, Reference) {
	if p != nil {
		if ref, ok := p.Routes[route]; ok {
			return compare(route, outcomes, ref), ReferenceProfile
		}
	}
	if s := e.source[route]; s != nil {
		if seen := s.newest(now, kept); len(seen) >= 2*least {
			return compare(route, outcomes, RouteProfile{
				P50: quantile(0.5, seen).Seconds(), P90: quantile(0.9, seen).Seconds(), Classes: mix(seen),
			}), ReferenceTap
		}
	}
	return compareSelf(route, outcomes), ReferenceSelf
}

func (v *verdict) add(c comparison, ref Reference) {
	if c.mix < v.mix {
		v.mix, v.mixText = c.mix, c.mixText
	}
	if c.latency < v.latency {
		v.latency, v.latencyText = c.latency, c.latencyText
	}
	if ref != ReferenceSelf {
		v.reference = ref
	}
}
