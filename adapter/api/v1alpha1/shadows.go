package v1alpha1

// Idle says what a shadow costs while it waits.
type Idle struct {
	// The CPU request of a shadow, in percent of the template's. Below 100 it
	// is resized in place, and restored when the shadow goes live.
	// +kubebuilder:default=100
	// +kubebuilder:validation:XValidation:rule="self >= 1 && self <= 100",message="write a percentage from 1 to 100, such as 25"
	// +optional
	CPUPercent *int32 `json:"cpuPercent,omitempty"`
}

// WarmUp says what warms a shadow up, and when it counts as warm.
//
// +kubebuilder:validation:XValidation:rule="!has(self.requestsFrom) || size(self.requestsFrom) == 0 || has(self.appPort)",fieldPath=".requestsFrom",message="write appPort too: it says where the requests go"
type WarmUp struct {
	// The port at which the app takes HTTP without TLS. With it a shadow gets
	// the sidecar that sends requests there, and counts as warm by what it
	// measures; without it, by the time that it has been Ready.
	// +kubebuilder:validation:XValidation:rule="self >= 1 && self <= 65535",message="write a port from 1 to 65535, such as 8080"
	// +kubebuilder:validation:XValidation:rule="self != 9797 && self != 9798",message="write another port: the sidecar listens on 9797 and 9798"
	// +optional
	AppPort *int32 `json:"appPort,omitempty"`

	// The ConfigMap whose key requests.yaml lists what the sidecar sends. What
	// taps in active pods mirror comes beside it.
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="size(self) == 0 || self.matches('^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$')",message="write the name of a ConfigMap: lower-case letters, digits, '-' and '.'"
	// +optional
	RequestsFrom string `json:"requestsFrom,omitempty"`

	// How long a shadow is Ready, at least, before it counts as warm.
	// +kubebuilder:default="10s"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') && [[int('0' + self.find('[0-9]+w').replace('w', '')) * 604800, int('0' + self.find('[0-9]+d').replace('d', '')) * 86400, int('0' + self.find('[0-9]+h').replace('h', '')) * 3600, int('0' + self.find('[0-9]+m').replace('m', '')) * 60, int('0' + self.find('[0-9]+s').replace('s', '')) * 1].sum()].all(s, s >= 1 && s <= 60)",message="write a duration from 1s to 1m, such as 10s"
	// +optional
	MinReady Duration `json:"minReady,omitempty"`

	// How long a shadow is Ready, at most, before it counts as warm although
	// its progress is below 1. Status and metrics show that this happened.
	// +kubebuilder:default="5m"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') && [[int('0' + self.find('[0-9]+w').replace('w', '')) * 604800, int('0' + self.find('[0-9]+d').replace('d', '')) * 86400, int('0' + self.find('[0-9]+h').replace('h', '')) * 3600, int('0' + self.find('[0-9]+m').replace('m', '')) * 60, int('0' + self.find('[0-9]+s').replace('s', '')) * 1].sum()].all(s, s >= 60 && s <= 3600)",message="write a duration from 1m to 1h, such as 5m"
	// +optional
	Timeout Duration `json:"timeout,omitempty"`

	// A higher CPU limit until a shadow is warm.
	// +optional
	CPUBoost CPUBoost `json:"cpuBoost,omitzero"`
}

// CPUBoost is a higher CPU limit for the start and the warm-up of a shadow. It
// is taken back in place before the shadow may go live.
type CPUBoost struct {
	// The CPU limit of a shadow that starts or warms up, in percent of the
	// template's. Its request stays. Containers without a CPU limit have none
	// that could be raised; pods of the class Guaranteed keep theirs.
	// +kubebuilder:validation:XValidation:rule="self >= 100 && self <= 1000",message="write a percentage from 100 to 1000, such as 400"
	// +optional
	LimitPercent *int32 `json:"limitPercent,omitempty"`
}

// Activation says how shadows go live.
type Activation struct {
	// How many shadows a raise takes. All: every warm one that it needs now.
	// Proportional: shadowPercentage of the raise, rounded up.
	// +kubebuilder:default=All
	// +optional
	Policy ActivationPolicy `json:"policy,omitempty"`

	// Who owns them then. Adopt: the ReplicaSet, for good. Bridge: the pool;
	// they drain and return when the cold pods are ready.
	// +kubebuilder:default=Adopt
	// +optional
	Mode ActivationMode `json:"mode,omitempty"`
}

// ScaleIn says what becomes of pods that a scale-in takes out.
type ScaleIn struct {
	// Terminate: the ReplicaSet ends them. Recycle: they drain and become
	// shadows again; this needs replicas above 0 or activation.mode Bridge.
	// +kubebuilder:default=Terminate
	// +optional
	Policy ScaleInPolicy `json:"policy,omitempty"`

	// How long a pod without new requests finishes those it has.
	// +kubebuilder:default="30s"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') && [[int('0' + self.find('[0-9]+w').replace('w', '')) * 604800, int('0' + self.find('[0-9]+d').replace('d', '')) * 86400, int('0' + self.find('[0-9]+h').replace('h', '')) * 3600, int('0' + self.find('[0-9]+m').replace('m', '')) * 60, int('0' + self.find('[0-9]+s').replace('s', '')) * 1].sum()].all(s, s >= 1 && s <= 3600)",message="write a duration from 1s to 1h, such as 30s"
	// +optional
	Drain Duration `json:"drain,omitempty"`
}
