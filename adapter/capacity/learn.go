package capacity

import (
	"math"
	"slices"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// learnQuantile is the share of observed loads per replica that the learnt
// capacity covers: what the workload carried at its busiest, without the few
// instants in which a rollout or an incident left too few replicas.
const learnQuantile = 0.95

// MinLearnSamples is the number of joint samples of load and replicas below
// which no capacity is learnt.
const MinLearnSamples = 120

// Learn returns the capacity of one replica from what replicas carried in the
// past: the 0.95-quantile of load / replicas over the steps at which both are
// known, the load is positive and there was at least one replica, with the
// headroom (0 to below 1) that they were run with on top. It follows the point
// at which the workload was run, so it errs towards more replicas.
//
// An autoscaler that follows the value runs the workload at or below that point
// from then on: whoever learns again must never take a lower result, or the
// replicas grow without end. ok is false with fewer than MinLearnSamples such
// steps. The series must share their step and grid.
func Learn(load, replicas forecast.Series, headroom float64) (perReplica float64, ok bool) {
	if load.Step != replicas.Step || load.Step <= 0 {
		return math.NaN(), false
	}
	offset := int(load.Start.Sub(replicas.Start) / load.Step)
	ratios := make([]float64, 0, len(load.Values))
	for i, v := range load.Values {
		j := i + offset
		if j < 0 || j >= len(replicas.Values) {
			continue
		}
		// A comparison with NaN is false, so gaps drop out here.
		if n := replicas.Values[j]; v > 0 && n >= 1 {
			ratios = append(ratios, v/n)
		}
	}
	if len(ratios) < MinLearnSamples {
		return math.NaN(), false
	}
	slices.Sort(ratios)
	return ratios[int(math.Ceil(learnQuantile*float64(len(ratios))))-1] / (1 - headroom), true
}
