package replay

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/foreshadow-dev/foreshadow/dashboards"
)

// Filled are the values of a dashboard's variables.
type Filled struct {
	replace []string
	// Err is why a variable has no value.
	Err error
}

var labelValues = regexp.MustCompile(`^label_values\((.*), ([a-z_]+)\)$`)

// Variables chooses as Grafana does when a dashboard is opened: the first value, or all of them where several can be chosen.
func Variables(ctx context.Context, s *Store, d *dashboards.Dashboard) Filled {
	span := s.End().Sub(s.Recording.Start).String()
	f := Filled{replace: []string{"$__rate_interval", (5 * s.Recording.Interval).String(), "$__range", span}}
	for i := range d.Templating.List {
		v := &d.Templating.List[i]
		if v.Type != "query" {
			continue
		}
		m := labelValues.FindStringSubmatch(v.Query)
		if m == nil {
			return Filled{Err: fmt.Errorf("variable %s: %q: write label_values(selector, label)", v.Name, v.Query)}
		}
		values, err := s.Values(ctx, f.In(m[1]), m[2])
		if err == nil && len(values) == 0 {
			err = fmt.Errorf("%s has no values", v.Query)
		}
		if err != nil {
			return Filled{Err: fmt.Errorf("variable %s: %w", v.Name, err)}
		}
		chosen := values[0]
		if v.IncludeAll {
			chosen = "(" + strings.Join(values, "|") + ")"
		}
		f.replace = append(f.replace, "$"+v.Name, chosen)
	}
	return f
}

// In puts the values into a query.
func (f Filled) In(expr string) string { return strings.NewReplacer(f.replace...).Replace(expr) }
