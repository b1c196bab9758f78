package history_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// grammar draws expressions from PromQL's grammar. Selectors may stand
// anywhere that the grammar lets them.
type grammar struct{ *rapid.T }

func (g grammar) pick(label string, options ...string) string {
	return rapid.SampledFrom(options).Draw(g.T, label)
}

func (g grammar) selector() string {
	s := g.pick("selector", "up", "istio_requests_total", "a:b", `secret{x="y"}`, `up{x=~"a|b",y!~"c"}`, `istio_x{namespace="other"}`, `{"a.b"}`, `{__name__="c"}`, `{"istio_é"}`, `up{namespace="a"}`)
	return s + g.pick("at", "", "", " @ 10", " @ start()", " @ end()") + g.pick("offset", "", "", " offset 5m", " offset -1h")
}

func (g grammar) scalar(depth int) string {
	if depth == 0 {
		return g.pick("number", "0.5", "2", "1e3", "-1", "pi()")
	}
	switch g.pick("scalar", "number", "scalar", "operator", "parentheses") {
	case "scalar":
		return "scalar(" + g.vector(depth-1) + ")"
	case "operator":
		return "(" + g.scalar(depth-1) + g.pick("op", " + ", " / ", " ^ ", " % ") + g.scalar(depth-1) + ")"
	case "parentheses":
		return "(" + g.scalar(depth-1) + ")"
	}
	return g.scalar(0)
}

func (g grammar) matrix(depth int) string {
	if depth == 0 || rapid.Bool().Draw(g.T, "plain range") {
		name := g.pick("ranged", "up", `secret{x="y"}`, `{"a.b"}`, "istio_x")
		return name + g.pick("range", "[5m]", "[1h]", "[90]") + g.pick("modifier", "", " offset 1m", " @ start()", " offset -2m")
	}
	return "(" + g.vector(depth-1) + ")" + g.pick("subquery", "[30m:5m]", "[10m:]", "[10m:1m] offset 5m", "[10m:1m] @ end()")
}

func (g grammar) vector(depth int) string {
	if depth == 0 {
		return g.selector()
	}
	v := func() string { return g.vector(depth - 1) }
	s := func() string { return g.scalar(depth - 1) }
	m := func() string { return g.matrix(depth - 1) }
	switch g.pick("vector", "selector", "aggregation", "parameter", "text parameter", "range function", "range and scalar", "vector operator", "scalar operator", "set", "sign", "function", "scalars", "labels") {
	case "aggregation":
		return g.pick("aggregation", "sum", "max", "count", "group", "stddev") + g.pick("by", "", " by (x) ", " without (x, namespace) ") + "(" + v() + ")"
	case "parameter":
		return g.pick("with parameter", "quantile", "topk", "bottomk", "limitk", "limit_ratio") + "(" + s() + ", " + v() + ")" + g.pick("after", "", " by (x)")
	case "text parameter":
		return `count_values("value", ` + v() + ")"
	case "range function":
		return g.pick("over time", "rate", "max_over_time", "last_over_time", "absent_over_time", "changes", "deriv") + "(" + m() + ")"
	case "range and scalar":
		if rapid.Bool().Draw(g.T, "scalar first") {
			return "quantile_over_time(" + s() + ", " + m() + ")"
		}
		return "predict_linear(" + m() + ", " + s() + ")"
	case "vector operator":
		return "(" + v() + g.pick("op", " + ", " / on (x) ", " > bool ignoring (y) ", " * on (x) group_left (z) ", " == ") + v() + ")"
	case "scalar operator":
		return "(" + s() + g.pick("op", " - ", " < bool ", " atan2 ") + v() + ")"
	case "set":
		return "(" + v() + g.pick("set", " and ", " or on (x) ", " unless ") + v() + ")"
	case "sign":
		return g.pick("sign", "-", "+") + "(" + v() + ")"
	case "function":
		return g.pick("function", "abs", "absent", "timestamp", "sort", "day_of_week") + "(" + v() + ")"
	case "scalars":
		return "clamp(" + v() + ", " + s() + ", " + s() + ")"
	case "labels":
		return g.pick("labels", "label_replace("+v()+`, "namespace", "$1", "x", "(.*)")`, "label_join("+v()+`, "namespace", "-", "x", "y")`)
	}
	return g.selector()
}

// unconfined finds a selector without the matcher by the parser's own visitor,
// not by ours.
func unconfined(t require.TestingT, expr, namespace string, c history.Confinement) string {
	parsed, err := parser.NewParser(history.ParserOptions()).ParseExpr(expr)
	require.NoError(t, err)
	found := ""
	parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok && !carries(s.LabelMatchers, namespace, c) {
			found = s.String()
		}
		return nil
	})
	return found
}

