package cli

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/duration"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

// barWidth is how many characters the bar of a warm-up has.
const barWidth = 10

// statusText is the status of one pool for a person.
func statusText(p *v1alpha1.ShadowPool, now time.Time, wide bool) (string, error) {
	s := client.StatusOf(p, now)
	var b bytes.Buffer
	writeHead(&b, s, now)
	for _, t := range []*metav1.Table{shadowTable(s.Shadows, now), endedTable(s.Deactivated, now)} {
		if len(t.Rows) == 0 {
			continue
		}
		b.WriteString("\n")
		if err := printers.NewTablePrinter(printers.PrintOptions{Wide: wide}).PrintObj(t, &b); err != nil {
			return "", err
		}
	}
	b.WriteString("\nNext: " + printers.EscapeTerminal(s.Next) + "\n")
	return b.String(), nil
}

// field writes a line of a head.
func field(b *bytes.Buffer, name, format string, args ...any) {
	if name != "" {
		name += ":"
	}
	fmt.Fprintf(b, "%-11s %s\n", name, printers.EscapeTerminal(fmt.Sprintf(format, args...)))
}

func writeHead(b *bytes.Buffer, s *client.Status, now time.Time) {
	field(b, "Pool", "%s/%s for %s %s, mode %s%s", s.Namespace, s.Name, s.Workload.Kind, s.Workload.Name, s.Mode, pausedText(s.Paused))
	field(b, "Shadows", "%s", countsText(&s.Counts))
	field(b, "Load", "%s", loadText(s.Forecast, now))
	field(b, "Replicas", "%s", replicasText(s.Capacity, s.Cover))
	if text := decidedText(s.LastDecision, now); text != "" {
		field(b, "Decided", "%s", text)
	}
	for _, c := range notable(s.Conditions) {
		field(b, "Note", "%s: %s", c.Type, orReason(c))
	}
}

// decidedText says what was decided last; empty where it was to wait, for that
// is what the last sentence says.
func decidedText(d *v1alpha1.LastDecision, now time.Time) string {
	if d == nil || strings.HasPrefix(d.Message, "waits: ") {
		return ""
	}
	return age(d.Time.Time, now) + " ago, " + d.Message
}

func pausedText(v v1alpha1.Pause) string {
	if v == "" {
		return ""
	}
	return ", paused (" + string(v) + ")"
}

// countsText lists the states that a pool always has, and others where there
// are any.
func countsText(n *client.Counts) string {
	parts := []string{}
	for _, c := range []struct {
		n      int32
		what   string
		always bool
	}{
		{n.Creating, "creating", true},
		{n.Warming, "warming", true},
		{n.Ready, "ready", true},
		{n.Active, "active", true},
		{n.Deactivated, "deactivated", true},
		{n.Bridged, "bridged", false},
		{n.Draining, "draining", false},
		{n.HeldBack, "held back", false},
	} {
		if c.always || c.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", c.n, c.what))
		}
	}
	return strings.Join(parts, ", ")
}

func loadText(f *v1alpha1.ForecastStatus, now time.Time) string {
	if f == nil {
		return "no forecast yet"
	}
	parts := []string{}
	if f.ObservedLoad != "" {
		parts = append(parts, string(f.ObservedLoad)+" observed")
	}
	if f.PredictedLoad != "" {
		parts = append(parts, string(f.PredictedLoad)+" predicted")
	}
	if f.Model != "" {
		parts = append(parts, "model "+f.Model)
	}
	// The status is not written anew while nothing changes.
	return strings.Join(append(parts, "as of "+age(f.ComputedAt.Time, now)+" ago"), ", ")
}

func replicasText(c *v1alpha1.CapacityStatus, cover *v1alpha1.CoverStatus) string {
	if c == nil {
		return "not known what the load needs"
	}
	parts := []string{}
	for _, n := range []struct {
		v    *int32
		what string
	}{
		{c.NowReplicas, "needed now"}, {c.PredictedReplicas, "given to the autoscaler"}, {c.ShadowReplicas, "needed with shadows"},
	} {
		if n.v != nil {
			parts = append(parts, fmt.Sprintf("%d %s", *n.v, n.what))
		}
	}
	if cover != nil {
		parts = append(parts, fmt.Sprintf("%d without a cold start", cover.Replicas))
	}
	if len(parts) == 0 {
		return "not known what the load needs"
	}
	return strings.Join(parts, ", ")
}

// notable returns the conditions that a person should read: those that hold
// something. What ShadowsReady says is in the last sentence already.
func notable(all []metav1.Condition) []metav1.Condition {
	return slices.DeleteFunc(slices.Clone(all), func(c metav1.Condition) bool {
		switch c.Type {
		case v1alpha1.ConditionShadowsReady:
			return true
		case v1alpha1.ConditionForecastReady:
			return c.Status == metav1.ConditionTrue
		}
		return c.Status != metav1.ConditionTrue
	})
}

func orReason(c metav1.Condition) string {
	if c.Message != "" {
		return c.Message
	}
	return c.Reason
}

func shadowTable(shadows []client.Shadow, now time.Time) *metav1.Table {
	t := &metav1.Table{ColumnDefinitions: []metav1.TableColumnDefinition{
		{Name: "Shadow", Type: "string"},
		{Name: "State", Type: "string"},
		{Name: "Progress", Type: "string"},
		{Name: "Age", Type: "string"},
		{Name: "Node", Type: "string"},
		{Name: "Reason", Type: "string"},
		{Name: "Created", Type: "string", Priority: 1},
	}}
	for i := range shadows {
		t.Rows = append(t.Rows, shadowRow(&shadows[i], now))
	}
	return t
}

func shadowRow(s *client.Shadow, now time.Time) metav1.TableRow {
	return metav1.TableRow{Cells: []any{
		s.Name, string(s.State), progressBar(s), duration.HumanDuration(s.Age), orNone(s.Node), orDash(s.Reason),
		now.Add(-s.Age).UTC().Format(time.RFC3339),
	}}
}

// progressBar draws a warm-up in plain characters, so that it is the same in
// every terminal and in a file.
func progressBar(s *client.Shadow) string {
	if s.State == v1alpha1.ShadowActive || s.State == v1alpha1.ShadowBridged {
		return "serves"
	}
	full := int(s.Progress * barWidth)
	return fmt.Sprintf("[%s%s] %3d%%", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), int(s.Progress*100))
}

func endedTable(ended []v1alpha1.DeactivatedShadow, now time.Time) *metav1.Table {
	t := &metav1.Table{ColumnDefinitions: []metav1.TableColumnDefinition{
		{Name: "Ended", Type: "string"}, {Name: "Ago", Type: "string"}, {Name: "Reason", Type: "string"},
	}}
	for _, e := range ended {
		t.Rows = append(t.Rows, metav1.TableRow{Cells: []any{e.Name, age(e.Time.Time, now), e.Reason}})
	}
	return t
}

func age(at, now time.Time) string { return duration.HumanDuration(max(0, now.Sub(at))) }

func orNone(s string) string {
	if s == "" {
		return "<none>"
	}
	return s
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
