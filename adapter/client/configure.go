package client

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// AlgorithmTypes returns the types that ConfigureShadowingAlgorithm takes.
func AlgorithmTypes() []string { return forecast.ModelNames() }

// parameters are the settings of every algorithm, and where in the spec each
// stands. All of them are strings.
var parameters = []struct {
	name, meaning string
	path          []string
}{
	{"quantile", "probability that the live replicas suffice, between 0 and 1", []string{"prediction", "quantile"}},
	{"shadowQuantile", "probability that live replicas and shadows suffice, at least quantile", []string{"prediction", "shadowQuantile"}},
	{"coldStartLead", "time to a live pod without a shadow: Auto, or 1s to 6h", []string{"prediction", "coldStartLead"}},
	{"activationLead", "time to a live pod from a warm shadow, 1s to 1h", []string{"prediction", "activationLead"}},
	{"maxAge", "how long the last forecast goes on, 2m to 1d", []string{"prediction", "maxAge"}},
	{"cap", "most of the highest need seen that is asked for, at least 1", []string{"prediction", "cap"}},
	{"window", "history that is read, 1h to 90d", []string{"history", "window"}},
	{"step", "distance of two values, 15s to 1h, divides a day", []string{"history", "step"}},
}

// ParameterNames returns the parameters that ConfigureShadowingAlgorithm takes,
// each with what it means and its range.
func ParameterNames() (names []string, meanings map[string]string) {
	meanings = make(map[string]string, len(parameters))
	for _, p := range parameters {
		names = append(names, p.name)
		meanings[p.name] = p.meaning
	}
	return names, meanings
}

// OwnParameterNames returns the parameters that the types themselves take
// besides, each with its range and the types that take it.
func OwnParameterNames() (names []string, ranges map[string]string) {
	types := AlgorithmTypes()
	all, takenBy := map[string]forecast.Parameter{}, map[string][]string{}
	for _, model := range types {
		for _, p := range forecast.ParametersOf(model) {
			if takenBy[p.Name] == nil {
				names = append(names, p.Name)
			}
			all[p.Name], takenBy[p.Name] = p, append(takenBy[p.Name], model)
		}
	}
	ranges = make(map[string]string, len(names))
	for name, p := range all {
		of := strings.Join(takenBy[name], ", ")
		if len(takenBy[name]) == len(types) {
			of = "every type"
		}
		ranges[name] = fmt.Sprintf("whole number from %d to %d, of %s", p.Least, p.Most, of)
	}
	return names, ranges
}

// ConfigureShadowingAlgorithm chooses how the load of a pool is forecast, and
// how the forecast is used.
//
// The type is Auto, which weighs the models by how well each has done on this
// load, or the name of one of them (AlgorithmTypes); empty keeps the one that is
// there.
//
// The parameters are strings by name (ParameterNames): quantile and
// shadowQuantile are probabilities such as "0.95"; coldStartLead,
// activationLead, maxAge, window and step are durations such as "90s"; cap is a
// factor such as "1.5". Beside them the type takes parameters of its own
// (OwnParameterNames), such as historyDays. Those that are not named stay as they
// are, and one with an empty value takes its default again.
//
// The result is the pool as the server has it. What is out of range is an
// *InvalidError with the field, its value and what to write instead.
func (c *Client) ConfigureShadowingAlgorithm(ctx context.Context, pool types.NamespacedName, algorithm string, parameters map[string]string) (Result, error) {
	return c.Configure(ctx, pool, Settings{Algorithm: algorithm, Parameters: parameters})
}

// Settings are what Configure writes. What is empty stays as it is.
type Settings struct {
	// Algorithm and Parameters are those of ConfigureShadowingAlgorithm.
	Algorithm  string
	Parameters map[string]string
	// Spec holds further fields, such as mode and minShadows. What it says of
	// the algorithm and of the workload does not count.
	Spec v1alpha1.ShadowPoolSpec
}

// Configure is ConfigureShadowingAlgorithm with further fields of the spec in
// the same write.
func (c *Client) Configure(ctx context.Context, pool types.NamespacedName, s Settings) (Result, error) {
	was, err := c.get(ctx, pool)
	if err != nil {
		return Result{}, err
	}
	if errs := s.check(was); len(errs) > 0 {
		return Result{}, &InvalidError{Pool: pool, Fields: errs}
	}
	s.Spec.ScaleTargetRef, s.Spec.Algorithm = v1alpha1.ScaleTargetRef{}, v1alpha1.Algorithm{}
	spec, err := object(s.Spec)
	if err != nil {
		return Result{}, err
	}
	overlay(spec, s.patch(was))
	return c.merge(ctx, was, map[string]any{"spec": spec})
}

// check refuses types and parameters that there are not.
func (s Settings) check(was *v1alpha1.ShadowPool) (errs field.ErrorList) {
	at := field.NewPath("spec", "algorithm")
	if names := AlgorithmTypes(); s.Algorithm != "" && !slices.Contains(names, s.Algorithm) {
		errs = append(errs, field.Invalid(at.Child("type"), s.Algorithm, "write one of "+strings.Join(names, ", ")))
	}
	known, _ := ParameterNames()
	model := cmp.Or(s.Algorithm, was.Spec.Algorithm.Type, v1alpha1.Auto)
	own := ownParameters(model)
	for _, name := range slices.Sorted(maps.Keys(s.Parameters)) {
		value := s.Parameters[name]
		_, there := was.Spec.Algorithm.Parameters[name]
		switch {
		case slices.Contains(known, name), value == "" && (there || slices.Contains(own, name)):
		case !slices.Contains(own, name):
			errs = append(errs, field.Invalid(at.Child("parameters"), name, "write one of "+strings.Join(append(known, own...), ", ")))
		default:
			if _, err := forecast.CheckParameter(model, name, value); err != nil {
				errs = append(errs, field.Invalid(at.Child("parameters").Key(name), value, err.Error()))
			}
		}
	}
	return errs
}

// ownParameters are the names of what a model itself takes.
func ownParameters(model string) []string {
	var names []string
	for _, p := range forecast.ParametersOf(model) {
		names = append(names, p.Name)
	}
	return names
}

// patch is the merge patch of the spec.
func (s Settings) patch(was *v1alpha1.ShadowPool) map[string]any {
	out, own := map[string]any{}, map[string]any{}
	for _, p := range parameters {
		if v, set := s.Parameters[p.name]; set {
			overlay(out, map[string]any{p.path[0]: map[string]any{p.path[1]: orNull(v)}})
		}
	}
	for name := range was.Spec.Algorithm.Parameters {
		if v, set := s.Parameters[name]; set && v == "" || s.Algorithm != "" && s.Algorithm != was.Spec.Algorithm.Type {
			own[name] = nil
		}
	}
	known, _ := ParameterNames()
	for name, v := range s.Parameters {
		if v != "" && !slices.Contains(known, name) {
			own[name] = v
		}
	}
	algorithm := map[string]any{}
	if s.Algorithm != "" {
		algorithm["type"] = s.Algorithm
	}
	if len(own) > 0 {
		algorithm["parameters"] = own
	}
	if len(algorithm) > 0 {
		out["algorithm"] = algorithm
	}
	return out
}

// orNull is how a merge patch says that a field takes its default again.
func orNull(v string) any {
	if v == "" {
		return nil
	}
	return v
}
