package backtest

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// Plot draws a forecast behind as much of its history: columns as high as the
// load, then as the point, and above it the band up to the highest quantile.
type Plot struct {
	// Columns is the width of the terminal; Rich says that it shows Unicode.
	Columns int
	Rich    bool
}

const (
	plotRows    = 8
	plotLeast   = 20 // columns of the picture
	plotMost    = 96
	labelColumn = 9
)

// ink is how the parts of a column are drawn; partial holds the eighths of a
// cell, empty where there are none, and zero marks a load of nothing, which is
// no gap.
type ink struct {
	known, point, band, zero rune
	partial                  []rune
}

var (
	plainInk = ink{known: '#', point: '+', band: '.', zero: '_'}
	richInk  = ink{known: '█', point: '▓', band: '░', zero: '▁', partial: []rune(" ▁▂▃▄▅▆▇")}
)

// column is one of the picture: the highest load, or point and quantile, of its
// steps. NaN draws nothing.
type column struct{ known, point, upper float64 }

// Draw returns the picture, with the scale at its left and times below.
func (p Plot) Draw(f *Forecast) string {
	width := min(max(p.Columns-labelColumn-1, plotLeast), plotMost)
	h := len(f.Point)
	past := f.Series.Values[max(0, len(f.Series.Values)-h):]
	left := min(width/2, len(past))
	right := min(width-left, h)
	columns := append(pastColumns(past, left), futureColumns(f, right)...)
	foot, top := scaleFor(columns)
	var b strings.Builder
	for row := plotRows - 1; row >= 0; row-- {
		label := ""
		switch row {
		case plotRows - 1:
			label = short(top)
		case plotRows/2 - 1:
			label = short((foot + top) / 2)
		case 0:
			label = short(foot)
		}
		line := make([]rune, 0, len(columns))
		for _, c := range columns {
			line = append(line, p.ink().cell(c, row, foot, top))
		}
		fmt.Fprintf(&b, "%*s %s\n", labelColumn-1, label, strings.TrimRight(string(line), " "))
	}
	b.WriteString(timeAxis(f, len(past), left, right))
	k := p.ink()
	fmt.Fprintf(&b, "%*s %c load  %c point  %c up to %s\n", labelColumn-1, "", k.known, k.point, k.band, percentile(f.Levels[len(f.Levels)-1]))
	return b.String()
}

// scaleFor returns what the foot and the top of the picture stand for. The foot
// is zero, unless that would leave nothing to see of how the load moves, and the
// labels tell apart what is seen then.
func scaleFor(columns []column) (foot, top float64) {
	least := math.Inf(1)
	for _, c := range columns {
		for _, v := range []float64{c.known, c.point, c.upper} {
			if !math.IsNaN(v) {
				least, top = min(least, v), max(top, v)
			}
		}
	}
	switch {
	case top == 0:
		return 0, 1
	case least > top/2:
		foot = least - (top-least)/4
		if middle := short((foot + top) / 2); middle != short(foot) && middle != short(top) {
			return foot, top
		}
	}
	return 0, top
}

func (p Plot) ink() ink {
	if p.Rich {
		return richInk
	}
	return plainInk
}

// cell draws a column between row and row+1 of plotRows.
func (k ink) cell(c column, row int, foot, top float64) rune {
	height := func(v float64) float64 { return (v-foot)/(top-foot)*plotRows - float64(row) } // of v above the row's foot
	if row == 0 && (c.known == 0 || c.upper == 0) && foot == 0 {
		return k.zero
	}
	if !math.IsNaN(c.known) {
		return k.fill(height(c.known), k.known)
	}
	if height(c.point) >= 0.5 {
		return k.point
	}
	if height(c.upper) >= 0.5 {
		return k.band
	}
	return ' '
}

func (k ink) fill(h float64, full rune) rune {
	switch {
	case h >= 1, k.partial == nil && h >= 0.5:
		return full
	case h <= 0, k.partial == nil, math.IsNaN(h):
		return ' '
	}
	return k.partial[int(h*float64(len(k.partial)))]
}

func pastColumns(past []float64, n int) []column {
	out := make([]column, n)
	for i := range out {
		out[i] = column{known: highest(past[i*len(past)/n : (i+1)*len(past)/n]), point: math.NaN(), upper: math.NaN()}
	}
	return out
}

func futureColumns(f *Forecast, n int) []column {
	out, h, last := make([]column, n), len(f.Point), len(f.Levels)-1
	for i := range out {
		lo, hi := i*h/n, (i+1)*h/n
		out[i] = column{known: math.NaN(), point: highest(f.Point[lo:hi]), upper: highest(f.Quantiles[last][lo:hi])}
	}
	return out
}

// highest leaves gaps out; NaN if there is nothing else.
func highest(values []float64) float64 {
	top := math.NaN()
	for _, v := range values {
		if !math.IsNaN(v) && !(v <= top) {
			top = v
		}
	}
	return top
}

// timeAxis marks the origin and names the first, the last instant and it.
func timeAxis(f *Forecast, past, left, right int) string {
	format := "Jan 2 15:04"
	start := f.Origin.Add(-time.Duration(past-1) * f.Step).UTC().Format(format)
	middle := "| " + f.Origin.UTC().Format(format)
	end := f.End().UTC().Format(format)
	pad := func(n int) string { return strings.Repeat(" ", max(n, 1)) }
	line := pad(labelColumn)
	if left >= len(start)+1 {
		line += start
	}
	line += pad(labelColumn + left - len(line))
	line += middle
	if gap := labelColumn + left + right - len(line) - len(end); gap > 0 {
		line += pad(gap) + end
	}
	return line + "\n"
}

// Spark draws values in one line, from 0 to their highest.
func (p Plot) Spark(values []float64, columns int) string {
	levels := []rune(".:-=+*#")
	if p.Rich {
		levels = []rune("▁▂▃▄▅▆▇█")
	}
	n := min(columns, len(values))
	top := highest(values)
	out := make([]rune, n)
	for i := range out {
		v := highest(values[i*len(values)/n : (i+1)*len(values)/n])
		switch {
		case math.IsNaN(v):
			out[i] = ' '
		case !(top > 0):
			out[i] = levels[0]
		default:
			k := int(math.Round(max(v, 0) / top * float64(len(levels)-1)))
			out[i] = levels[k]
		}
	}
	return string(out)
}

// short writes a load in few characters: 3 digits, and k, M, G for thousands.
func short(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	if math.Abs(v) >= 1e15 {
		return fmt.Sprintf("%.3g", v)
	}
	unit := ""
	for _, next := range []string{"k", "M", "G", "T"} {
		if math.Abs(v) < 9_999.5 {
			break
		}
		v, unit = v/1000, next
	}
	switch a := math.Abs(v); {
	case a >= 99.95:
		return fmt.Sprintf("%.0f%s", v, unit)
	case a >= 9.995:
		return fmt.Sprintf("%.1f%s", v, unit)
	case a >= 0.0095 || v == 0:
		return fmt.Sprintf("%.2f%s", v, unit)
	}
	return fmt.Sprintf("%.2g", v)
}
