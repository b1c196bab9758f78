package client

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// CheckGiven refuses what a target and a percentage break by themselves,
// whatever the cluster has. It asks no server; what a new pool would need
// besides, Draft and CreateShadowInstances say.
func CheckGiven(t Target, percentage int32) error {
	key := types.NamespacedName{Namespace: t.Namespace, Name: t.name()}
	errs := checkPercentage(percentage)
	if t.Workload.Name != "" {
		errs = append(errs, checkWorkload(key, t.workload())...)
	}
	t.Spec.ScaleTargetRef, t.Spec.ShadowPercentage = v1alpha1.ScaleTargetRef{}, nil // both are checked
	return refuse(key, append(errs, given(t.Spec)...))
}

// Draft returns the pool that CreateShadowInstances would make for a target
// without one, as far as that can be said without a cluster: minShadows is left
// out, because it is a share of the workload's replicas. It is an *InvalidError
// if the pool would break a rule.
func Draft(t Target, percentage int32) (*v1alpha1.ShadowPool, error) {
	if err := CheckGiven(t, percentage); err != nil {
		return nil, err
	}
	t.Spec.ScaleTargetRef, t.Spec.Mode, t.Spec.ShadowPercentage = t.workload(), v1alpha1.ModeActive, new(percentage)
	p := &v1alpha1.ShadowPool{Spec: t.Spec}
	p.Namespace, p.Name = t.Namespace, t.name()
	return p, check(p)
}

// CheckGiven refuses what the settings break by themselves, whatever the pool
// says. It asks no server.
func (s Settings) CheckGiven(pool types.NamespacedName) error {
	errs := s.checkNames()
	s.Spec.ScaleTargetRef, s.Spec.Algorithm = v1alpha1.ScaleTargetRef{}, v1alpha1.Algorithm{}
	spec, err := object(s.Spec)
	if err != nil {
		return err
	}
	overlay(spec, s.patch(&v1alpha1.ShadowPool{}))
	delete(spec, "algorithm") // the names above
	p, err := merged(&v1alpha1.ShadowPool{}, map[string]any{"spec": spec})
	if err != nil {
		return err
	}
	return refuse(pool, append(errs, given(p.Spec)...))
}

// checkNames refuses types, and parameters and values, that no model takes.
func (s Settings) checkNames() field.ErrorList {
	if s.Algorithm != "" {
		return s.check(&v1alpha1.ShadowPool{})
	}
	known, _ := ParameterNames()
	var errs field.ErrorList
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		value := s.Parameters[name]
		if value == "" || slices.Contains(known, name) {
			continue // what a pool has may always be taken off
		}
		if err := checkOwn(name, value); err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

// checkOwn refuses a parameter that no model has, and a value that none takes.
func checkOwn(name, value string) *field.Error {
	at := field.NewPath("spec", "algorithm", "parameters")
	all, _ := ParameterNames()
	var refused *field.Error
	for _, model := range AlgorithmTypes() {
		own := ownParameters(model)
		for _, p := range own {
			if !slices.Contains(all, p) {
				all = append(all, p)
			}
		}
		if !slices.Contains(own, name) {
			continue
		}
		_, err := forecast.CheckParameter(model, name, value)
		if err == nil {
			return nil
		}
		refused = field.Invalid(at.Key(name), value, err.Error())
	}
	if refused != nil {
		return refused
	}
	return field.Invalid(at, name, "write one of "+strings.Join(all, ", "))
}

// given are the refusals of single fields that are written. What is missing,
// and what holds between two fields, depends on the pool.
func given(spec v1alpha1.ShadowPoolSpec) (errs field.ErrorList) {
	p := &v1alpha1.ShadowPool{Spec: spec}
	p.Default()
	for _, e := range p.Validate() {
		if _, between := e.BadValue.(field.OmitValueType); !between && e.Type != field.ErrorTypeRequired {
			errs = append(errs, e)
		}
	}
	return errs
}

func checkPercentage(percentage int32) field.ErrorList {
	if percentage >= 1 && percentage <= 100 {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("spec", "shadowPercentage"), percentage, "write a percentage from 1 to 100, such as 20")}
}

func refuse(pool types.NamespacedName, errs field.ErrorList) error {
	if len(errs) == 0 {
		return nil
	}
	return &InvalidError{Pool: pool, Fields: errs}
}
