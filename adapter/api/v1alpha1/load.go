package v1alpha1

// Load says what the load is, where it is read, and what one replica carries.
//
// +kubebuilder:validation:XValidation:rule="has(self.query)",fieldPath=".query",reason=FieldValueRequired,message="write the workload's load in PromQL, such as sum(rate(http_requests_total[2m]))"
type Load struct {
	// The Prometheus that is asked: a source that the operator of Foreshadow
	// configured.
	// +kubebuilder:default=default
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="write the name of a source that the operator configured, such as default"
	// +optional
	Source string `json:"source,omitempty"`

	// The load in PromQL: one series, a quantity that grows with the replicas
	// that are needed and does not depend on how many there are, such as
	// requests per second. Required.
	// +kubebuilder:validation:MaxLength=8192
	// +kubebuilder:validation:XValidation:rule="self.trim() != ''",message="write the workload's load in PromQL, such as sum(rate(http_requests_total[2m]))"
	// +optional
	Query string `json:"query,omitempty"`

	// The load that one warm replica carries, in the unit of the query.
	// Without it, it is learnt from what the replicas have carried.
	// +optional
	// +kubebuilder:validation:XValidation:rule="self.matches('^[0-9]{1,15}([.][0-9]{1,9})?$') && double(self) > 0.0",message="write a number above 0 in the unit of the query, such as \"120\", or leave it out to have it learnt"
	CapacityPerReplica *Decimal `json:"capacityPerReplica,omitempty"`

	// The workload's ready replicas in PromQL, for learning the capacity.
	// Without it: the ready replicas that kube-state-metrics reports.
	// +kubebuilder:validation:MaxLength=8192
	// +optional
	ReplicasQuery string `json:"replicasQuery,omitempty"`

	// The share of each replica's capacity that is kept free of the observed
	// load, for what happens between two looks.
	// +kubebuilder:default=10
	// +kubebuilder:validation:XValidation:rule="self >= 0 && self <= 90",message="write a percentage from 0 to 90, such as 10"
	// +optional
	HeadroomPercent *int32 `json:"headroomPercent,omitempty"`

	// Resources that decide beside the query: the greatest need counts. None
	// does unless it stands here.
	// +kubebuilder:validation:MaxItems=6
	// +kubebuilder:validation:XValidation:rule="self.all(d, self.exists_one(o, o.name == d.name))",message="write each resource once"
	// +listType=atomic
	// +optional
	Dimensions []Dimension `json:"dimensions,omitempty"`
}

// History says how much of the past is read.
type History struct {
	// How far back the load is read, at most; status says what was found.
	// +kubebuilder:default="28d"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') && [[int('0' + self.find('[0-9]+w').replace('w', '')) * 604800, int('0' + self.find('[0-9]+d').replace('d', '')) * 86400, int('0' + self.find('[0-9]+h').replace('h', '')) * 3600, int('0' + self.find('[0-9]+m').replace('m', '')) * 60, int('0' + self.find('[0-9]+s').replace('s', '')) * 1].sum()].all(s, s >= 3600 && s <= 7776000)",message="write a duration from 1h to 90d, such as 28d"
	// +optional
	Window Duration `json:"window,omitempty"`

	// The distance between two values of the load. It divides a day, so that
	// each day has its values at the same times.
	// +kubebuilder:default="1m"
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,3}w)?([0-9]{1,4}d)?([0-9]{1,5}h)?([0-9]{1,7}m)?([0-9]{1,9}s)?$') && [[int('0' + self.find('[0-9]+w').replace('w', '')) * 604800, int('0' + self.find('[0-9]+d').replace('d', '')) * 86400, int('0' + self.find('[0-9]+h').replace('h', '')) * 3600, int('0' + self.find('[0-9]+m').replace('m', '')) * 60, int('0' + self.find('[0-9]+s').replace('s', '')) * 1].sum()].all(s, s >= 15 && s <= 3600 && 86400 % s == 0)",message="write a duration from 15s to 1h that divides a day, such as 1m"
	// +optional
	Step Duration `json:"step,omitempty"`
}
