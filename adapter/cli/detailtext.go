package cli

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/foreshadow-dev/foreshadow/adapter/api/detail"
)

// fewest is the weight below which a model is not named.
const fewest = 0.05

// explainDetail writes how a forecast came about and how good the last ones
// were.
func explainDetail(b *bytes.Buffer, d *detail.Forecast) error {
	line := func(format string, args ...any) {
		b.WriteString("  " + printers.EscapeTerminal(fmt.Sprintf(format, args...)) + "\n")
	}
	fmt.Fprintf(b, "\nHow it came about (%s, %s, from %s on):\n", printers.EscapeTerminal(d.Algorithm), printers.EscapeTerminal(d.Maturity), d.Origin.UTC().Format(time.RFC3339))
	line("history  = %d values from %s to %s, %d missing", d.History.Values,
		d.History.Start.UTC().Format(time.RFC3339), d.History.End.UTC().Format(time.RFC3339), d.History.Missing)
	line("day      = %s", seasonText(d.Daily))
	line("week     = %s", seasonText(d.Weekly))
	line("level    = %s", levelText(d))
	if d.Fallback {
		line("fallback = the forecast had no skill for days and is not followed")
	}
	tables := []*metav1.Table{horizonTable(d.Horizons), qualityTable(d.Quality)}
	for _, t := range tables {
		if len(t.Rows) == 0 {
			continue
		}
		b.WriteString("\n")
		if err := printers.NewTablePrinter(printers.PrintOptions{}).PrintObj(t, b); err != nil {
			return err
		}
	}
	return nil
}

func seasonText(s detail.Season) string {
	if s.Used {
		return "used: " + s.Why
	}
	return "not used: " + s.Why
}

func levelText(d *detail.Forecast) string {
	parts := []string{number(d.Level) + " in the last hour"}
	if d.Expected != nil {
		parts = append(parts, number(d.Expected)+" expected now", signed(d.Deviation)+" off that")
	}
	if d.Unusual > 0 {
		steps := "steps"
		if d.Unusual == 1 {
			steps = "step"
		}
		parts = append(parts, fmt.Sprintf("unusual for %d %s", d.Unusual, steps))
	}
	return strings.Join(parts, ", ")
}

func horizonTable(horizons []detail.Horizon) *metav1.Table {
	t := tableOf("Ahead", "Point", "Carried", "Above the point", "Models")
	for _, h := range horizons {
		carried := signed(h.Carried)
		if h.Carried != nil && h.Share != nil {
			carried += fmt.Sprintf(" (%.0f%%)", 100**h.Share)
		}
		var bands, models []string
		for _, band := range h.Bands {
			bands = append(bands, fmt.Sprintf("P%s %s", percent(band.P), signed(&band.Width)))
		}
		for i, w := range h.Weights {
			if i == 0 || w.Value >= fewest {
				models = append(models, fmt.Sprintf("%s %.0f%%", w.Model, 100*w.Value))
			}
		}
		t.Rows = append(t.Rows, metav1.TableRow{Cells: []any{h.Ahead, number(h.Point), carried, orDash(strings.Join(bands, ", ")), orDash(strings.Join(models, ", "))}})
	}
	return t
}

func qualityTable(scores []detail.Quality) *metav1.Table {
	t := tableOf("Last 7 days", "Forecasts", "Error", "Coverage", "Pinball ratio to yesterday")
	for _, q := range scores {
		var covered, ratios []string
		for _, s := range q.Quantiles {
			covered = append(covered, fmt.Sprintf("P%s %.1f%%", percent(s.P), 100*s.Coverage))
			if s.PinballRatio != nil {
				ratios = append(ratios, fmt.Sprintf("P%s %.2f", percent(s.P), *s.PinballRatio))
			}
		}
		t.Rows = append(t.Rows, metav1.TableRow{Cells: []any{
			q.Ahead + " ahead", strconv.Itoa(q.Forecasts), number(&q.AbsoluteError), orDash(strings.Join(covered, ", ")), orDash(strings.Join(ratios, ", ")),
		}})
	}
	return t
}

func tableOf(names ...string) *metav1.Table {
	t := &metav1.Table{}
	for _, name := range names {
		t.ColumnDefinitions = append(t.ColumnDefinitions, metav1.TableColumnDefinition{Name: name, Type: "string"})
	}
	return t
}

func percent(p float64) string { return strconv.FormatFloat(100*p, 'g', 4, 64) }

// number writes four significant digits; "-" where there is none.
func number(v *float64) string {
	if v == nil {
		return "-"
	}
	short, err := strconv.ParseFloat(strconv.FormatFloat(*v, 'g', 4, 64), 64)
	if err != nil {
		return "-"
	}
	if math.Abs(short) >= 1e15 {
		return strconv.FormatFloat(short, 'g', -1, 64)
	}
	return strconv.FormatFloat(short, 'f', -1, 64)
}

func signed(v *float64) string {
	s := number(v)
	if v != nil && *v >= 0 {
		return "+" + s
	}
	return s
}
