package v1alpha1

// Mode says how far Foreshadow may go with a pool.
//
// +kubebuilder:validation:Enum=Observe;Predict;Active
type Mode string

// The modes, each including the one before it.
const (
	ModeObserve Mode = "Observe"
	ModePredict Mode = "Predict"
	ModeActive  Mode = "Active"
)

// BackgroundWork says whether the app works without requests.
//
// +kubebuilder:validation:Enum=None;Gated
type BackgroundWork string

// The kinds of background work.
const (
	BackgroundWorkNone  BackgroundWork = "None"
	BackgroundWorkGated BackgroundWork = "Gated"
)

// ActivationPolicy says how many shadows a raise takes.
//
// +kubebuilder:validation:Enum=All;Proportional
type ActivationPolicy string

// The activation policies.
const (
	ActivationPolicyAll          ActivationPolicy = "All"
	ActivationPolicyProportional ActivationPolicy = "Proportional"
)

// ActivationMode says who owns an activated shadow.
//
// +kubebuilder:validation:Enum=Adopt;Bridge
type ActivationMode string

// The activation modes.
const (
	ActivationModeAdopt  ActivationMode = "Adopt"
	ActivationModeBridge ActivationMode = "Bridge"
)

// ScaleInPolicy says what becomes of pods that a scale-in takes out.
//
// +kubebuilder:validation:Enum=Terminate;Recycle
type ScaleInPolicy string

// The scale-in policies.
const (
	ScaleInTerminate ScaleInPolicy = "Terminate"
	ScaleInRecycle   ScaleInPolicy = "Recycle"
)

// Special values of strings that may also hold something else.
const (
	// Auto leaves a lead or the choice of a model to the adapter.
	Auto = "Auto"
	// DefaultSource is the source of load that a pool reads unless it says
	// otherwise.
	DefaultSource = "default"
)

// DayClass says how a day of a calendar differs from others of its weekday.
//
// +kubebuilder:validation:Enum=Holiday;Event
type DayClass string

// The classes of days.
const (
	DayHoliday DayClass = "Holiday"
	DayEvent   DayClass = "Event"
)
