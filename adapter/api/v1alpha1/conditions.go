package v1alpha1

// Types of conditions.
const (
	// ConditionForecastReady is True while the metrics APIs answer from a
	// forecast that is as fresh as prediction.maxAge asks.
	ConditionForecastReady = "ForecastReady"
	// ConditionCapacityUnknown is True while nothing says what one replica
	// carries; nothing is published then.
	ConditionCapacityUnknown = "CapacityUnknown"
	// ConditionHistoryDegraded is True while the load cannot be read, or
	// Prometheus marks its answers as partial: the forecast may raise and does not
	// lower.
	ConditionHistoryDegraded = "HistoryDegraded"
	// ConditionRefused is True while the pool is not served at all: its spec
	// breaks a rule of this version, or another pool has its workload.
	ConditionRefused = "Refused"
	// ConditionShadowsReady is True while the pool may make and activate
	// shadows; False says what holds it.
	ConditionShadowsReady = "ShadowsReady"
	// ConditionAdmissionDrift is True while admission made a shadow other than
	// the live pods: it names the field, and the shadow is not activated.
	ConditionAdmissionDrift = "AdmissionDrift"
	// ConditionHPAToleranceNotZero is True while an HPA of the workload may
	// write a surplus of pods into its target.
	ConditionHPAToleranceNotZero = "HPAToleranceNotZero"
	// ConditionSidecarMissing is True while a pool asks for the sidecar that warms
	// shadows up and the operator has named no image of it.
	ConditionSidecarMissing = "SidecarMissing"
	// ConditionCPUBoostIgnored is True while a pool asks for a higher CPU limit of
	// its shadows that their template does not allow.
	ConditionCPUBoostIgnored = "CPUBoostIgnored"
	// ConditionHeldBack is True while a quota or a cap keeps shadows away that
	// are wanted.
	ConditionHeldBack = "HeldBack"
	// ConditionResizePending is True while an activated shadow still waits for
	// its CPU request, or was refused it; it serves all the same. It is True, too,
	// while a shadow that has warmed up waits for the end of its higher CPU limit:
	// it is not ready before.
	ConditionResizePending = "ResizePending"
	// ConditionPolicyGap is True while a NetworkPolicy or AuthorizationPolicy
	// holds for the live pods and not for the shadows.
	ConditionPolicyGap = "PolicyGap"
)

// Reasons of conditions.
const (
	// ReasonForecasting: the forecast is in use.
	ReasonForecasting = "Forecasting"
	// ReasonObserving: mode Observe; the forecast is shown, not used.
	ReasonObserving = "Observing"
	// ReasonPaused: the annotation foreshadow.dev/pause holds the forecast.
	ReasonPaused = "Paused"
	// ReasonShortHistory: there is less than a week, or a day, to learn from.
	ReasonShortHistory = "ShortHistory"
	// ReasonLoadOnlyRises: the load does as a raw counter does, without rate().
	ReasonLoadOnlyRises = "LoadOnlyRises"
	// ReasonNoSkill: the forecast was no better than the load of the day before
	// for days, and is not followed until it is again.
	ReasonNoSkill = "NoSkill"
	// ReasonNoLoad: the load query gave no usable value.
	ReasonNoLoad = "NoLoad"
	// ReasonQueryRefused: a query of the pool cannot be asked as it is.
	ReasonQueryRefused = "QueryRefused"
	// ReasonSourceRefused: there is no such load.source, or it is not for the
	// pool's namespace.
	ReasonSourceRefused = "SourceRefused"
	// ReasonHistoryUnreachable: Prometheus cannot be read; the last forecast
	// goes on until prediction.maxAge.
	ReasonHistoryUnreachable = "HistoryUnreachable"
	// ReasonForecastExpired: the last forecast is older than prediction.maxAge.
	ReasonForecastExpired = "ForecastExpired"
	// ReasonCapacityGiven: load.capacityPerReplica says it.
	ReasonCapacityGiven = "CapacityGiven"
	// ReasonCapacityLearnt: it was learnt from load.replicasQuery.
	ReasonCapacityLearnt = "CapacityLearnt"
	// ReasonCapacityNotLearnt: neither is there.
	ReasonCapacityNotLearnt = "CapacityNotLearnt"
	// ReasonPartialAnswers: Prometheus sent warnings with its answers.
	ReasonPartialAnswers = "PartialAnswers"
	// ReasonCompleteAnswers: Prometheus sent none.
	ReasonCompleteAnswers = "CompleteAnswers"
	// ReasonAccepted: the pool is served.
	ReasonAccepted = "Accepted"
	// ReasonSpecInvalid: the spec breaks a rule of this version.
	ReasonSpecInvalid = "SpecInvalid"
	// ReasonWorkloadTaken: an older pool has the same workload.
	ReasonWorkloadTaken = "WorkloadTaken"
)
