package rules

import (
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Severity says who should look, and when.
type Severity string

const (
	// Critical wakes somebody up.
	Critical Severity = "critical"
	// Warning is for the next working day.
	Warning Severity = "warning"
	// Info explains other alerts and reports.
	Info Severity = "info"
	// None is for Alertmanager alone: nobody is told.
	None Severity = "none"
)

// Runbooks is where the runbooks are read.
const Runbooks = "https://github.com/foreshadow-dev/foreshadow/blob/main/docs/runbooks/"

// Group is a list of rules that are evaluated in turn.
type Group struct {
	Name    string
	Records []Record
	Alerts  []Alert
}

// Record is a recording rule.
type Record struct {
	// Name is level:metric:operation.
	Name string
	Expr string
}

// Alert is an alerting rule.
type Alert struct {
	Name     string
	Severity Severity
	Expr     string
	// For is how long the expression must hold; empty: once.
	For string
	// KeepFiring is how long the alert goes on when the expression no longer holds.
	KeepFiring string
	// Summary is one sentence without values, Description one with them.
	Summary, Description string
}

// Runbook is the address of the alert's runbook.
func (a *Alert) Runbook() string { return Runbooks + a.Name + ".md" }

// All returns the groups in the order of the file.
func All() []Group {
	return []Group{
		{Name: "foreshadow.recording", Records: records()},
		{Name: "foreshadow.adapter", Alerts: slices.Concat(adapterAlerts(), fileAlerts(), apiAlerts())},
		{Name: "foreshadow.forecast", Alerts: forecastAlerts()},
		{Name: "foreshadow.shadows", Alerts: shadowAlerts()},
	}
}

type (
	document struct {
		Groups []group `json:"groups"`
	}
	group struct {
		Name  string `json:"name"`
		Rules []rule `json:"rules"`
	}
	rule struct {
		Record      string            `json:"record,omitempty"`
		Alert       string            `json:"alert,omitempty"`
		Expr        string            `json:"expr"`
		For         string            `json:"for,omitempty"`
		KeepFiring  string            `json:"keep_firing_for,omitempty"`
		Labels      map[string]string `json:"labels,omitempty"`
		Annotations map[string]string `json:"annotations,omitempty"`
	}
)

// header stands above the rules. A comment, so that every reader of rule files takes it.
const header = "# Written by `make generate` from the package rules: change that, not this file.\n"

// File renders groups as a rule file of Prometheus.
func File(groups []Group) ([]byte, error) {
	var doc document
	for _, g := range groups {
		out := group{Name: g.Name}
		for _, r := range g.Records {
			out.Rules = append(out.Rules, rule{Record: r.Name, Expr: r.Expr})
		}
		for i := range g.Alerts {
			out.Rules = append(out.Rules, g.Alerts[i].rule())
		}
		doc.Groups = append(doc.Groups, out)
	}
	text, err := yaml.Marshal(doc)
	return append([]byte(header), text...), err
}

func (a *Alert) rule() rule {
	return rule{
		Alert: a.Name, Expr: strings.TrimSpace(a.Expr), For: a.For, KeepFiring: a.KeepFiring,
		Labels:      map[string]string{"severity": string(a.Severity)},
		Annotations: map[string]string{"summary": a.Summary, "description": a.Description, "runbook_url": a.Runbook()},
	}
}
