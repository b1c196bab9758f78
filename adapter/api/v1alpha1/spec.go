package v1alpha1

// ShadowPoolSpec is what a person writes about a pool.
//
// +kubebuilder:validation:XValidation:rule="has(self.scaleTargetRef)",fieldPath=".scaleTargetRef",reason=FieldValueRequired,message="write the apiVersion, kind and name of the workload"
// +kubebuilder:validation:XValidation:rule="has(self.load)",fieldPath=".load",reason=FieldValueRequired,message="write at least query, the workload's load in PromQL"
// +kubebuilder:validation:XValidation:rule="self.mode != 'Active' || has(self.backgroundWork)",fieldPath=".backgroundWork",reason=FieldValueRequired,message="mode Active needs it: write None if the app does nothing without requests, Gated if it keeps queues, cron jobs and leader election back while it is a shadow"
// +kubebuilder:validation:XValidation:rule="self.maxShadows < 0 || self.minShadows <= self.maxShadows",fieldPath=".minShadows",message="write at most maxShadows, or raise maxShadows"
// +kubebuilder:validation:XValidation:rule="self.scaleIn.policy != 'Recycle' || self.replicas > 0 || self.activation.mode == 'Bridge'",fieldPath=".scaleIn.policy",message="Recycle needs replicas above 0 (an HPA that targets this pool's scale) or activation.mode Bridge: write one of them, or Terminate"
// +kubebuilder:validation:XValidation:rule="[[self.history.step, self.prediction.maxAge].map(d, d.matches('^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') ? [int('0' + d.find('[0-9]+w').replace('w', \"\")) * 604800, int('0' + d.find('[0-9]+d').replace('d', \"\")) * 86400, int('0' + d.find('[0-9]+h').replace('h', \"\")) * 3600, int('0' + d.find('[0-9]+m').replace('m', \"\")) * 60, int('0' + d.find('[0-9]+s').replace('s', \"\")) * 1].sum() : 0)].all(s, s[0] < 15 || s[0] > 3600 || 86400 % s[0] != 0 || s[1] < 120 || s[1] > 86400 || s[1] >= 3 * s[0])",fieldPath=".prediction.maxAge",message="write at least three times history.step: two steps may pass before the next value is there"
type ShadowPoolSpec struct {
	// The workload that the pool serves. Required.
	// +optional
	ScaleTargetRef ScaleTargetRef `json:"scaleTargetRef,omitzero"`

	// How far Foreshadow may go. Observe: it forecasts, writes status and
	// Prometheus metrics, and the metrics APIs give what the load needs now.
	// Predict: they give the forecast too. Active: it keeps shadows as well.
	// +kubebuilder:default=Observe
	// +optional
	Mode Mode `json:"mode,omitempty"`

	// 0: the workload's own scale decides. Above 0: an HPA targets the scale of
	// this pool and the pool owns the order in which pods come and go; while
	// Foreshadow is down that scaling stops.
	// +kubebuilder:default=0
	// +kubebuilder:validation:XValidation:rule="self >= 0",message="write 0, or the number of replicas"
	// +optional
	Replicas *int32 `json:"replicas,omitempty"`

	// Whether the app works without requests (queues, cron jobs, leader
	// election). None: it does not. Gated: it does, and keeps that back while
	// its pod is a shadow. Required in mode Active.
	// +optional
	BackgroundWork BackgroundWork `json:"backgroundWork,omitempty"`

	// Shadows as a percentage of the active replicas, rounded up: a budget, of
	// which the forecast decides how much is used.
	// +kubebuilder:default=20
	// +kubebuilder:validation:XValidation:rule="self >= 0 && self <= 100",message="write a percentage from 0 to 100, such as 20"
	// +optional
	ShadowPercentage *int32 `json:"shadowPercentage,omitempty"`

	// Shadows that are kept whatever the forecast and the percentage say.
	// +kubebuilder:default=0
	// +kubebuilder:validation:XValidation:rule="self >= 0",message="write 0 or more"
	// +optional
	MinShadows *int32 `json:"minShadows,omitempty"`

	// Shadows that are never exceeded.
	// +kubebuilder:default=10
	// +kubebuilder:validation:XValidation:rule="self >= 0",message="write 0 or more"
	// +optional
	MaxShadows *int32 `json:"maxShadows,omitempty"`

	// What the load is, where it is read, and what one replica carries of it.
	// Required.
	// +optional
	Load Load `json:"load,omitzero"`

	// How the behaviour of the workload's pods is looked at.
	// +kubebuilder:default={}
	// +optional
	Profile Profile `json:"profile,omitzero"`

	// How much of the past is read.
	// +kubebuilder:default={}
	// +optional
	History History `json:"history,omitzero"`

	// By which clock the load lives, and which days are unlike others.
	// +optional
	Calendar Calendar `json:"calendar,omitzero"`

	// How the forecast is made.
	// +kubebuilder:default={}
	// +optional
	Algorithm Algorithm `json:"algorithm,omitzero"`

	// How the forecast is used.
	// +kubebuilder:default={}
	// +optional
	Prediction Prediction `json:"prediction,omitzero"`

	// What a shadow costs while it waits.
	// +kubebuilder:default={}
	// +optional
	Idle Idle `json:"idle,omitzero"`

	// When a shadow counts as warm.
	// +kubebuilder:default={}
	// +optional
	WarmUp WarmUp `json:"warmUp,omitzero"`

	// How shadows go live.
	// +kubebuilder:default={}
	// +optional
	Activation Activation `json:"activation,omitzero"`

	// What becomes of pods that a scale-in takes out.
	// +kubebuilder:default={}
	// +optional
	ScaleIn ScaleIn `json:"scaleIn,omitzero"`
}

// ScaleTargetRef names a workload in the namespace of the pool.
//
// +kubebuilder:validation:XValidation:rule="has(self.name)",fieldPath=".name",reason=FieldValueRequired,message="write the name of the workload"
// +kubebuilder:validation:XValidation:rule="(self.apiVersion == 'apps/v1' && self.kind in ['Deployment', 'ReplicaSet']) || (self.apiVersion == 'argoproj.io/v1alpha1' && self.kind == 'Rollout')",fieldPath=".kind",message="write Deployment or ReplicaSet with apiVersion apps/v1, or Rollout with apiVersion argoproj.io/v1alpha1: shadows join through a ReplicaSet"
type ScaleTargetRef struct {
	// The API of the workload: apps/v1, or argoproj.io/v1alpha1 for a Rollout.
	// +kubebuilder:default="apps/v1"
	// +kubebuilder:validation:MaxLength=64
	// +optional
	APIVersion string `json:"apiVersion,omitempty"`

	// The kind of the workload: Deployment, ReplicaSet or Rollout.
	// +kubebuilder:default=Deployment
	// +kubebuilder:validation:MaxLength=64
	// +optional
	Kind string `json:"kind,omitempty"`

	// The name of the workload. Required.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$')",message="write the name of a workload: lower-case letters, digits, '-' and '.'"
	// +optional
	Name string `json:"name,omitempty"`
}
