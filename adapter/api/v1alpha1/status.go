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

	// How the workload's pods behave.
	// +optional
	Profile *ProfileStatus `json:"profile,omitempty"`

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

	// The replicas that need no cold start.
	// +optional
	Cover *CoverStatus `json:"cover,omitempty"`

	// How long the workload's pods take to start, learnt from them.
	// +optional
	Leads *LeadStatus `json:"leads,omitempty"`

	// The shadows that ended last, the newest first, at most ten.
	// +listType=atomic
	// +optional
	Deactivated []DeactivatedShadow `json:"deactivated,omitempty"`

	// Since when there are more shadows than wanted.
	// +optional
	ExcessSince *metav1.Time `json:"excessSince,omitempty"`

	// The epoch of the leader that wrote this: a leader of an earlier one stops.
	// +optional
	Epoch int64 `json:"epoch,omitempty"`
}

// CoverStatus is what stands in for cold starts.
type CoverStatus struct {
	// Replicas that can be activated now, are bridged, or were lost so lately
	// that their successors are on the way.
	Replicas int32 `json:"replicas"`
	// Those of them that were lost.
	// +optional
	Lost int32 `json:"lost,omitempty"`
	// Until when the lost ones count.
	// +optional
	LostUntil *metav1.Time `json:"lostUntil,omitempty"`
}

// LeadStatus is how long the workload's own pods take to start: the 0.95
// quantile over its latest start-ups.
type LeadStatus struct {
	// From the creation of a pod until it is Ready.
	// +optional
	ColdStart Duration `json:"coldStart,omitempty"`
	// From Ready until a shadow is warm.
	// +optional
	WarmUp Duration `json:"warmUp,omitempty"`
	// The parts of ColdStart, each on its own: until the pod has a node, its
	// first container has started (the image was pulled), its init containers
	// are done, it is Ready.
	// +optional
	Scheduled Duration `json:"scheduled,omitempty"`
	// +optional
	Pulled Duration `json:"pulled,omitempty"`
	// +optional
	Initialised Duration `json:"initialised,omitempty"`
	// +optional
	Ready Duration `json:"ready,omitempty"`
	// Start-ups that this was learnt from.
	// +optional
	Samples int32 `json:"samples,omitempty"`
}

// DeactivatedShadow is a shadow that ended.
type DeactivatedShadow struct {
	// The name that its pod had.
	Name string `json:"name"`
	// Why it ended, in one word.
	Reason string `json:"reason"`
	// When that was seen.
	Time metav1.Time `json:"time"`
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

	// How good the forecasts of the last 7 days turned out, by how far ahead
	// they were made. It is brought up to date with the rest of this status.
	// +listType=map
	// +listMapKey=horizon
	// +optional
	Quality []ForecastQuality `json:"quality,omitempty"`
}

// ForecastQuality is how good the forecasts of one horizon turned out.
type ForecastQuality struct {
	// How far ahead they were made.
	Horizon Duration `json:"horizon"`

	// The mean distance of the load from the forecast's middle, in the unit of
	// the query.
	// +optional
	AbsoluteError Decimal `json:"absoluteError,omitempty"`

	// The pinball loss at the pool's quantile over that of the load of the day
	// before: below 1 is better.
	// +optional
	PinballRatio Decimal `json:"pinballRatio,omitempty"`

	// The share of loads that stayed at or below the pool's quantile. It should
	// be that quantile.
	// +optional
	Coverage Decimal `json:"coverage,omitempty"`
}

// CapacitySource says where the capacity of one replica is known from.
//
// +kubebuilder:validation:Enum=Given;Learnt;Template
type CapacitySource string

// The sources of a capacity.
const (
	CapacityGiven  CapacitySource = "Given"
	CapacityLearnt CapacitySource = "Learnt"
	// CapacityTemplate: the limit of a pod, or its request.
	CapacityTemplate CapacitySource = "Template"
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

	// What is needed within the activation lead, the observed load included.
	// +optional
	NowReplicas *int32 `json:"nowReplicas,omitempty"`

	// What shadowQuantile of the load needs within the time that a new shadow
	// takes to be warm.
	// +optional
	ShadowReplicas *int32 `json:"shadowReplicas,omitempty"`

	// Why that is what it is.
	// +optional
	Note string `json:"note,omitempty"`

	// What decides where load.dimensions has any: one of them, or Load.
	// +optional
	Decides string `json:"decides,omitempty"`

	// The resources that decide beside the load.
	// +listType=atomic
	// +optional
	Dimensions []DimensionStatus `json:"dimensions,omitempty"`
}

// ShadowState is the state of a shadow as users see it.
//
// +kubebuilder:validation:Enum=creating;warming;ready;active;bridged;draining;deactivated
type ShadowState string

// The states of a shadow.
const (
	ShadowCreating    ShadowState = "creating"
	ShadowWarming     ShadowState = "warming"
	ShadowReady       ShadowState = "ready"
	ShadowActive      ShadowState = "active"
	ShadowBridged     ShadowState = "bridged"
	ShadowDraining    ShadowState = "draining"
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
	// Pods that no longer serve and become shadows again.
	// +optional
	Draining int32 `json:"draining,omitempty"`
	// Pods that were shadows and belong to the workload now.
	// +optional
	Active int32 `json:"active,omitempty"`
	// Shadows that are wanted but held back: quota or a cap of the installation
	// leaves no room for them.
	// +optional
	HeldBack int32 `json:"heldBack,omitempty"`
}

// ShadowStatus is one shadow.
type ShadowStatus struct {
	// The name of its pod.
	Name string `json:"name"`
	// Its state.
	State ShadowState `json:"state"`
	// Since when its pod exists.
	// +optional
	CreatedAt *metav1.Time `json:"createdAt,omitempty"`
	// The node that it runs on.
	// +optional
	Node string `json:"node,omitempty"`
	// The progress of its warm-up when this was written, 0 to 1.
	// +optional
	Progress Decimal `json:"progress,omitempty"`
	// Why it is not further, in one word.
	// +optional
	Reason string `json:"reason,omitempty"`
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
	// The numbers behind it.
	// +optional
	Terms *DecisionTerms `json:"terms,omitempty"`
	// What was done, in order; at most ten.
	// +listType=atomic
	// +optional
	Actions []string `json:"actions,omitempty"`
	// What was withheld, and why; at most ten.
	// +listType=atomic
	// +optional
	Held []string `json:"held,omitempty"`
}

// DecisionTerms are the numbers of a decision, in replicas.
type DecisionTerms struct {
	// Shadows that are wanted, and the bound that the budget sets.
	Want   int32 `json:"want"`
	Budget int32 `json:"budget"`
	// Replicas that the ReplicaSet asks for and that it has.
	Desired int32 `json:"desired"`
	Live    int32 `json:"live"`
	// Pods that it lacks, and that have not started to run.
	Missing int32 `json:"missing"`
	Pending int32 `json:"pending"`
	// The part of the raise that was asked for ahead of time and may start cold.
	Ahead int32 `json:"ahead"`
	// Shadows that this decision lets go live.
	Grants int32 `json:"grants"`
}
