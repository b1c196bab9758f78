package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// ProfileStatus sums up how the pods of a workload behave.
type ProfileStatus struct {
	// The end of the window that was looked at.
	ComputedAt metav1.Time `json:"computedAt"`

	// Pods of the workload that were seen, and those of them that were compared:
	// neither young nor restarted.
	Pods     int32 `json:"pods"`
	Compared int32 `json:"compared"`

	// The pod that shadows mirror.
	// +optional
	Source *SourcePod `json:"source,omitempty"`

	// Why there is no source, or why it is this one.
	// +optional
	Note string `json:"note,omitempty"`

	// How often another pod took the place of the source.
	// +optional
	Changes int64 `json:"changes,omitempty"`

	// Pods far from the others, the farthest first, at most ten; they are no
	// source.
	// +listType=atomic
	// +optional
	Anomalous []AnomalousPod `json:"anomalous,omitempty"`

	// How many pods are far from the others.
	// +optional
	AnomalousCount int32 `json:"anomalousCount,omitempty"`

	// What was measured, for the pod in the middle and for the source.
	// +listType=atomic
	// +optional
	Dimensions []ProfileDimension `json:"dimensions,omitempty"`

	// What could not be measured.
	// +listType=atomic
	// +optional
	Missing []MissingMetric `json:"missing,omitempty"`
}

// SourcePod is the pod that shadows mirror.
type SourcePod struct {
	// Its name.
	Pod string `json:"pod"`
	// Since when it is the source.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
	// How far it is from the median of the pods, in deviations.
	// +optional
	Distance Decimal `json:"distance,omitempty"`
}

// AnomalousPod is a pod far from the others.
type AnomalousPod struct {
	// Its name.
	Pod string `json:"pod"`
	// In what it differs most, and by how much.
	Reason string `json:"reason"`
}

// ProfileDimension is one thing that is measured of each pod.
type ProfileDimension struct {
	// Its name, as in spec.profile.queries.
	Name string `json:"name"`
	// The median over the pods, and the median deviation from it.
	Median    Decimal `json:"median"`
	Deviation Decimal `json:"deviation"`
	// The median of the source over the window.
	// +optional
	Source Decimal `json:"source,omitempty"`
	// The median at this hour of the week, over the history.
	// +optional
	Usual Decimal `json:"usual,omitempty"`
}

// MissingMetric is something that could not be measured.
type MissingMetric struct {
	// Its name, as in spec.profile.queries.
	Name string `json:"name"`
	// Since when, where it was measured before.
	// +optional
	Since *metav1.Time `json:"since,omitempty"`
	// Why.
	// +optional
	Reason string `json:"reason,omitempty"`
}

// DimensionStatus is what a resource needs that decides beside the load.
type DimensionStatus struct {
	// The resource.
	Name LoadDimension `json:"name"`
	// What one replica carries of it; of memory, above what it holds at rest.
	// +optional
	PerReplica Decimal `json:"perReplica,omitempty"`
	// Where that is known from.
	// +optional
	PerReplicaFrom CapacitySource `json:"perReplicaFrom,omitempty"`
	// What it would ask for alone.
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`
	// Why it has no say, or may have none soon.
	// +optional
	Note string `json:"note,omitempty"`
}
