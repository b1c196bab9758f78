package shadow

// Reasons of actions: why something is done.
const (
	ReasonReplicasRaised  = "ReplicasRaised"
	ReasonReplicasChanged = "ReplicasChanged"
	ReasonScaledIn        = "ScaledIn"
	ReasonColdPodsReady   = "ColdPodsReady"
	ReasonSelectorMatches = "SelectorMatches"
	ReasonActivated       = "Activated"
	ReasonSettled         = "Settled"
	ReasonRefill          = "Refill"
	ReasonReady           = "Ready"
	ReasonWarm            = "Warm"
	ReasonTimedOut        = "TimedOut"
	ReasonDrained         = "Drained"
)

// Reasons why a shadow ends.
const (
	ReasonWorkloadGone  = "WorkloadGone"
	ReasonModeNotActive = "ModeNotActive"
	ReasonStale         = "Stale"
	ReasonFailed        = "Failed"
	ReasonEvicted       = "Evicted"
	ReasonNodeGone      = "NodeGone"
	ReasonNotStarting   = "NotStarting"
	ReasonNotReady      = "NotReady"
	ReasonCannotHide    = "CannotHide"
	ReasonExcess        = "Excess"
	ReasonOverMaximum   = "OverMaximum"
	ReasonLivePodsFirst = "LivePodsFirst"
	ReasonNotReused     = "NotReused"
	// ReasonResizeRefused is of a shadow that would serve with too small a CPU
	// request for good.
	ReasonResizeRefused = "Resize" + ResizeRefused
	// ReasonUnboostRefused is of a shadow that would serve with the higher CPU limit
	// of its warm-up for good.
	ReasonUnboostRefused = "Unboost" + ResizeRefused
	// ReasonBoostStays is of a shadow whose node does not take its higher CPU limit
	// back.
	ReasonBoostStays = "BoostStays"
	// ReasonEnded is of a pod whose end somebody else decided.
	ReasonEnded = "Ended"
)

// Reasons why something is withheld. Those above that fit are used, too.
const (
	ReasonPaused             = "Paused"
	ReasonRolloutInProgress  = "RolloutInProgress"
	ReasonRolloutNotHealthy  = "RolloutNotHealthy"
	ReasonReplicaSetDeleting = "ReplicaSetDeleting"
	ReasonNoReplicaSet       = "NoReplicaSet"
	ReasonFenced             = "Fenced"
	ReasonNotOwned           = "NotOwned"
	ReasonDeleting           = "Deleting"
	ReasonNotWarm            = "NotWarm"
	ReasonJustWarmed         = "JustWarmed"
	ReasonAdmissionDrift     = "AdmissionDrift"
	ReasonNotInIntent        = "NotInIntent"
	ReasonReplicaSetLowered  = "ReplicaSetLowered"
	ReasonPodsNotSeen        = "PodsNotSeen"
	ReasonAskedAhead         = "AskedAhead"
	ReasonPolicyProportional = "PolicyProportional"
	ReasonNoWarmShadow       = "NoWarmShadow"
	ReasonColdPodsStarting   = "ColdPodsStarting"
	ReasonActivationUnderWay = "ActivationUnderWay"
	ReasonBackingOff         = "BackingOff"
	ReasonHeldBack           = "HeldBack"
	ReasonManyStarting       = "ManyStarting"
	ReasonBudgetInUse        = "BudgetInUse"
	ReasonStillDraining      = "StillDraining"
	ReasonNotBridged         = "NotBridged"
	ReasonNotSettling        = "NotSettling"
	ReasonBoosted            = "Boosted"
	ReasonNotBoosted         = "NotBoosted"
	// ReasonBoostEnding is of a shadow that is warm and whose node has yet to take
	// its higher CPU limit back.
	ReasonBoostEnding = "BoostEnding"
)

// Reasons of a decision that neither does nor withholds anything, and of the
// condition ShadowsReady while nothing stands against shadows.
const (
	ReasonSteady      = "Steady"
	ReasonShadowsKept = "ShadowsKept"
)
