package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ShadowPoolStatus is what the adapter found and did last.
type ShadowPoolStatus struct {
	// The generation of the spec that this status speaks of.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// Live pods of the workload, for the scale of this pool.
	// +optional
	Replicas int32 `json:"replicas,omitempty"`

	// The workload's label selector, for the scale of this pool.
	// +optional
	Selector string `json:"selector,omitempty"`

	// What is true of the pool now, and why.
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// The forecast in use.
	// +optional
	Forecast *ForecastStatus `json:"forecast,omitempty"`

	// What the load needs, in replicas.
	// +optional
	Capacity *CapacityStatus `json:"capacity,omitempty"`

	// Shadows by state.
	// +optional
	Counts *ShadowCounts `json:"counts,omitempty"`

	// The shadows, one entry each.
	// +listType=map
	// +listMapKey=name
	// +optional
	Shadows []ShadowStatus `json:"shadows,omitempty"`

	// The shadows that the next raise takes, in order.
	// +optional
	Intent *Intent `json:"intent,omitempty"`

	// What was decided last about shadows, and why.
	// +optional
	LastDecision *LastDecision `json:"lastDecision,omitempty"`
}

// ForecastStatus sums up a forecast.
type ForecastStatus struct {
	// When the load was read and the forecast made.
	ComputedAt metav1.Time `json:"computedAt"`

	// The load at that time, in the unit of the query.
	// +optional
	ObservedLoad Decimal `json:"observedLoad,omitempty"`

	// The forecast of the load at activationLead, at the pool's quantile.
	// +optional
	PredictedLoad Decimal `json:"predictedLoad,omitempty"`

	// The model that weighs most.
	// +optional
	Model string `json:"model,omitempty"`

	// How much history was found.
	// +optional
	History Duration `json:"history,omitempty"`

	// What a person should know about the forecast, such as too little history.
	// +optional
	Note string `json:"note,omitempty"`
}

// CapacitySource says where the capacity of one replica is known from.
//
// +kubebuilder:validation:Enum=Given;Learnt
type CapacitySource string

// The sources of a capacity.
const (
	CapacityGiven  CapacitySource = "Given"
	CapacityLearnt CapacitySource = "Learnt"
)

// CapacityStatus is what the load needs, in replicas.
type CapacityStatus struct {
	// The load that one replica carries, in the unit of the query.
	// +optional
	PerReplica Decimal `json:"perReplica,omitempty"`

	// Where that is known from.
	// +optional
	PerReplicaFrom CapacitySource `json:"perReplicaFrom,omitempty"`

	// What the observed load needs now, headroom included.
	// +optional
	ReactiveReplicas *int32 `json:"reactiveReplicas,omitempty"`

	// What an HPA gets, foreshadow_predicted_capacity_replicas.
	// +optional
	PredictedReplicas *int32 `json:"predictedReplicas,omitempty"`

	// Why that is what it is.
	// +optional
	Note string `json:"note,omitempty"`
}

// ShadowState is the state of a shadow as users see it.
//
// +kubebuilder:validation:Enum=creating;warming;ready;active;bridged;deactivated
type ShadowState string

// The states of a shadow.
const (
	ShadowCreating    ShadowState = "creating"
	ShadowWarming     ShadowState = "warming"
	ShadowReady       ShadowState = "ready"
	ShadowActive      ShadowState = "active"
	ShadowBridged     ShadowState = "bridged"
	ShadowDeactivated ShadowState = "deactivated"
)

// ShadowCounts counts the shadows by state.
type ShadowCounts struct {
	// Shadows whose pod is not Ready yet.
	Creating int32 `json:"creating"`
	// Shadows that warm up.
	Warming int32 `json:"warming"`
	// Shadows that can go live now.
	Ready int32 `json:"ready"`
	// Shadows that serve and belong to the pool.
	Bridged int32 `json:"bridged"`
}

// ShadowStatus is one shadow.
type ShadowStatus struct {
	// The name of its pod.
	Name string `json:"name"`
	// Its state.
	State ShadowState `json:"state"`
}

// Intent lists the shadows that the next raise takes, written ahead of it.
type Intent struct {
	// The ReplicaSet that they join.
	ReplicaSetUID types.UID `json:"replicaSetUID"`
	// Grows with each intent.
	Epoch int64 `json:"epoch"`
	// The pods, the first one first.
	// +listType=atomic
	PodUIDs []types.UID `json:"podUIDs"`
}

// LastDecision is what was decided last about shadows.
type LastDecision struct {
	// When it was decided.
	Time metav1.Time `json:"time"`
	// Why, in one word.
	Reason string `json:"reason"`
	// Why, in a sentence.
	// +optional
	Message string `json:"message,omitempty"`
}
