package history

import (
	"errors"
	"fmt"
	"strings"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Confinement says which label of a series holds the namespace that owns it.
type Confinement struct {
	// Label is the label of metrics without an entry in ByPrefix.
	Label string
	// ByPrefix gives metrics whose name begins so another label; the longest
	// prefix wins.
	ByPrefix map[string]string
}

// Validate reports labels and prefixes that no metric can have.
func (c Confinement) Validate() error {
	if err := checkLabel(c.Label); err != nil {
		return err
	}
	for prefix, label := range c.ByPrefix {
		if prefix == "" {
			return errors.New("prefix is empty: write the label for all metrics as the default")
		}
		if err := checkLabel(label); err != nil {
			return fmt.Errorf("prefix %q: %w", prefix, err)
		}
	}
	return nil
}

func checkLabel(name string) error {
	if !model.LegacyValidation.IsValidLabelName(name) || name == model.MetricNameLabel {
		return fmt.Errorf("label %q: write the name of a label that holds the namespace, such as namespace", name)
	}
	return nil
}

// label is the confining label of one metric.
func (c Confinement) label(metric string) string {
	label, longest := c.Label, 0
	for prefix, l := range c.ByPrefix {
		if len(prefix) > longest && strings.HasPrefix(metric, prefix) {
			label, longest = l, len(prefix)
		}
	}
	return label
}

// Confine returns expr with every selector bound to one namespace, so that it
// reads no other's series, wherever in the expression the selector stands, and
// refuses ranges (7d), offsets (90d) and subqueries (11,000 steps) beyond what
// a load needs. The result is parsed once more and checked. Do not take labels of the *output*
// for a proof of ownership: label_replace may write any.
func Confine(expr, namespace string, c Confinement) (string, error) {
	if err := c.Validate(); err != nil {
		return "", err
	}
	parsed, err := parseQuery(expr)
	if err != nil {
		return "", err
	}
	return c.confine(parsed, namespace)
}

// confine binds a parsed expression and checks what it prints.
func (c Confinement) confine(parsed parser.Expr, namespace string) (string, error) {
	if namespace == "" {
		// namespace="" would select the series of no namespace at all.
		return "", errors.New("namespace is empty: write the pool's namespace")
	}
	if err := eachSelector(parsed, func(s *parser.VectorSelector) error { return c.bind(s, namespace) }); err != nil {
		return "", err
	}
	if err := checkBounds(parsed); err != nil {
		return "", err
	}
	out := parsed.String()
	if err := c.assert(out, namespace); err != nil {
		return "", err
	}
	return out, nil
}

// bind adds the matcher to one selector.
func (c Confinement) bind(s *parser.VectorSelector, namespace string) error {
	label, err := c.labelOf(s)
	if err != nil {
		return err
	}
	bound := false
	for _, m := range s.LabelMatchers {
		if m.Name != label {
			continue
		}
		if m.Type != labels.MatchEqual || m.Value != namespace {
			return fmt.Errorf("selects %s, the pool is in namespace %q: write the selector without it", m, namespace)
		}
		bound = true
	}
	if !bound {
		s.LabelMatchers = append(s.LabelMatchers, labels.MustNewMatcher(labels.MatchEqual, label, namespace))
	}
	return nil
}

// labelOf finds the confining label of a selector. Without an exact metric
// name it could reach metrics of several prefixes, each with a label of its
// own, so that no one matcher would hold all of them.
func (c Confinement) labelOf(s *parser.VectorSelector) (string, error) {
	for _, m := range s.LabelMatchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual && m.Value != "" {
			return c.label(m.Value), nil
		}
	}
	if len(c.ByPrefix) == 0 {
		return c.Label, nil
	}
	return "", fmt.Errorf("selects %s without one exact metric name: write a name before the braces, such as http_requests_total{...}", s)
}

// assert parses the text that will be sent and holds that each selector in it
// carries its matcher.
func (c Confinement) assert(out, namespace string) error {
	parsed, err := parser.NewParser(ParserOptions()).ParseExpr(out)
	if err != nil {
		return fmt.Errorf("cannot be confined to a namespace: its printed form does not parse: %w", err)
	}
	return eachSelector(parsed, func(s *parser.VectorSelector) error {
		label, err := c.labelOf(s)
		if err != nil {
			return err
		}
		for _, m := range s.LabelMatchers {
			if m.Name == label && m.Type == labels.MatchEqual && m.Value == namespace {
				return nil
			}
		}
		return fmt.Errorf("cannot be confined to a namespace: its printed form has the selector %s", s)
	})
}
