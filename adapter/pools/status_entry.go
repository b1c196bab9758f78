package pools

import (
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// statusEntry is what one pool wants written, and what it got.
type statusEntry struct {
	uid     types.UID
	wanted  v1alpha1.ShadowPoolStatus
	written *v1alpha1.ShadowPoolStatus
	// conditions are the written ones, with the times of their transitions.
	conditions []metav1.Condition
	change     change
	// writtenAt and notBefore hold the next write back, failures counts those
	// in a row.
	writtenAt, notBefore time.Time
	failures             int
}

// change says how soon a status is to be written: the greater the sooner.
type change int

const (
	changeNone change = iota
	changeValues
	changeReplicas
	changeUrgent
)

// compare finds out what there is to write.
func (e *statusEntry) compare() {
	switch {
	case e.written == nil,
		e.written.ObservedGeneration != e.wanted.ObservedGeneration,
		!sameConditions(e.written.Conditions, e.wanted.Conditions):
		e.change = changeUrgent
	case !sameReplicas(e.written, &e.wanted):
		e.change = changeReplicas
	case !equality.Semantic.DeepEqual(*e.written, e.wanted):
		e.change = changeValues
	default:
		e.change = changeNone
	}
}

func (e *statusEntry) due(now time.Time, waits map[change]time.Duration) bool {
	if e.change == changeNone || now.Before(e.notBefore) {
		return false
	}
	return e.change == changeUrgent || now.Sub(e.writtenAt) >= waits[e.change]
}

// sameConditions compares what a condition says, not since when.
func sameConditions(a, b []metav1.Condition) bool {
	return slices.EqualFunc(a, b, func(a, b metav1.Condition) bool {
		return a.Type == b.Type && a.Status == b.Status && a.Reason == b.Reason
	})
}

// sameReplicas compares the numbers that people and dashboards follow.
func sameReplicas(a, b *v1alpha1.ShadowPoolStatus) bool {
	numbers := func(s *v1alpha1.ShadowPoolStatus) []*int32 {
		if s.Capacity == nil {
			return []*int32{&s.Replicas, nil, nil}
		}
		return []*int32{&s.Replicas, s.Capacity.ReactiveReplicas, s.Capacity.PredictedReplicas}
	}
	return equality.Semantic.DeepEqual(numbers(a), numbers(b))
}
