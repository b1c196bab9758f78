package forecast

import (
	"fmt"
	"time"
)

// Maturity says how much a history allows.
type Maturity string

// The maturities, the least first.
const (
	// Starting is less than two hours, or fewer than 24 values: quantiles are
	// what was seen, times a margin.
	Starting Maturity = "Starting"
	// NoDailyCycle is less than a day and a quarter: the recent level and the hours
	// before, quantiles within what was seen and a margin.
	NoDailyCycle Maturity = "NoDailyCycle"
	// NoWeeklyCycle is less than nine days: daily shapes.
	NoWeeklyCycle Maturity = "NoWeeklyCycle"
	// Mature is enough history for every model.
	Mature Maturity = "Mature"
)

const (
	startingSpan   = 2 * time.Hour
	startingValues = 24
)

func maturityOf(s Series) Maturity {
	c := seasonsOf(s.Step)
	_, daily := backSpan(len(s.Values), c)
	switch {
	case s.Span() < startingSpan || s.Present() < startingValues:
		return Starting
	case !daily:
		return NoDailyCycle
	case len(s.Values) < 9*c.day:
		return NoWeeklyCycle
	}
	return Mature
}

func (m Maturity) sentence(span time.Duration) string {
	switch m {
	case Starting:
		return age(span) + " of history: too little for a forecast; quantiles are what was seen, with a margin"
	case NoDailyCycle:
		return age(span) + " of history: no daily cycle yet; quantiles are widened, within what was seen and a margin"
	case NoWeeklyCycle:
		return age(span) + " of history: no weekly cycle yet"
	case Mature:
	}
	return ""
}

// age writes a span as people say it: 40m, 5h, 3d.
func age(d time.Duration) string {
	switch {
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dd", d/day)
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}
