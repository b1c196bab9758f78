package dashboards

import "strings"

const (
	tag      = "foreshadow"
	runbooks = "https://github.com/foreshadow-dev/foreshadow/tree/main/docs/runbooks"
	gridWide = 24
)

func chosen() Datasource { return Datasource{Type: "prometheus", UID: "${datasource}"} }

// newDashboard returns what all three have in common.
func newDashboard(uid, title, description string, variables ...Variable) *Dashboard {
	d := &Dashboard{
		UID: uid, Title: title, Description: description, Tags: []string{tag}, SchemaVersion: schemaVersion, Version: 1,
		GraphTooltip: 1, Timezone: "browser", Refresh: "30s", Time: TimeRange{From: "now-6h", To: "now"},
		Links: []Link{
			{Title: "Foreshadow", Type: "dashboards", Tags: []string{tag}, IncludeVars: true, KeepTime: true},
			{Title: "Runbooks", Type: "link", URL: runbooks, TargetBlank: true},
		},
	}
	d.Templating.List = append([]Variable{{Name: "datasource", Label: "Data source", Type: "datasource", Query: "prometheus"}}, variables...)
	d.Annotations.List = []Annotation{{
		Name: "Alerts", Datasource: chosen(), Enable: true, IconColor: "red",
		Expr:        `ALERTS{alertname=~"Foreshadow.+", alertstate="firing", severity=~"critical|warning"}`,
		TitleFormat: "{{alertname}}", TextFormat: "{{namespace}}/{{pool}}",
	}}
	return d
}

// labelValues is a variable with the values of a label.
func labelValues(name, label, of string, several bool) Variable {
	ds := chosen()
	return Variable{
		Name: name, Label: strings.ToUpper(name[:1]) + name[1:], Type: "query", Query: "label_values(" + of + ", " + label + ")",
		Datasource: &ds, Refresh: 2, Multi: several, IncludeAll: several, Sort: 1,
	}
}

// row begins a new line with a heading.
func (d *Dashboard) row(title string) {
	open := false
	d.Panels = append(d.Panels, Panel{ID: len(d.Panels) + 1, Type: "row", Title: title, GridPos: GridPos{H: 1, W: gridWide, Y: d.bottom()}, Collapsed: &open})
}

// line puts panels side by side, each as wide as the others.
func (d *Dashboard) line(height int, panels ...Panel) {
	y, w := d.bottom(), gridWide/len(panels)
	for i := range panels {
		p := panels[i]
		ds := chosen()
		p.ID, p.Datasource, p.GridPos = len(d.Panels)+1, &ds, GridPos{H: height, W: w, X: i * w, Y: y}
		for j := range p.Targets {
			p.Targets[j].RefID, p.Targets[j].Datasource = string(rune('A'+j)), chosen()
		}
		d.Panels = append(d.Panels, p)
	}
}

func (d *Dashboard) bottom() int {
	y := 0
	for i := range d.Panels {
		y = max(y, d.Panels[i].GridPos.Y+d.Panels[i].GridPos.H)
	}
	return y
}

// q is a query over the time range, and the name of its series.
func q(expr, legend string) Target {
	return Target{Expr: expr, LegendFormat: legend, Format: "time_series", Range: true}
}

// graph draws lines over time.
func graph(title, unit, description string, targets ...Target) Panel {
	zero := 0.0
	return Panel{
		Type: "timeseries", Title: title, Description: description, Targets: targets,
		FieldConfig: &FieldConfig{
			Defaults: Field{Unit: unit, Min: &zero, Custom: map[string]any{
				"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "showPoints": "never", "spanNulls": false,
			}},
			Overrides: []Override{},
		},
		Options: map[string]any{
			"legend":  map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": true},
			"tooltip": map[string]any{"mode": "multi", "sort": "desc"},
		},
	}
}

// stacked draws lines one upon the other.
func stacked(p Panel) Panel {
	p.FieldConfig.Defaults.Custom["stacking"] = map[string]any{"mode": "normal", "group": "A"}
	p.FieldConfig.Defaults.Custom["fillOpacity"] = 40
	return p
}

// unfilled draws lines that lie close together.
func unfilled(p Panel) Panel {
	p.FieldConfig.Defaults.Custom["fillOpacity"] = 0
	return p
}

// upTo bounds the axis.
func upTo(highest float64, p Panel) Panel {
	p.FieldConfig.Defaults.Max = &highest
	return p
}

// look changes one series by its name.
func look(p Panel, series string, properties ...Property) Panel {
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, Override{Matcher: Matcher{ID: "byName", Options: series}, Properties: properties})
	return p
}

// stat shows a number as it is now.
func stat(title, unit, description, expr, legend string) Panel {
	t := q(expr, legend)
	t.Instant, t.Range = true, false
	mode := "value"
	if legend != "" {
		mode = "name"
	}
	return Panel{
		Type: "stat", Title: title, Description: description, Targets: []Target{t},
		FieldConfig: &FieldConfig{Defaults: Field{Unit: unit, NoValue: "-"}, Overrides: []Override{}},
		Options: map[string]any{
			"colorMode": "none", "graphMode": "none", "justifyMode": "auto", "textMode": mode,
			"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}, "fields": "", "values": false},
		},
	}
}

// bad colors a number red from a value on.
func bad(p Panel, from float64) Panel {
	p.Options["colorMode"] = "value"
	p.FieldConfig.Defaults.Thresholds = &Thresholds{Mode: "absolute", Steps: []Step{{Color: "green"}, {Value: &from, Color: "red"}}}
	return p
}

// heatmap draws a histogram over time.
func heatmap(title, description, expr string) Panel {
	t := q(expr, "{{le}}")
	t.Format = "heatmap"
	return Panel{
		Type: "heatmap", Title: title, Description: description, Targets: []Target{t},
		FieldConfig: &FieldConfig{Defaults: Field{Unit: "short"}, Overrides: []Override{}},
		Options: map[string]any{
			"calculate": false, "yAxis": map[string]any{"unit": "s"}, "cellGap": 1,
			"color":   map[string]any{"mode": "scheme", "scheme": "Oranges", "steps": 64},
			"tooltip": map[string]any{"mode": "single"}, "legend": map[string]any{"show": true},
		},
	}
}
