package history

import (
	"math"
	"time"
)

const (
	// counterSpan and counterChanges are the least that is judged: a load may
	// well rise for a morning.
	counterSpan    = 12 * time.Hour
	counterChanges = 100
	// counterFalls is the share of changes that may be falls: restarts of what
	// counts. A load falls about as often as it rises, and one that grows for
	// weeks falls by its noise.
	counterFalls = 0.005
)

// OnlyRises says that values on a grid do as a raw counter does, and a load does
// not: of all changes of half a day or more, no more are falls than restarts
// make. Gaps (NaN) and values that stay are no changes.
//
// A fall counts whatever its size: of a sum over pods, one that ends takes its
// own part away.
func OnlyRises(values []float64, step time.Duration) bool {
	if time.Duration(len(values))*step < counterSpan {
		return false
	}
	rises, falls, last := 0, 0, math.NaN()
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			continue
		case v > last:
			rises++
		case v < last:
			falls++
		}
		last = v
	}
	changes := rises + falls
	return changes >= counterChanges && float64(falls) <= counterFalls*float64(changes)
}

// OnlyRisesNote is what a person should know of such values, and do.
const OnlyRisesNote = "it only rises, as a counter does: put rate(...[2m]) around it"
