package v1alpha1

// Algorithm says how the forecast is made.
//
// +kubebuilder:validation:XValidation:rule="!has(self.parameters) || ['historyDays', 'days'].all(k, !(k in self.parameters) || self.parameters[k].matches('^([1-9]|1[0-9]|2[0-8])$'))",fieldPath=".parameters",message="write historyDays and days as whole numbers from 1 to 28"
// +kubebuilder:validation:XValidation:rule="!has(self.parameters) || !('weightsPower' in self.parameters) || self.parameters['weightsPower'].matches('^([1-9]|1[0-9]|20)$')",fieldPath=".parameters",message="write weightsPower as a whole number from 1 to 20"
// +kubebuilder:validation:XValidation:rule="!has(self.parameters) || ['levelHalfLife', 'deviationHalfLife'].all(k, !(k in self.parameters) || self.parameters[k].matches('^([4-9]|[1-9][0-9]|1[01][0-9]|12[0-8])$'))",fieldPath=".parameters",message="write levelHalfLife and deviationHalfLife as whole numbers from 4 to 128"
type Algorithm struct {
	// Auto chooses and weighs the models by how well each has forecast this
	// load; the name of one model uses that alone.
	// +kubebuilder:default=Auto
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[A-Z][A-Za-z0-9]*$')",message="write Auto, or the name of a model in CamelCase"
	// +optional
	Type string `json:"type,omitempty"`

	// Settings of the model, by name, as whole numbers. historyDays (1 to 28):
	// how many days of the history a fit sees, for every type. weightsPower (1 to
	// 20, usually 6), for Auto: a high one leaves the best model alone. days (1 to
	// 28, usually 7), for DailyShape and DailyMedian: over how many days the shape
	// of a day is taken. levelHalfLife (4 to 128 steps, usually 128), for Auto and
	// Level, and deviationHalfLife, for Auto and the shapes: after how long a value
	// counts half in the slowest average of the level, and of the distance from the
	// shape.
	// +kubebuilder:validation:MaxProperties=16
	// +optional
	Parameters map[string]string `json:"parameters,omitempty"`
}

// Prediction says how the forecast is used.
//
// +kubebuilder:validation:XValidation:rule="!has(self.quantile) || !has(self.shadowQuantile) || ![self.quantile, self.shadowQuantile].all(q, q.matches('^[0-9]{1,15}([.][0-9]{1,9})?$') && double(q) > 0.0 && double(q) < 1.0) || double(self.shadowQuantile) >= double(self.quantile)",fieldPath=".shadowQuantile",message="write at least prediction.quantile: shadows stand by for what the live replicas do not cover"
type Prediction struct {
	// The probability with which the load stays within what the live replicas
	// are asked for.
	// +kubebuilder:default="0.9"
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{1,15}([.][0-9]{1,9})?$') && double(self) > 0.0 && double(self) < 1.0",message="write a probability between 0 and 1, such as \"0.95\""
	// +optional
	Quantile Decimal `json:"quantile,omitempty"`

	// The same for live replicas and shadows together.
	// +kubebuilder:default="0.99"
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{1,15}([.][0-9]{1,9})?$') && double(self) > 0.0 && double(self) < 1.0",message="write a probability between 0 and 1, such as \"0.99\""
	// +optional
	ShadowQuantile Decimal `json:"shadowQuantile,omitempty"`

	// The time from asking for a replica to having it, where no shadow is
	// warm. Auto: as measured, 5m until there is a measurement.
	// +kubebuilder:default=Auto
	// +kubebuilder:validation:XValidation:rule="self == 'Auto' || (self.matches('^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') && [[int('0' + self.find('[0-9]+w').replace('w', '')) * 604800, int('0' + self.find('[0-9]+d').replace('d', '')) * 86400, int('0' + self.find('[0-9]+h').replace('h', '')) * 3600, int('0' + self.find('[0-9]+m').replace('m', '')) * 60, int('0' + self.find('[0-9]+s').replace('s', '')) * 1].sum()].all(s, s >= 1 && s <= 21600))",message="write Auto, or a duration from 1s to 6h, such as 3m"
	// +optional
	ColdStartLead Duration `json:"coldStartLead,omitempty"`

	// The same where a shadow is warm: the HPA's period, its activation and
	// the load balancer.
	// +kubebuilder:default="60s"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') && [[int('0' + self.find('[0-9]+w').replace('w', '')) * 604800, int('0' + self.find('[0-9]+d').replace('d', '')) * 86400, int('0' + self.find('[0-9]+h').replace('h', '')) * 3600, int('0' + self.find('[0-9]+m').replace('m', '')) * 60, int('0' + self.find('[0-9]+s').replace('s', '')) * 1].sum()].all(s, s >= 1 && s <= 3600)",message="write a duration from 1s to 1h, such as 60s"
	// +optional
	ActivationLead Duration `json:"activationLead,omitempty"`

	// How long the last forecast goes on while Prometheus cannot be read. It
	// may raise and never lowers; after that, the metrics APIs answer with an
	// error and the HPA holds. At least three times history.step.
	// +kubebuilder:default="15m"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') && [[int('0' + self.find('[0-9]+w').replace('w', '')) * 604800, int('0' + self.find('[0-9]+d').replace('d', '')) * 86400, int('0' + self.find('[0-9]+h').replace('h', '')) * 3600, int('0' + self.find('[0-9]+m').replace('m', '')) * 60, int('0' + self.find('[0-9]+s').replace('s', '')) * 1].sum()].all(s, s >= 120 && s <= 86400)",message="write a duration from 2m to 1d, such as 15m"
	// +optional
	MaxAge Duration `json:"maxAge,omitempty"`

	// The forecast asks for at most this many times the highest need seen in
	// the history window. The observed load is never capped.
	// +kubebuilder:default="1.5"
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{1,15}([.][0-9]{1,9})?$') && double(self) >= 1.0",message="write a factor of at least 1, such as \"1.5\""
	// +optional
	Cap Decimal `json:"cap,omitempty"`
}
