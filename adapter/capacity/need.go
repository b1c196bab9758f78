package capacity

import "math"

// roundingSlack is the relative excess that still counts as a whole replica:
// 1.1 / 0.1 is 11.000000000000002 in binary, and must not ask for a 12th.
const roundingSlack = 1e-9

// maxReplicas bounds what a forecast can ask for; it keeps the conversion to
// an integer defined for any load.
const maxReplicas = math.MaxInt32

// Need returns how many replicas carry the load, each of them
// capacityPerReplica: ceil(load / capacityPerReplica). Load and capacity are in
// the unit of the pool's query; capacityPerReplica must be positive. A load
// that is NaN or not positive needs none.
func Need(load, capacityPerReplica float64) int {
	if !(load > 0) {
		return 0
	}
	n := load / capacityPerReplica
	return int(math.Min(math.Ceil(n*(1-roundingSlack)), maxReplicas))
}

// Floor returns the reactive floor: the replicas that the observed load needs
// now when the share headroom (0 to below 1) of each replica is kept free.
func Floor(obs, capacityPerReplica, headroom float64) int {
	return Need(obs, capacityPerReplica*(1-headroom))
}

// Limit returns the most replicas that a forecast may ask for: factor times the
// highest need seen in the history window, rounded up, but never less than the
// observed load needs.
func Limit(factor float64, highestNeed, obsNeed int) int {
	limit := math.Ceil(factor * float64(highestNeed) * (1 - roundingSlack))
	return max(int(math.Min(limit, maxReplicas)), obsNeed)
}

// NowTerm returns what must serve now: the reactive floor, or what the forecast
// needs before an activation could help.
func NowTerm(floor, needActivation int) int { return max(floor, needActivation) }

// Value returns what an autoscaler gets: nowTerm, or what the forecast needs
// before a cold start could help, less the cover. The cover is the number of
// warm replicas that can join within the activation lead.
func Value(nowTerm, needColdStart, cover int) int { return max(nowTerm, needColdStart-cover) }

// Want returns how many shadows to keep: what the forecast at the shadow
// quantile needs beyond nowTerm, at least minShadows and at most budget. A
// minShadows above the budget wins.
func Want(shadowNeed, nowTerm, minShadows, budget int) int {
	return max(min(shadowNeed-nowTerm, budget), minShadows)
}

// Swallowed says that a HorizontalPodAutoscaler would ignore the value: it is
// not the current number of replicas, but within the tolerance (a share, 0.1
// unless the HPA sets another) of it.
func Swallowed(value, current int, tolerance float64) bool {
	if value == current || current <= 0 {
		return false
	}
	ratio := float64(value) / float64(current)
	return 1-tolerance <= ratio && ratio <= 1+tolerance
}
