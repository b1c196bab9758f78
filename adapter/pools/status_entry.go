package pools

import (
	"math"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// statusEntry is what one pool wants written, and what it got.
type statusEntry struct {
	uid    types.UID
	wanted *v1alpha1.ShadowPoolStatus
	// written is what the pool has, with the times of its conditions'
	// transitions; nil where that is not known.
	written *v1alpha1.ShadowPoolStatus
	change  change
	// writtenAt and notBefore hold the next write back, failures counts those
	// in a row.
	writtenAt, notBefore time.Time
	failures             int
}

// change says how soon a status is to be written: the greater the sooner.
type change int

const (
	changeNone change = iota
	// changeValues waits for an interval: nobody acts on it.
	changeValues
	// changeReplicas is written at once: the role that keeps the shadows goes by
	// these numbers.
	changeReplicas
	// changeUrgent is written at once, before the others.
	changeUrgent
)

// compare finds out what there is to write.
func (e *statusEntry) compare() { e.change = compare(e.written, e.wanted) }

func (e *statusEntry) due(now time.Time, values time.Duration) bool {
	if e.change == changeNone || now.Before(e.notBefore) {
		return false
	}
	return e.change >= changeReplicas || now.Sub(e.writtenAt) >= values
}

// compare says how much of a status would be news to who reads the written one.
func compare(written, wanted *v1alpha1.ShadowPoolStatus) change {
	switch {
	case written == nil, written.ObservedGeneration != wanted.ObservedGeneration, !sameConditions(written.Conditions, wanted.Conditions):
		return changeUrgent
	case !sameReplicas(written.Capacity, wanted.Capacity):
		return changeReplicas
	case !sameValues(written, wanted):
		return changeValues
	}
	return changeNone
}

// sameConditions compares what conditions say, not since when, nor in what
// words.
func sameConditions(a, b []metav1.Condition) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(c metav1.Condition) bool {
		o := meta.FindStatusCondition(b, c.Type)
		return o == nil || c.Status != o.Status || c.Reason != o.Reason
	})
}

// sameReplicas compares the numbers of replicas.
func sameReplicas(a, b *v1alpha1.CapacityStatus) bool {
	numbers := func(c *v1alpha1.CapacityStatus) [4]*int32 {
		if c == nil {
			return [4]*int32{}
		}
		return [4]*int32{c.ReactiveReplicas, c.PredictedReplicas, c.NowReplicas, c.ShadowReplicas}
	}
	return equality.Semantic.DeepEqual(numbers(a), numbers(b))
}

// sameValues compares the rest, but for what changes by itself while time goes
// by, which is written along with anything else: the time of the forecast, the
// span of its history, and the last digits of loads.
func sameValues(a, b *v1alpha1.ShadowPoolStatus) bool {
	return equality.Semantic.DeepEqual(a.Capacity, b.Capacity) && sameForecast(a.Forecast, b.Forecast) &&
		sameProfile(a.Profile, b.Profile) && sameWords(a.Conditions, b.Conditions)
}

func sameForecast(a, b *v1alpha1.ForecastStatus) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Model == b.Model && a.Note == b.Note && sameLoad(a.ObservedLoad, b.ObservedLoad) && sameLoad(a.PredictedLoad, b.PredictedLoad)
}

// loadTolerance is the relative change of a load that is worth a write.
const loadTolerance = 0.01

func sameLoad(a, b v1alpha1.Decimal) bool {
	if a == b {
		return true
	}
	x, errX := a.Parse()
	y, errY := b.Parse()
	return errX == nil && errY == nil && math.Abs(x-y) <= loadTolerance*max(math.Abs(x), math.Abs(y))
}

func sameWords(a, b []metav1.Condition) bool {
	return !slices.ContainsFunc(a, func(c metav1.Condition) bool {
		o := meta.FindStatusCondition(b, c.Type)
		return o == nil || c.Message != o.Message
	})
}
