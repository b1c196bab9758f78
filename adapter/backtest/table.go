package backtest

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// leads are those at which a table shows a forecast, as far as it goes; its last
// step is shown too.
var leads = []time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour,
	6 * time.Hour, 9 * time.Hour, 12 * time.Hour, 18 * time.Hour, day, 36 * time.Hour, 2 * day, 3 * day, 7 * day,
}

// Text is the forecast of one series for a person: a picture, a table at a few
// leads, and what the history lacks.
func (f *Forecast) Text(p Plot, levels []float64) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s: %s ahead of %s, from %s of history at %s\n\n", f.Series.Name, span(spanOf(f.Forecast)), stamp(f.Origin), span(roughly(f.Series.Span())), span(f.Step))
	b.WriteString(p.Draw(f))
	b.WriteByte('\n')
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	row := "in\tat (UTC)\tpoint\t"
	for _, l := range levels {
		row += percentile(l) + "\t"
	}
	fmt.Fprintln(t, row)
	for _, i := range shownSteps(f.Forecast) {
		ahead := time.Duration(i+1) * f.Step
		row := span(ahead) + "\t" + f.Origin.Add(ahead).UTC().Format("Jan 02 15:04") + "\t" + short(f.Point[i]) + "\t"
		for _, l := range levels {
			row += short(f.Quantiles[slices.Index(f.Levels, l)][i]) + "\t"
		}
		fmt.Fprintln(t, row)
	}
	_ = t.Flush() // into memory
	if f.Note != "" {
		fmt.Fprintf(&b, "\nNote: %s\n", f.Note)
	}
	return b.String()
}

// roughly leaves off what nobody wants to read of a long span.
func roughly(d time.Duration) time.Duration {
	switch {
	case d >= 2*day:
		return d.Truncate(time.Hour)
	case d >= 2*time.Hour:
		return d.Truncate(time.Minute)
	}
	return d
}

func shownSteps(f forecast.Forecast) []int {
	var out []int
	for _, lead := range leads {
		if i := int(lead/f.Step) - 1; lead%f.Step == 0 && i >= 0 && i < len(f.Point) {
			out = append(out, i)
		}
	}
	if last := len(f.Point) - 1; len(out) == 0 || out[len(out)-1] != last {
		out = append(out, last)
	}
	return out
}

// percentile names a level in a table: P95, P99.9.
func percentile(p float64) string { return "P" + number(math.Round(p*1e8)/1e6) }

// sparkWidth is how many characters the small picture of a series has.
const sparkWidth = 24

// ForecastsText is a line for each of several series: the last value, and what
// the hour and the horizon after it are expected to bring at most.
func ForecastsText(all []Forecast, p Plot, levels []float64) string {
	var b bytes.Buffer
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	top := slices.Max(levels)
	fmt.Fprintf(t, "SERIES\tORIGIN (UTC)\tLAST\tPEAK 1H\t%s\tPEAK %s\t%s\tSHAPE\tNOTE\n", percentile(top), strings.ToUpper(span(spanOf(all[0].Forecast))), percentile(top))
	for i := range all {
		f := &all[i]
		hour := min(max(int(time.Hour/f.Step), 1), len(f.Point))
		upper := f.Quantiles[slices.Index(f.Levels, top)]
		last, _, _ := f.Series.Last()
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.Series.Name, f.Origin.UTC().Format("2006-01-02 15:04"), short(last),
			short(highest(f.Point[:hour])), short(highest(upper[:hour])), short(highest(f.Point)), short(highest(upper)),
			p.Spark(f.Point, sparkWidth), f.Note)
	}
	_ = t.Flush() // into memory
	return trimRight(b.String())
}

// trimRight takes the blanks off the end of each line.
func trimRight(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}

