package v1alpha1

// Types of conditions.
const (
	// ConditionForecastReady is True while the metrics APIs answer from a
	// forecast that is as fresh as prediction.maxAge asks.
	ConditionForecastReady = "ForecastReady"
	// ConditionCapacityUnknown is True while nothing says what one replica
	// carries; nothing is published then.
	ConditionCapacityUnknown = "CapacityUnknown"
	// ConditionHistoryDegraded is True while Prometheus marks its answers as
	// partial: the forecast may raise and does not lower.
	ConditionHistoryDegraded = "HistoryDegraded"
	// ConditionRefused is True while the pool is not served at all: its spec
	// breaks a rule of this version, or another pool has its workload.
	ConditionRefused = "Refused"
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
	// ReasonNoLoad: the load query gave no usable value.
	ReasonNoLoad = "NoLoad"
	// ReasonQueryRefused: a query of the pool cannot be asked as it is.
	ReasonQueryRefused = "QueryRefused"
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
