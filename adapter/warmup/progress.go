package warmup

import "time"

// ProgressVersion is that of Progress' form. A reader ignores fields that it does
// not know.
const ProgressVersion = 1

// Stage is the condition that is still missing.
type Stage string

// The stages, in the order in which they are judged.
const (
	StageIdle            Stage = "Idle"            // the pod is no shadow that warms up
	StageWaitingForApp   Stage = "WaitingForApp"   // the app's port takes no connection
	StageWaitingForReady Stage = "WaitingForReady" // the pod is not Ready
	StageNoRequests      Stage = "NoRequests"      // there is nothing to send
	StageRamping         Stage = "Ramping"
	StageTooFewRequests  Stage = "TooFewRequests"
	StageResponsesDiffer Stage = "ResponsesDiffer"
	StageLatencyAbove    Stage = "LatencyAbove"
	StageCPUAbove        Stage = "CPUAbove"
	StageStabilising     Stage = "Stabilising"
	StageFinishing       Stage = "Finishing" // it is warm; requests are still on their way
	StageReady           Stage = "Ready"
	StageTimedOut        Stage = "TimedOut"
	StageAborted         Stage = "Aborted" // the app failed, and is left alone for a while
)

// Stages lists them all.
func Stages() []Stage {
	return []Stage{
		StageIdle, StageWaitingForApp, StageWaitingForReady, StageNoRequests, StageRamping, StageTooFewRequests, StageResponsesDiffer,
		StageLatencyAbove, StageCPUAbove, StageStabilising, StageFinishing, StageReady, StageTimedOut, StageAborted,
	}
}

// Reference is what a shadow is compared with.
type Reference string

// The references, the best first.
const (
	ReferenceProfile Reference = "Profile"
	ReferenceTap     Reference = "Tap"
	ReferenceSelf    Reference = "Self"
)

// Progress is how warm a shadow is.
type Progress struct {
	Version int `json:"version"`
	// Ratio is 0 to 1. It falls when the evidence says so.
	Ratio   float64 `json:"ratio"`
	Stage   Stage   `json:"stage"`
	Message string  `json:"message,omitempty"`
	// Done says that the shadow is warm, and that nothing is sent any more.
	Done bool `json:"done"`
	// TimedOut says that the round ended without that; nothing is sent any more.
	TimedOut bool `json:"timedOut,omitempty"`
	// Round counts the warm-ups of this pod; Began is when this one did.
	Round int       `json:"round"`
	Began time.Time `json:"began,omitzero"`
	// Requests are those answered or failed in this round, InFlight those on
	// their way, Rate what is sent in a second.
	Requests  int       `json:"requests"`
	InFlight  int       `json:"inFlight"`
	Rate      float64   `json:"rate"`
	Reference Reference `json:"reference,omitempty"`
}
