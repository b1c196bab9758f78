package backtest

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/foreshadow-dev/foreshadow/adapter/calendar"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Algorithm is how loads are forecast; its zero value is Auto.
type Algorithm struct {
	// Model is one of forecast.ModelNames.
	Model string
	// Parameters are those of the model, see forecast.ParametersOf.
	Parameters map[string]int
}

// ParseAlgorithm reads a model and its parameters, each as name=value. Its errors
// name the flags, and say what to write.
func ParseAlgorithm(model string, parameters []string) (Algorithm, error) {
	if names := forecast.ModelNames(); !slices.Contains(names, model) {
		return Algorithm{}, fmt.Errorf("--type: %q: write one of %s", model, strings.Join(names, ", "))
	}
	a := Algorithm{Model: model, Parameters: map[string]int{}}
	var errs []error
	for _, pair := range parameters {
		name, text, _ := strings.Cut(pair, "=")
		v, err := forecast.CheckParameter(model, name, text)
		if err != nil {
			errs = append(errs, fmt.Errorf("--set: %s: %w", pair, err))
		}
		a.Parameters[name] = v
	}
	return a, errors.Join(errs...)
}

func (a Algorithm) config(c calendar.Calendar) forecast.Config {
	cfg := c.Config(a.Model)
	cfg.Parameters = a.Parameters
	return cfg
}
