package history

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"
)

// ShadowInfo is the metric that says which pods are shadows, one series for each
// with the labels pod, pool and state.
const ShadowInfo = "foreshadow_shadow_info"

const (
	// serving are the states in which a pod takes requests of users: a draining
	// one finishes those that it has.
	serving = "active|bridged|draining"
	// shadowLookback is how long a pod stays what it was said to be last, at
	// least: the lookback of a selector, in which a scrape may fail and an adapter
	// restart.
	shadowLookback = 5 * time.Minute
	// podLabel is the label by which series are told apart, exported its prefix
	// where Prometheus keeps a target's own labels and renames those of its series.
	podLabel = "pod"
	exported = "exported_"
	// maxLive bounds the text that is asked for: each selector of it grows.
	maxLive = 8 * maxQuery
)

// ConfineLive is Confine for the load of a pool that has shadows: their series
// count only while they serve. Each selector, and each function of a range, is
// asked for without the series of pods that ShadowInfo calls shadows at that
// time, here rate(http_requests_total[2m]):
//
//	rate(http_requests_total[2m]) unless on (pod) (A or (B unless on (pod) C))
//
// where A are the pods that are shadows, B those that were some within the range
// (at least 5m), and C those that served within it. So a shadow that goes live
// counts from then on, a pod that becomes a shadow again no longer, and one that
// is gone as it was at last. The selectors of A, B and C have the offset and the @
// of the one that they stand beside.
//
// Series without the label pod, and all series where there is no shadow, are
// what they were. absent() and absent_over_time() of a selector stay as they are:
// their labels come from it, and what is absent is no load.
func ConfineLive(expr, namespace, pool string, c Confinement) (string, error) {
	if err := c.Validate(); err != nil {
		return "", err
	}
	if pool == "" {
		return "", fmt.Errorf("%s: the pool's name is empty", ShadowInfo)
	}
	parsed, err := parseQuery(expr)
	if err != nil {
		return "", err
	}
	l := liveOnly{pool: pool, pod: podLabel}
	if strings.HasPrefix(c.label(ShadowInfo), exported) {
		l.pod = exported + podLabel
	}
	if parsed, err = l.rewrite(parsed); err != nil {
		return "", err
	}
	out, err := c.confine(parsed, namespace)
	if err == nil && len(out) > maxLive {
		return "", fmt.Errorf("has too many selectors: without the series of shadows it is %d bytes long, at most %d are asked for: write a recording rule for the rest", len(out), maxLive)
	}
	return out, err
}

// liveOnly takes the series of one pool's shadows out of an expression.
type liveOnly struct {
	pool string
	pod  string // the label of ShadowInfo that names the pod
}

// rewrite returns n with each selector replaced. Kinds that it does not know
// stay: who confines the result refuses them.
func (l liveOnly) rewrite(n parser.Expr) (parser.Expr, error) {
	switch n := n.(type) {
	case *parser.VectorSelector:
		return l.without(n, n, 0)
	case *parser.Call:
		return l.call(n)
	case *parser.SubqueryExpr:
		return n, l.each(&n.Expr)
	case *parser.AggregateExpr:
		if n.Param == nil {
			return n, l.each(&n.Expr)
		}
		return n, l.each(&n.Param, &n.Expr)
	case *parser.BinaryExpr:
		return n, l.each(&n.LHS, &n.RHS)
	case *parser.ParenExpr:
		return n, l.each(&n.Expr)
	case *parser.UnaryExpr:
		return n, l.each(&n.Expr)
	}
	return n, nil
}

// each rewrites in place.
func (l liveOnly) each(nodes ...*parser.Expr) error {
	for _, n := range nodes {
		next, err := l.rewrite(*n)
		if err != nil {
			return err
		}
		*n = next
	}
	return nil
}

// call rewrites a function: one that looks at its selector itself, for its range
// or for the times of its samples, as a whole.
func (l liveOnly) call(n *parser.Call) (parser.Expr, error) {
	var selector *parser.VectorSelector
	var span time.Duration
	for i := range n.Args {
		switch arg := bare(n.Args[i]).(type) {
		case *parser.MatrixSelector:
			selector, _ = arg.VectorSelector.(*parser.VectorSelector)
			span = arg.Range
			continue
		case *parser.VectorSelector:
			if looksAtSelector(n.Func.Name) {
				selector = arg
				continue
			}
		}
		if err := l.each(&n.Args[i]); err != nil {
			return nil, err
		}
	}
	if selector == nil || n.Func.Name == "absent" || n.Func.Name == "absent_over_time" {
		return n, nil
	}
	return l.without(n, selector, span)
}

// looksAtSelector says that a function of a selector gives something else of the
// same values from elsewhere.
func looksAtSelector(function string) bool {
	switch function {
	case "absent", "timestamp", "start_timestamp":
		return true
	}
	return false
}

// bare returns an expression without the parentheses around it.
func bare(n parser.Expr) parser.Expr {
	for {
		p, ok := n.(*parser.ParenExpr)
		if !ok {
			return n
		}
		n = p.Expr
	}
}

// without takes the series of shadows out of n, which looks at selector over
// span.
func (l liveOnly) without(n parser.Expr, selector *parser.VectorSelector, span time.Duration) (parser.Expr, error) {
	shadows, err := l.shadows(selector, max(span, shadowLookback))
	if err != nil {
		return nil, err
	}
	return &parser.ParenExpr{Expr: &parser.BinaryExpr{
		Op: parser.LUNLESS, LHS: n, RHS: &parser.ParenExpr{Expr: shadows},
		VectorMatching: &parser.VectorMatching{Card: parser.CardManyToMany, MatchingLabels: []string{podLabel}, On: true},
	}}, nil
}

// shadows returns the expression of the pods that are shadows when the selector
// is looked at, or were within span and are gone.
func (l liveOnly) shadows(selector *parser.VectorSelector, span time.Duration) (parser.Expr, error) {
	info := func(state string) string {
		// Without a pod it would stand for every series that has none.
		return ShadowInfo + "{" + l.pod + `!="",pool=` + strconv.Quote(l.pool) + ",state" + state + strconv.Quote(serving) + "}"
	}
	latest := func(state string) string {
		return "last_over_time(" + info(state) + "[" + model.Duration(span).String() + "])"
	}
	text := fmt.Sprintf("%s or (%s unless on (%s) %s)", info("!~"), latest("!~"), l.pod, latest("=~"))
	if l.pod != podLabel {
		text = fmt.Sprintf("label_replace(max by (%s) (%s), %q, %q, %q, %q)", l.pod, text, podLabel, "$1", l.pod, "(.+)")
	}
	parsed, err := parser.NewParser(ParserOptions()).ParseExpr(text)
	if err != nil {
		return nil, fmt.Errorf("cannot be asked for without shadows: %w", err)
	}
	return parsed, eachSelector(parsed, func(s *parser.VectorSelector) error {
		s.OriginalOffset, s.OriginalOffsetExpr = selector.OriginalOffset, selector.OriginalOffsetExpr
		s.Timestamp, s.StartOrEnd = selector.Timestamp, selector.StartOrEnd
		return nil
	})
}
