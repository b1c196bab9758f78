package simulate

import (
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/terminal"
)

// Frame is what the live line shows at one instant.
type Frame struct {
	Now  time.Time
	Load float64
	// Predicted is the forecast to show beside the load; NaN for none.
	Predicted float64
	Arms      []ArmState
}

// Live prints the course of a replay: on a terminal one line that is rewritten,
// elsewhere one plain line per virtual hour.
type Live struct {
	w       io.Writer
	columns int
	hour    time.Time
	loads   []float64
	dirty   bool
}

// NewLive returns a printer. columns is the width of the terminal, 0 if w is
// none.
func NewLive(w io.Writer, columns int) *Live { return &Live{w: w, columns: columns} }

// Show prints a frame.
func (l *Live) Show(f Frame) error {
	hour := f.Now.Truncate(time.Hour)
	newHour := !hour.Equal(l.hour)
	l.hour = hour
	if newHour {
		l.loads = append(l.loads, f.Load)
		l.loads = l.loads[max(0, len(l.loads)-sparkHours):]
	}
	if l.columns == 0 {
		if !newHour {
			return nil
		}
		return l.print(full(f) + "\n")
	}
	l.dirty = true
	line := full(f)
	if len(line) >= l.columns {
		line = brief(f)
	}
	return l.print(terminal.ClearLine + cut(line+"  "+spark(l.loads), l.columns-1))
}

// Note prints a line that stays, such as a fault that begins or ends.
func (l *Live) Note(now time.Time, text string) error {
	start := ""
	if l.dirty {
		start = terminal.ClearLine
		l.dirty = false
	}
	return l.print(start + clockOf(now) + "  " + text + "\n")
}

// Close ends the rewritten line, so that what follows starts on its own.
func (l *Live) Close() error {
	if !l.dirty {
		return nil
	}
	l.dirty = false
	return l.print("\n")
}

func full(f Frame) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  load %s  predicted %s", clockOf(f.Now), short(f.Load), short(f.Predicted))
	for _, a := range f.Arms {
		fmt.Fprintf(&b, " | %s %3d pods, %6ss over", a.Name, a.Replicas, count(a.Totals.Overload().Seconds()))
	}
	return b.String()
}

// brief is the line for a terminal of 80 columns.
func brief(f Frame) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s>%s", clockOf(f.Now), short(f.Load), short(f.Predicted))
	for _, a := range f.Arms {
		fmt.Fprintf(&b, "|%s %d %ss", a.Name, a.Replicas, count(a.Totals.Overload().Seconds()))
	}
	return b.String()
}

func (l *Live) print(s string) error {
	if _, err := io.WriteString(l.w, s); err != nil {
		return fmt.Errorf("print live line: %w", err)
	}
	return nil
}

// short keeps four characters of a load where it can.
func short(v float64) string {
	switch {
	case math.IsNaN(v):
		return "   -"
	case math.Abs(v) < 100:
		return fmt.Sprintf("%4.1f", v)
	}
	return fmt.Sprintf("%4.0f", v)
}

// sparkHours is how many hours the small picture of the load covers.
const sparkHours = 24

// spark draws values from 0 to their highest, each as one block.
func spark(values []float64) string {
	blocks := []rune("▁▂▃▄▅▆▇█")
	highest := 0.0
	for _, v := range values {
		highest = max(highest, v)
	}
	out := make([]rune, 0, len(values))
	for _, v := range values {
		i := 0
		if highest > 0 {
			i = int(math.Round(v / highest * float64(len(blocks)-1)))
		}
		out = append(out, blocks[min(max(i, 0), len(blocks)-1)])
	}
	return string(out)
}

// cut keeps the first columns characters: a longer line would wrap and could not
// be rewritten.
func cut(s string, columns int) string {
	r := []rune(s)
	return string(r[:min(len(r), max(columns, 0))])
}
