package simulate

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// WriteTable writes the report for people.
func (r Report) WriteTable(w io.Writer) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s, %s to %s\n\n", r.Trace, r.Start.Format("2006-01-02 15:04"), r.End.Format("2006-01-02 15:04 MST"))
	var cells strings.Builder
	row := func(title string, cell func(namedArm) string) {
		cells.WriteString(title + "\t")
		for _, a := range r.arms() {
			cells.WriteString(cell(a) + "\t")
		}
		cells.WriteByte('\n')
	}
	row("", func(a namedArm) string { return a.title })
	row("overload seconds", func(a namedArm) string { return count(a.OverloadSeconds) })
	if !r.Undisturbed {
		row("foreseeable", func(a namedArm) string { return count(a.OverloadForeseenSeconds) })
		row("in the injected spike", func(a namedArm) string { return count(a.OverloadUnforeseenSeconds) })
	}
	row("requests above capacity", func(a namedArm) string { return count(a.RequestsAboveCapacity) })
	row("of all requests", func(a namedArm) string { return strconv.FormatFloat(a.LostRatio*1000, 'f', 2, 64) + " per mille" })
	row("pods that joined cold", func(a namedArm) string { return count(float64(a.ColdJoins)) })
	row("pod-hours, live", func(a namedArm) string { return count(a.PodHours) })
	row("pod-hours, shadows", func(a namedArm) string { return optional(a.ShadowHours) })
	row("pod-hours, priced", func(a namedArm) string { return count(a.priced()) })
	row("shadows that went live", func(a namedArm) string {
		if a.Activations == nil {
			return ""
		}
		return count(float64(*a.Activations))
	})
	if !r.Undisturbed {
		row("HPA syncs without its metric", func(a namedArm) string { return count(float64(a.InvalidSyncs)) })
	}
	row("extra replicas", func(a namedArm) string { return percent(a.ExtraPercent) })
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	if _, err := io.WriteString(t, cells.String()); err != nil {
		return fmt.Errorf("lay out table: %w", err)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("lay out table: %w", err)
	}
	r.writeFoot(&b)
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

// writeFoot says what the columns are, and how good the forecasts were.
func (r Report) writeFoot(b *bytes.Buffer) {
	for _, peer := range []struct {
		of string
		ArmReport
	}{{"the predictive one does", r.ReactiveEqualCost}, {"the one with shadows does", r.ReactiveEqualPrice}} {
		if missesCost(peer.ArmReport) {
			fmt.Fprintf(b, "\nno reactive HPA was found that costs what %s: the nearest costs %s\n", peer.of, offBy(*peer.CostError))
		}
	}
	fmt.Fprintf(b, "\n\"equal cost\" is a reactive HPA that costs what predictive does, \"equal price\" one that costs what shadows do,\n"+
		"each shadow-hour priced at the CPU that a shadow requests; its memory is not counted\n")
	f := r.Forecast
	stopped := "; none is made while Prometheus is stopped"
	if r.Undisturbed {
		stopped = ""
	}
	fmt.Fprintf(b, "\nforecast one hour ahead: error %s of \"as yesterday\" (MASE), %s of the load at or below P95\n"+
		"(%d forecasts%s)\n",
		ratio(f.MASE, 1, ""), ratio(f.CoverageP95, 100, " %"), f.Forecasts, stopped)
}

// priced are the pod-hours of an arm, those of shadows at their price.
func (r ArmReport) priced() float64 {
	if r.PricedHours != nil {
		return *r.PricedHours
	}
	return r.PodHours
}

func optional(v *float64) string {
	if v == nil {
		return ""
	}
	return count(*v)
}

// count groups the digits of a rounded number by thousands.
func count(v float64) string {
	s := strconv.FormatFloat(math.Round(math.Abs(v)), 'f', 0, 64)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	if v <= -0.5 {
		return "-" + s
	}
	return s
}

func percent(p *float64) string {
	if p == nil {
		return ""
	}
	return strconv.FormatFloat(*p, 'f', 1, 64) + " %"
}

// offBy shows by how much a ratio misses zero.
func offBy(miss float64) string {
	side := " % more"
	if miss < 0 {
		side = " % less"
	}
	return strconv.FormatFloat(math.Abs(miss)*100, 'f', 1, 64) + side
}

func ratio(v *float64, factor float64, unit string) string {
	if v == nil {
		return "unknown"
	}
	return strconv.FormatFloat(*v*factor, 'f', 2, 64) + unit
}

// clockOf shows an instant of the replay.
func clockOf(t time.Time) string { return t.UTC().Format("Mon 15:04") }