func carries(matchers []*labels.Matcher, namespace string, c history.Confinement) bool {
	want := map[string]bool{}
	for _, m := range matchers {
		if m.Name == "__name__" && m.Type == labels.MatchEqual {
			label, longest := c.Label, ""
			for prefix, l := range c.ByPrefix {
				if strings.HasPrefix(m.Value, prefix) && len(prefix) > len(longest) {
					label, longest = l, prefix
				}
			}
			want[label] = true
		}
	}
	if len(want) == 0 {
		want[c.Label] = len(c.ByPrefix) == 0
	}
	for _, m := range matchers {
		if want[m.Name] && m.Type == labels.MatchEqual && m.Value == namespace {
			return true
		}
	}
	return false
}

// witness is a storage without samples that looks at what the engine selects,
// which is more than what stands in the expression.
type witness struct {
	storage.LabelQuerier
	selects int
	escaped string
	c       history.Confinement
}

func (w *witness) Querier(_, _ int64) (storage.Querier, error) { return w, nil }

func (w *witness) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	w.selects++
	if !carries(matchers, "a", w.c) {
		w.escaped = fmt.Sprint(matchers)
	}
	return storage.EmptySeriesSet()
}

func (w *witness) Close() error { return nil }

func (w *witness) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	w.escaped = "label values"
	return nil, nil, errors.New("no label values")
}

func TestConfineLeavesNoWayOut(t *testing.T) {
	engine := promql.NewEngine(promql.EngineOpts{
		Logger: promslog.NewNopLogger(), MaxSamples: 1e6, Timeout: time.Minute, EnableAtModifier: true, EnableNegativeOffset: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 }, Parser: parser.NewParser(history.ParserOptions()),
	})
	t.Cleanup(func() { require.NoError(t, engine.Close()) })
	drawn, selects := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		c := rapid.SampledFrom([]history.Confinement{plain, prefixed}).Draw(rt, "confinement")
		expr := grammar{rt}.vector(rapid.IntRange(0, 4).Draw(rt, "depth"))
		if len(expr) > 4096 {
			return
		}
		confine := history.Confine
		if rapid.Bool().Draw(rt, "without shadows") {
			confine = func(expr, namespace string, c history.Confinement) (string, error) {
				return history.ConfineLive(expr, namespace, "web", c)
			}
		}
		got, err := confine(expr, "a", c)
		if err != nil && strings.Contains(err.Error(), `selects namespace="other"`) && c.ByPrefix == nil {
			return
		}
		if err != nil && strings.Contains(err.Error(), "has subqueries of") {
			return
		}
		require.NoError(rt, err, expr)
		require.Empty(rt, unconfined(rt, got, "a", c), got)
		w := &witness{c: c}
		q, err := engine.NewRangeQuery(rt.Context(), w, nil, got, time.Unix(0, 0), time.Unix(60, 0), time.Minute)
		require.NoError(rt, err, got)
		defer q.Close()
		q.Exec(rt.Context())
		require.Empty(rt, w.escaped, got)
		drawn, selects = drawn+1, selects+w.selects
	})
	if selects < drawn {
		t.Fatalf("%d expressions made %d selections: the witness sees nothing", drawn, selects)
	}
}

func FuzzConfine(f *testing.F) {
	for _, expr := range []string{
		`up`, `quantile(scalar(max(secret{namespace="b"})), up)`, `topk(scalar(secret), up)`, `max_over_time(up[1h:5m] offset 1m)`, `{__name__=~"istio_.*"}`,
		`{"a.b", "namespace"="b"}`, `info(up, {x="y"})`, `sum by (namespace) (rate(istio_x[5m + 1m]))`, `a @ end() or b @ 1.5`, `up{namespace="a\"}"}`, `label_replace(up, "a", "b", "c", "d")`,
		`a fill (0) + b`, `up{namespace!="a"}`, `-(1 - scalar(up)) * up`, "up{a=`}`}", `limit_ratio(-0.5, up)`, `rate(up[5m] smoothed)`, `{__name__="",x=""}`, `vector(1)`,
	} {
		f.Add(expr, "a", false)
		f.Add(expr, `a"} or {x="`, true)
	}
	f.Fuzz(func(t *testing.T, expr, namespace string, byPrefix bool) {
		c := plain
		if byPrefix {
			c = prefixed
		}
		live := func(expr, namespace string, c history.Confinement) (string, error) {
			return history.ConfineLive(expr, namespace, "web", c)
		}
		for _, confine := range []func(string, string, history.Confinement) (string, error){history.Confine, live} {
			got, err := confine(expr, namespace, c)
			if err != nil {
				if got != "" {
					t.Fatalf("error %v and expression %q", err, got)
				}
				continue
			}
			if s := unconfined(t, got, namespace, c); s != "" {
				t.Fatalf("%q became %q, with the selector %s", expr, got, s)
			}
		}
	})
}