// Text is the report for a person; wide adds what seldom matters.
func (r *Report) Text(wide bool) string {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s, %s, each %s ahead%s\n\n", plural(len(r.Series), "series", "series"), plural(r.Windows, "forecast of the past", "forecasts of the past"),
		r.horizon(), r.leftOut())
	r.writeModels(&b, "whole horizon", func(m *Model) *Part { return &m.Horizon }, wide)
	b.WriteByte('\n')
	r.writeModels(&b, "first hour", func(m *Model) *Part { return &m.FirstHour }, wide)
	b.WriteString("\nMASE: error of the point, 1 = \"as a season before\" on the history; loss: pinball loss of P95 on the same scale; \"to naive\":\n" +
		"against seasonal naive, series by series, below 1 is better; covered: load at or below P95, 95 % is right;\n" +
		"idle, missing: what P95 is above, and below, the load, as a share of the mean load\n")
	if strings.Contains(b.String(), " - ") {
		b.WriteString("-: cannot be said: the history has no two values a season apart, or it repeats itself exactly\n")
	}
	b.WriteByte('\n')
	r.writeQuantiles(&b)
	if len(r.Series) > 1 || wide {
		b.WriteByte('\n')
		r.writeSeries(&b)
	}
	b.WriteString("\n" + r.verdict() + "\n")
	for _, s := range r.Skipped {
		fmt.Fprintf(&b, "Left out: %s: %s\n", s.Series, s.Reason)
	}
	for _, replay := range r.Replays {
		b.WriteByte('\n')
		_ = replay.WriteTable(&b) // into memory
	}
	return trimRight(b.String())
}

// horizon is that of all series, where it is the same.
func (r *Report) horizon() string {
	for i := range r.Series {
		if r.Series[i].Horizon != r.Series[0].Horizon {
			return "a season"
		}
	}
	return r.Series[0].Horizon
}

func (r *Report) leftOut() string {
	if r.LeftOut == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d more have too many gaps)", r.LeftOut)
}

func (r *Report) writeModels(b *bytes.Buffer, title string, of func(*Model) *Part, wide bool) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	head := title + "\tMASE\tto naive\tloss P95\tto naive\tcovered\tidle\tmissing\t"
	if wide {
		head += "sMAPE\tseries\t"
	}
	fmt.Fprintln(t, head)
	for i := range r.Models {
		m := &r.Models[i]
		p := of(m)
		row := strings.Join([]string{
			m.Model, figure(p.MASE), figure(p.MASERatio), figure(p.Pinball), figure(p.PinballRatio),
			share(p.Coverage), share(p.Idle), share(p.Missing), "",
		}, "\t")
		if wide {
			row += fmt.Sprintf("%s\t%d\t", figure(p.SMAPE), m.Series)
		}
		fmt.Fprintln(t, row)
	}
	_ = t.Flush() // into memory
}

func (r *Report) writeQuantiles(b *bytes.Buffer) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', tabwriter.AlignRight)
	head, whole, hour := "covered by "+Ours+"\t", "whole horizon\t", "first hour\t"
	for _, c := range r.Quantiles {
		head += percentile(c.Level) + "\t"
		whole += share(c.Horizon) + "\t"
		hour += share(c.FirstHour) + "\t"
	}
	fmt.Fprintln(t, head+"\n"+whole+"\n"+hour)
	_ = t.Flush() // into memory
}

func (r *Report) writeSeries(b *bytes.Buffer) {
	t := tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SERIES\tSTEP\tORIGINS\tMASE\tTO NAIVE\tLOSS P95\tTO NAIVE\tCOVERED\tFIRST HOUR: LOSS TO NAIVE\tCOVERED")
	for i := range r.Series {
		s := &r.Series[i]
		m := s.find(Ours)
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.Series, s.Step, s.Windows, figure(m.Horizon.MASE), figure(m.Horizon.MASERatio),
			figure(m.Horizon.Pinball), figure(m.Horizon.PinballRatio), share(m.Horizon.Coverage), figure(m.FirstHour.PinballRatio), share(m.FirstHour.Coverage))
	}
	_ = t.Flush() // into memory
}

// verdict says in a sentence whether the forecast is worth having.
func (r *Report) verdict() string {
	better, calibrated, known := 0, 0, 0
	for i := range r.Series {
		m := r.Series[i].find(Ours)
		if c := float64(m.Horizon.Coverage); c >= 0.93 && c <= 0.97 {
			calibrated++
		}
		if v := float64(m.FirstHour.PinballRatio); !math.IsNaN(v) {
			known++
			if v < 1 {
				better++
			}
		}
	}
	n := len(r.Series)
	return fmt.Sprintf("In the first hour, which decides how many pods are warm, P95 beats seasonal naive on %d of %s; over the whole horizon\n"+
		"it covers 93 to 97 %% of the load on %d of %d.", better, plural(known, "series", "series"), calibrated, n)
}

func figure(v Number) string {
	if f := float64(v); !math.IsNaN(f) {
		return fmt.Sprintf("%.3f", f)
	}
	return "-"
}

func share(v Number) string {
	if f := float64(v); !math.IsNaN(f) {
		return fmt.Sprintf("%.1f %%", 100*f)
	}
	return "-"
}
