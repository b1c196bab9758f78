package backtest

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"
)

// table lays out cells in columns.
type table struct{ cells strings.Builder }

func (t *table) add(cells ...string) {
	t.cells.WriteString(strings.Join(cells, "\t") + "\t\n")
}

func (t *table) write(b *bytes.Buffer, flags uint) {
	w := tabwriter.NewWriter(b, 0, 0, 2, ' ', flags)
	_, _ = w.Write([]byte(t.cells.String())) // into memory
	_ = w.Flush()
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
	fmt.Fprintf(&b, "%s, %s %s ahead%s\n\n", plural(len(r.Series), "series", "series"), plural(r.Windows, "forecast of the past,", "forecasts of the past, each"),
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
	var t table
	head := []string{title, "MASE", "to naive", "loss P95", "to naive", "covered", "idle", "missing"}
	if wide {
		head = append(head, "sMAPE", "series")
	}
	t.add(head...)
	for i := range r.Models {
		m := &r.Models[i]
		p := of(m)
		row := []string{
			m.Model, figure(p.MASE), figure(p.MASERatio), figure(p.Pinball), figure(p.PinballRatio),
			share(p.Coverage), share(p.Idle), share(p.Missing),
		}
		if wide {
			row = append(row, figure(p.SMAPE), strconv.Itoa(m.Series))
		}
		t.add(row...)
	}
	t.write(b, tabwriter.AlignRight)
}

func (r *Report) writeQuantiles(b *bytes.Buffer) {
	head, whole, hour := []string{"covered by " + Ours}, []string{"whole horizon"}, []string{"first hour"}
	for _, c := range r.Quantiles {
		head, whole, hour = append(head, percentile(c.Level)), append(whole, share(c.Horizon)), append(hour, share(c.FirstHour))
	}
	var t table
	t.add(head...)
	t.add(whole...)
	t.add(hour...)
	t.write(b, tabwriter.AlignRight)
}

func (r *Report) writeSeries(b *bytes.Buffer) {
	var t table
	t.add("SERIES", "STEP", "ORIGINS", "MASE", "TO NAIVE", "LOSS P95", "TO NAIVE", "COVERED", "FIRST HOUR: LOSS TO NAIVE", "COVERED")
	for i := range r.Series {
		s := &r.Series[i]
		m := s.find(Ours)
		t.add(s.Series, s.Step, strconv.Itoa(s.Windows), figure(m.Horizon.MASE), figure(m.Horizon.MASERatio),
			figure(m.Horizon.Pinball), figure(m.Horizon.PinballRatio), share(m.Horizon.Coverage), figure(m.FirstHour.PinballRatio), share(m.FirstHour.Coverage))
	}
	t.write(b, 0)
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
