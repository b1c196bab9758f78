package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// ShadowPool forecasts the load of one workload and keeps a few warm copies of
// its pods, shadows, out of traffic until the workload scales out.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=shadowpools,singular=shadowpool,shortName=shp,scope=Namespaced,categories=autoscaling
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.selector
// +kubebuilder:printcolumn:name="Workload",type=string,JSONPath=`.spec.scaleTargetRef.name`
// +kubebuilder:printcolumn:name="Mode",type=string,JSONPath=`.spec.mode`
// +kubebuilder:printcolumn:name="Load",type=string,JSONPath=`.status.forecast.observedLoad`
// +kubebuilder:printcolumn:name="Floor",type=integer,JSONPath=`.status.capacity.reactiveReplicas`
// +kubebuilder:printcolumn:name="Predicted",type=integer,JSONPath=`.status.capacity.predictedReplicas`
// +kubebuilder:printcolumn:name="Warm",type=integer,JSONPath=`.status.counts.ready`
// +kubebuilder:printcolumn:name="Forecast",type=string,JSONPath=`.status.conditions[?(@.type=="ForecastReady")].reason`
// +kubebuilder:printcolumn:name="Model",type=string,priority=1,JSONPath=`.status.forecast.model`
// +kubebuilder:printcolumn:name="Message",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="ForecastReady")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.matches('^[a-z]([-a-z0-9]{0,54}[a-z0-9])?$')",fieldPath=".metadata",message="write a name of at most 56 lower-case letters, digits and '-', beginning with a letter: the Service <name>-shadow bears it too"
// +kubebuilder:validation:XValidation:rule="has(self.spec)",fieldPath=".spec",reason=FieldValueRequired,message="write at least scaleTargetRef.name and load.query"
type ShadowPool struct {
	metav1.TypeMeta `json:",inline"`
	// +optional
	metav1.ObjectMeta `json:"metadata,omitzero"`

	// What the pool serves, and how. Required.
	// +optional
	Spec ShadowPoolSpec `json:"spec,omitzero"`

	// What the adapter found and did last. Written by Foreshadow alone.
	// +optional
	Status ShadowPoolStatus `json:"status,omitzero"`
}

// ShadowPoolList is a list of ShadowPools.
//
// +kubebuilder:object:root=true
type ShadowPoolList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitzero"`
	Items           []ShadowPool `json:"items"`
}

// Key names the pool in its cluster.
func (p *ShadowPool) Key() types.NamespacedName {
	return types.NamespacedName{Namespace: p.Namespace, Name: p.Name}
}

// Workload names what the pool serves, whatever the version of its API: two
// pools with the same answer would both ask for replicas.
func (p *ShadowPool) Workload() string {
	return p.Namespace + "/" + p.Spec.ScaleTargetRef.Kind + "/" + p.Spec.ScaleTargetRef.Name
}
