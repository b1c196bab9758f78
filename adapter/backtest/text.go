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
	fmt.Fprintf(&b, "%s: %s ahead of %s, from %s of history at %s\n\n", f.Series.Name, Duration(spanOf(f.Forecast)), stamp(f.Origin), Duration(Roughly(f.History)), Duration(f.Step))
	b.WriteString(p.Draw(f))
	b.WriteByte('\n')
	var t table
	row := []string{"in", "at (UTC)", "point"}
	for _, l := range levels {
		row = append(row, percentile(l))
	}
	t.add(row...)
	for _, i := range shownSteps(f.Forecast) {
		ahead := time.Duration(i+1) * f.Step
		row := []string{Duration(ahead), f.Origin.Add(ahead).UTC().Format("Jan 02 15:04"), short(f.Point[i])}
		for _, l := range levels {
			row = append(row, short(f.Quantiles[slices.Index(f.Levels, l)][i]))
		}
		t.add(row...)
	}
	t.write(&b, tabwriter.AlignRight)
	if f.Note != "" {
		fmt.Fprintf(&b, "\nNote: %s\n", f.Note)
	}
	return b.String()
}

// Roughly leaves off what nobody wants to read of a long span.
func Roughly(d time.Duration) time.Duration {
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
	var t table
	top := slices.Max(levels)
	t.add("SERIES", "ORIGIN (UTC)", "LAST", "PEAK 1H", percentile(top), "PEAK "+strings.ToUpper(Duration(spanOf(all[0].Forecast))), percentile(top), "SHAPE", "NOTE")
	for i := range all {
		f := &all[i]
		hour := min(max(int(time.Hour/f.Step), 1), len(f.Point))
		upper := f.Quantiles[slices.Index(f.Levels, top)]
		last, _, _ := f.Series.Last()
		t.add(f.Series.Name, f.Origin.UTC().Format("2006-01-02 15:04"), short(last),
			short(highest(f.Point[:hour])), short(highest(upper[:hour])), short(highest(f.Point)), short(highest(upper)),
			p.Spark(f.Point, sparkWidth), f.Note)
	}
	t.write(&b, 0)
	return trimRight(b.String())
}
