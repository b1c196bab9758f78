package cli

import (
	"bytes"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/foreshadow-dev/foreshadow/adapter/api/detail"
	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

// explanationKind is the kind of what explain prints for programs.
const explanationKind = "ShadowDecisionExplanation"

// explanation is the last decision about a pool's shadows, with what stood
// behind it.
type explanation struct {
	Workload v1alpha1.ScaleTargetRef `json:"workload"`
	Mode     v1alpha1.Mode           `json:"mode"`
	Paused   v1alpha1.Pause          `json:"paused,omitempty"`
	Next     string                  `json:"next"`

	Decision *v1alpha1.LastDecision   `json:"decision,omitempty"`
	Intent   *v1alpha1.Intent         `json:"intent,omitempty"`
	Forecast *v1alpha1.ForecastStatus `json:"forecast,omitempty"`
	Capacity *v1alpha1.CapacityStatus `json:"capacity,omitempty"`
	Cover    *v1alpha1.CoverStatus    `json:"cover,omitempty"`
	Leads    *v1alpha1.LeadStatus     `json:"leads,omitempty"`
	Profile  *v1alpha1.ProfileStatus  `json:"profile,omitempty"`

	Conditions []metav1.Condition `json:"conditions,omitempty"`

	// Detail is how the forecast came about, as the adapter says it, Unreachable
	// why it does not.
	Detail      *detail.Forecast `json:"forecastDetail,omitempty"`
	Unreachable string           `json:"forecastDetailUnreachable,omitempty"`
}

func newExplainCommand(f *factory) *cobra.Command {
	d := &details{factory: f}
	o := &lookOptions{
		factory: f, kind: explanationKind, prepare: d.load,
		of:   func(p *v1alpha1.ShadowPool, now time.Time) any { return d.explain(p, now) },
		text: d.explainText,
	}
	cmd := &cobra.Command{
		Use:   "explain [POOL ...]",
		Short: "Show the last decision about shadows, its reasons, and the forecast behind it.",
		Long: "Show the last decision about the shadows of a pool: its numbers, what was done, what was withheld and why, and the forecast\n" +
			"behind it. The numbers of a decision are those of when it was made; a decision stands until another one is made.\n\n" +
			"How the forecast came about, and how good the last ones were, the adapter itself is asked, through the API server: that takes\n" +
			"the right to get services/proxy in its namespace. Without it the rest is printed all the same.",
		Example: "  kubectl foreshadow explain web -n shop\n  kubectl foreshadow explain web -o json\n" +
			"  kubectl foreshadow explain web --adapter-service=monitoring/foreshadow-adapter:9402",
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
		ValidArgsFunction: f.completePools(),
	}
	o.install(cmd)
	cmd.Flags().StringVar(&d.service, "adapter-service", defaultAdapterService,
		"Service and port at which the adapter serves its metrics, as namespace/name:port, or namespace/https:name:port. Empty: do not ask it.")
	return cmd
}

func (d *details) explain(p *v1alpha1.ShadowPool, now time.Time) explanation {
	e, key := explain(p, now), p.Namespace+"/"+p.Name
	e.Detail = d.found[key]
	if err := d.missed[key]; err != nil {
		e.Unreachable = err.Error()
	}
	return e
}

func explain(p *v1alpha1.ShadowPool, now time.Time) explanation {
	s, st := client.StatusOf(p, now), &p.Status
	return explanation{
		Workload: s.Workload, Mode: s.Mode, Paused: s.Paused, Next: s.Next,
		Decision: st.LastDecision, Intent: st.Intent, Forecast: st.Forecast, Capacity: st.Capacity,
		Cover: st.Cover, Leads: st.Leads, Profile: st.Profile, Conditions: st.Conditions,
	}
}

func (d *details) explainText(p *v1alpha1.ShadowPool, now time.Time, wide bool) (string, error) {
	e := d.explain(p, now)
	var b bytes.Buffer
	field(&b, "Pool", "%s/%s for %s %s, mode %s%s", p.Namespace, p.Name, e.Workload.Kind, e.Workload.Name, e.Mode, pausedText(e.Paused))
	explainDecision(&b, e.Decision, now)
	explainLoad(&b, p)
	explainProfile(&b, e.Profile)
	if e.Detail != nil {
		if err := explainDetail(&b, e.Detail); err != nil {
			return "", err
		}
	} else if e.Unreachable != "" {
		b.WriteString("\nHow it came about is not known: " + printers.EscapeTerminal(e.Unreachable) + "\n")
	}
	if len(e.Conditions) > 0 {
		b.WriteString("\n")
		if err := printers.NewTablePrinter(printers.PrintOptions{Wide: wide}).PrintObj(conditionTable(e.Conditions, now), &b); err != nil {
			return "", err
		}
	}
	b.WriteString("\nNext: " + printers.EscapeTerminal(e.Next) + "\n")
	return b.String(), nil
}

func explainDecision(b *bytes.Buffer, d *v1alpha1.LastDecision, now time.Time) {
	if d == nil {
		field(b, "Decision", "none yet")
		return
	}
	field(b, "Decision", "%s, %s ago, at %s", d.Reason, age(d.Time.Time, now), d.Time.UTC().Format(time.RFC3339))
	field(b, "", "%s", d.Message)
	explainTerms(b, d.Terms)
	for _, l := range []struct {
		title string
		lines []string
	}{{"Done", d.Actions}, {"Withheld", d.Held}} {
		if len(l.lines) == 0 {
			continue
		}
		b.WriteString("\n" + l.title + ":\n")
		for _, line := range l.lines {
			b.WriteString("  " + printers.EscapeTerminal(line) + "\n")
		}
	}
}

// explainTerms writes the numbers of a decision as the sums that they are.
func explainTerms(b *bytes.Buffer, t *v1alpha1.DecisionTerms) {
	if t == nil {
		return
	}
	b.WriteString("\nIts numbers, in replicas:\n")
	fmt.Fprintf(b, "  missing  = desired %d - live %d = %d\n", t.Desired, t.Live, t.Missing)
	fmt.Fprintf(b, "  room     = missing %d + pending %d - asked ahead of time %d = %d\n", t.Missing, t.Pending, t.Ahead, max(0, t.Missing+t.Pending-t.Ahead))
	fmt.Fprintf(b, "  granted  = %d, of the room what warm shadows could take\n", t.Grants)
	fmt.Fprintf(b, "  wanted   = %d shadows, within a budget of %d\n", t.Want, t.Budget)
}

// explainLoad writes the forecast and what it needs, as the sums that they are.
func explainLoad(b *bytes.Buffer, p *v1alpha1.ShadowPool) {
	f, c := p.Status.Forecast, p.Status.Capacity
	b.WriteString("\nThe forecast behind it:\n")
	if f == nil {
		b.WriteString("  none yet\n")
		return
	}
	line := func(format string, args ...any) {
		b.WriteString("  " + printers.EscapeTerminal(fmt.Sprintf(format, args...)) + "\n")
	}
	line("load     = %s at %s, and %s at quantile %s within %s", orNone(string(f.ObservedLoad)), f.ComputedAt.UTC().Format(time.RFC3339),
		orNone(string(f.PredictedLoad)), p.Spec.Prediction.Quantile, p.Spec.Prediction.ActivationLead)
	line("model    = %s, from %s of history", orNone(f.Model), orNone(string(f.History)))
	if f.Note != "" {
		line("note     = %s", f.Note)
	}
	if c == nil {
		return
	}
	line("capacity = %s per replica (%s)", orNone(string(c.PerReplica)), orNone(string(c.PerReplicaFrom)))
	cover := int32(0)
	if p.Status.Cover != nil {
		cover = p.Status.Cover.Replicas
	}
	if c.NowReplicas != nil && c.ReactiveReplicas != nil {
		line("now      = %d replicas, %d of them for the load observed", *c.NowReplicas, *c.ReactiveReplicas)
	}
	if c.PredictedReplicas != nil {
		line("value    = %d, which the autoscaler gets; a cold start is spared for %d", *c.PredictedReplicas, cover)
	}
	if c.ShadowReplicas != nil && c.NowReplicas != nil {
		line("shadows  = %d needed at shadowQuantile %s - %d now, at least minShadows %d, at most the budget",
			*c.ShadowReplicas, p.Spec.Prediction.ShadowQuantile, *c.NowReplicas, *p.Spec.MinShadows)
	}
	explainDimensions(line, c)
	if c.Note != "" {
		line("why      = %s", c.Note)
	}
	if l := p.Status.Leads; l != nil {
		line("leads    = %s from creation to Ready, %s to warm, learnt from %d start-ups", orNone(string(l.ColdStart)), orNone(string(l.WarmUp)), l.Samples)
	}
}

func conditionTable(conditions []metav1.Condition, now time.Time) *metav1.Table {
	t := &metav1.Table{ColumnDefinitions: []metav1.TableColumnDefinition{
		{Name: "Condition", Type: "string"},
		{Name: "Status", Type: "string"},
		{Name: "Since", Type: "string"},
		{Name: "Reason", Type: "string"},
		{Name: "Message", Type: "string"},
	}}
	for _, c := range conditions {
		t.Rows = append(t.Rows, metav1.TableRow{Cells: []any{c.Type, string(c.Status), age(c.LastTransitionTime.Time, now), c.Reason, orDash(c.Message)}})
	}
	return t
}
