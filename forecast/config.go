package forecast

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Auto is the Config.Model that blends the models that the history supports, all but
// DailyShape, weighted by how well each did at past origins.
const Auto = "Auto"

// Window is the longest history that a fit looks at; older values change
// accuracy by a few per cent at most.
const Window = 28 * 24 * time.Hour

// ErrNoData is returned for a series without any value.
var ErrNoData = errors.New("series has no value: every step is a gap")

// Config chooses how a series is forecast. Its zero value means Auto.
type Config struct {
	// Model is Auto or the name of one model of ModelNames. A model for which
	// the history is still too short is replaced by the longest one that it
	// allows, and the forecast's Note says so.
	Model string
	// Parameters are those of the model by name, of ParametersOf.
	Parameters map[string]int
	// Location is where days begin and clocks are changed; nil means UTC.
	Location *time.Location
	// Calendar names the days that are not like others of their weekday. Where
	// two entries name the same day, the first one counts.
	Calendar []CalendarDays
	// Incidents are spans whose load says nothing of other days: an outage, a
	// test, an attack. They count as gaps, except one that is not over.
	Incidents []Interval
}

func (c Config) withDefaults() Config {
	if c.Model == "" {
		c.Model = Auto
	}
	return c
}

func (c Config) validate() error {
	for i, d := range c.Calendar {
		if err := d.validate(); err != nil {
			return fmt.Errorf("calendar entry %d (%s): %w", i+1, d.Name, err)
		}
	}
	if err := validIncidents(c.Incidents); err != nil {
		return err
	}
	if c.Model == Auto {
		return c.checkParameters()
	}
	for _, m := range catalogue() {
		if m.name == c.Model {
			return c.checkParameters()
		}
	}
	return fmt.Errorf("model %q: write one of %s", c.Model, strings.Join(ModelNames(), ", "))
}

// ModelNames returns what Config.Model may say: Auto, then the models.
func ModelNames() []string {
	names := []string{Auto}
	for _, m := range catalogue() {
		names = append(names, m.name)
	}
	return names
}
