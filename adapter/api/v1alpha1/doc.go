// Package v1alpha1 is the API of Foreshadow: the ShadowPool, its defaults and
// its validation.
//
// A ShadowPool names a workload, says in PromQL what its load is, and says how
// much of the forecast may be used. The API server refuses a bad one by the
// rules in the generated CRD; Default and Validate do the same, with the same
// sentences, for pools that come from a file.
//
//	pool.Default()
//	if errs := pool.Validate(); len(errs) > 0 {
//		return errs.ToAggregate()
//	}
//	settings, err := pool.Spec.Settings()
//
// +kubebuilder:object:generate=true
// +groupName=foreshadow.dev
package v1alpha1
