package cli

import (
	"fmt"
	"strings"
)

// mostSeries is how many series a note names.
const mostSeries = 3

// notes are what is to be said of series, each text once.
type notes struct {
	texts  []string
	series map[string][]string // by text
}

func (n *notes) add(series, text string) {
	if n.series == nil {
		n.series = map[string][]string{}
	}
	if len(n.series[text]) == 0 {
		n.texts = append(n.texts, text)
	}
	n.series[text] = append(n.series[text], series)
}

// lines are a line for each text, in the order in which they came first.
func (n *notes) lines() []string {
	out := make([]string, len(n.texts))
	for i, text := range n.texts {
		names := n.series[text]
		more := ""
		if k := len(names) - mostSeries; k > 0 {
			names, more = names[:mostSeries], fmt.Sprintf(" and %d more", k)
		}
		out[i] = fmt.Sprintf("note: series %s%s: %s\n", strings.Join(names, ", "), more, text)
	}
	return out
}

// tellAll prints notes, the first ten of them.
func (s *loadSource) tellAll(n *notes) {
	lines := n.lines()
	for _, line := range lines[:min(len(lines), mostNotes)] {
		s.tell("%s", line)
	}
	if k := len(lines) - mostNotes; k > 0 {
		s.tell("note: %d more such notes\n", k)
	}
}
