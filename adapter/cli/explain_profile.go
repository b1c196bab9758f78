package cli

import (
	"bytes"
	"fmt"
	"time"

	"k8s.io/cli-runtime/pkg/printers"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// explainProfile writes how the pods behave, which of them shadows mirror, and
// why that one.
func explainProfile(b *bytes.Buffer, s *v1alpha1.ProfileStatus) {
	if s == nil {
		return
	}
	line := func(format string, args ...any) {
		b.WriteString("  " + printers.EscapeTerminal(fmt.Sprintf(format, args...)) + "\n")
	}
	b.WriteString("\nThe pods that it serves with:\n")
	line("pods     = %d seen, %d of them compared, %d far from the others, at %s", s.Pods, s.Compared, s.AnomalousCount, s.ComputedAt.UTC().Format(time.RFC3339))
	if s.Source != nil {
		since := ""
		if s.Source.Since != nil {
			since = " since " + s.Source.Since.UTC().Format(time.RFC3339)
		}
		line("source   = %s%s, what shadows are to be like; %d changes before", s.Source.Pod, since, s.Changes)
	}
	if s.Note != "" {
		line("why      = %s", s.Note)
	}
	for _, p := range s.Anomalous {
		line("far      = %s: %s", p.Pod, p.Reason)
	}
	for _, d := range s.Dimensions {
		line("%-15s = %s in the middle (deviation %s), %s at the source, %s usual at this hour", d.Name,
			orNone(string(d.Median)), orNone(string(d.Deviation)), orNone(string(d.Source)), orNone(string(d.Usual)))
	}
	for _, m := range s.Missing {
		since := ""
		if m.Since != nil {
			since = " since " + m.Since.UTC().Format(time.RFC3339)
		}
		line("missing  = %s%s: %s", m.Name, since, m.Reason)
	}
}

// explainDimensions writes what each resource asks for, and which decides.
func explainDimensions(line func(string, ...any), c *v1alpha1.CapacityStatus) {
	for _, d := range c.Dimensions {
		replicas := "no say"
		if d.Replicas != nil {
			replicas = fmt.Sprintf("%d replicas alone", *d.Replicas)
		}
		note := ""
		if d.Note != "" {
			note = ": " + d.Note
		}
		line("%-8s = %s, %s per replica (%s)%s", d.Name, replicas, orNone(string(d.PerReplica)), orNone(string(d.PerReplicaFrom)), note)
	}
	if c.Decides != "" {
		line("decides  = %s", c.Decides)
	}
}
