package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/backtest"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

// algorithmFlags say how a load is forecast, and what of its past says nothing.
type algorithmFlags struct {
	name      string
	set       []string
	incidents []string

	// Parsed by parse.
	algorithm backtest.Algorithm
	spans     []v1alpha1.Incident
}

func (a *algorithmFlags) install(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&a.name, "type", v1alpha1.Auto, "How the load is forecast. One of: "+strings.Join(client.AlgorithmTypes(), ", ")+".")
	complete(cmd, "type", client.AlgorithmTypes()...)
	fs.StringArrayVar(&a.set, "set", nil, "A parameter of the type as name=value, such as days=14; may be written several times.")
	fs.StringArrayVar(&a.incidents, "incident", nil, "What of the past says nothing of other days, as FROM/TO, such as 2026-11-02T14:05:00Z/2026-11-02T16:00:00Z; may be written several times.")
}

func (a *algorithmFlags) parse() (err error) {
	a.algorithm, err = backtest.ParseAlgorithm(a.name, a.set)
	return errors.Join(err, a.parseIncidents())
}

// parseIncidents reads spans, which spec.calendar.incidents has in UTC.
func (a *algorithmFlags) parseIncidents() error {
	for _, text := range a.incidents {
		from, to, _ := strings.Cut(text, "/")
		first, err := time.Parse(time.RFC3339, from)
		last, err2 := time.Parse(time.RFC3339, to)
		if err != nil || err2 != nil {
			return fmt.Errorf("--incident: %q: write its first and its last instant, such as 2026-11-02T14:05:00Z/2026-11-02T16:00:00Z", text)
		}
		if last.Before(first) {
			return fmt.Errorf("--incident: %q: write an end that is not before its beginning", text)
		}
		a.spans = append(a.spans, v1alpha1.Incident{From: v1alpha1.InstantOf(first), To: v1alpha1.InstantOf(last)})
	}
	return nil
}
