package history_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

var (
	plain    = history.Confinement{Label: "namespace"}
	prefixed = history.Confinement{Label: "namespace", ByPrefix: map[string]string{
		"istio_": "destination_service_namespace", "istio_agent_": "exported_namespace", "node.": "k8s_namespace",
	}}
)

func TestConfine(t *testing.T) {
	for _, c := range []struct {
		name string
		in   string
		want string
	}{
		{"a selector", `up`, `up{namespace="shop"}`},
		{"a range", `rate(http_requests_total{code="200"}[2m])`, `rate(http_requests_total{code="200",namespace="shop"}[2m])`},
		{"an equal matcher stays", `up{namespace="shop"}`, `up{namespace="shop"}`},
		{"an equal matcher between quotes stays", `{"up","namespace"="shop"}`, `{__name__="up",namespace="shop"}`},
		{"an aggregation's parameter", `quantile(scalar(max(secret)), up)`, `quantile(scalar(max(secret{namespace="shop"})), up{namespace="shop"})`},
		{"topk's parameter", `topk(scalar(count(secret)), up)`, `topk(scalar(count(secret{namespace="shop"})), up{namespace="shop"})`},
		{"limitk", `limitk(scalar(secret), up)`, `limitk(scalar(secret{namespace="shop"}), up{namespace="shop"})`},
		{"limit_ratio", `limit_ratio(scalar(secret), up)`, `limit_ratio(scalar(secret{namespace="shop"}), up{namespace="shop"})`},
		{"count_values", `count_values("v", secret)`, `count_values("v", secret{namespace="shop"})`},
		{"both sides of an operator", `a / on (pod) group_left (x) b`, `a{namespace="shop"} / on (pod) group_left (x) b{namespace="shop"}`},
		{"set operators", `a and b or c unless d`, `a{namespace="shop"} and b{namespace="shop"} or c{namespace="shop"} unless d{namespace="shop"}`},
		{"a scalar's side", `a + scalar(b)`, `a{namespace="shop"} + scalar(b{namespace="shop"})`},
		{"a subquery", `max_over_time(sum(rate(a[1m]))[1h:5m] offset 5m)`, `max_over_time(sum(rate(a{namespace="shop"}[1m]))[1h:5m] offset 5m)`},
		{"each argument", `clamp(a, scalar(b), scalar(c))`, `clamp(a{namespace="shop"}, scalar(b{namespace="shop"}), scalar(c{namespace="shop"}))`},
		{"@ modifiers", `a @ end() + b @ 1600000000.000`, `a{namespace="shop"} @ end() + b{namespace="shop"} @ 1600000000.000`},
		{"offsets", `a offset -5m`, `a{namespace="shop"} offset -5m`},
		{"parentheses and signs", `-(-(a))`, `-(-(a{namespace="shop"}))`},
		{"absent", `absent(a{x="y"})`, `absent(a{namespace="shop",x="y"})`},
		{"label_replace may write what it wants", `label_replace(a, "namespace", "b", "", "")`, `label_replace(a{namespace="shop"}, "namespace", "b", "", "")`},
		{"a UTF-8 name", `{"http.server.requests", "service.name"="web"}`, `{"service.name"="web",__name__="http.server.requests",namespace="shop"}`},
		{"a name by its label", `{__name__="up"}`, `{__name__="up",namespace="shop"}`},
		{"a regular expression for a name", `{__name__=~"a|b"}`, `{__name__=~"a|b",namespace="shop"}`},
		{"no name", `{job="x"}`, `{job="x",namespace="shop"}`},
		{"braces in strings", `a{x="} or b{"}`, `a{namespace="shop",x="} or b{"}`},
		{"no selector at all", `vector(1)`, `vector(1)`},
		{"a native histogram", `histogram_quantile(0.9, sum(rate(a[1m])))`, `histogram_quantile(0.9, sum(rate(a{namespace="shop"}[1m])))`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := history.Confine(c.in, "shop", plain)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			again, err := history.Confine(got, "shop", plain)
			require.NoError(t, err)
			require.Equal(t, got, again)
			require.NoError(t, history.CheckQuery(got))
		})
	}
}

func TestConfineByPrefix(t *testing.T) {
	got, err := history.Confine(`up + istio_requests_total + istio_agent_x + {"node.cpu"} + istio`, "shop", prefixed)
	require.NoError(t, err)
	require.Equal(t, `up{namespace="shop"} + istio_requests_total{destination_service_namespace="shop"} + istio_agent_x{exported_namespace="shop"} + `+
		`{__name__="node.cpu",k8s_namespace="shop"} + istio{namespace="shop"}`, got)

	// The source's namespace is not the confining label of this metric.
	got, err = history.Confine(`istio_requests_total{namespace="mesh"}`, "shop", prefixed)
	require.NoError(t, err)
	require.Equal(t, `istio_requests_total{destination_service_namespace="shop",namespace="mesh"}`, got)
}

func TestConfineRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		expr string
		c    history.Confinement
		want string
	}{
		{"another namespace", `sum(up{namespace="bank"})`, plain, `selects namespace="bank", the pool is in namespace "shop": write the selector without it`},
		{"a pattern of namespaces", `up{namespace=~"shop|bank"}`, plain, `selects namespace=~"shop|bank", the pool is in namespace "shop": write the selector without it`},
		{"all but its namespace", `up{namespace!="shop"}`, plain, `selects namespace!="shop", the pool is in namespace "shop": write the selector without it`},
		{"both", `up{namespace="shop",namespace="bank"}`, plain, `selects namespace="bank", the pool is in namespace "shop": write the selector without it`},
		{"another namespace in a parameter", `quantile(scalar(max(secret{namespace="bank"})), up)`, plain, `selects namespace="bank", the pool is in namespace "shop": write the selector without it`},
		{"a pattern that reaches into a prefix", `{__name__=~"istio_.*"}`, prefixed, `selects {__name__=~"istio_.*"} without one exact metric name: write a name before the braces, such as http_requests_total{...}`},
		{"no name where prefixes differ", `{job="x"}`, prefixed, `selects {job="x"} without one exact metric name: write a name before the braces, such as http_requests_total{...}`},
		{"an empty name where prefixes differ", `{__name__="",job="x"}`, prefixed, `selects {__name__="",job="x"} without one exact metric name: write a name before the braces, such as http_requests_total{...}`},
		{"a name that is excluded", `{__name__!="up"}`, prefixed, ``},
		{"info() with its own selector", `info(up, {k8s_cluster="x"})`, plain, `uses info(), which reads series that no namespace can be written into: join with group_left instead`},
		{"info() alone", `sum(info(up))`, plain, `uses info(), which reads series that no namespace can be written into: join with group_left instead`},
		{"a scalar", `scalar(up)`, plain, `returns a scalar: write an expression that returns an instant vector, such as sum(rate(http_requests_total[2m]))`},
		{"a label that is none", `up`, history.Confinement{Label: "a-b"}, `label "a-b": write the name of a label that holds the namespace, such as namespace`},
		{"the name as the label", `up`, history.Confinement{Label: "__name__"}, `label "__name__": write the name of a label that holds the namespace, such as namespace`},
		{"a prefix without a label", `up`, history.Confinement{Label: "namespace", ByPrefix: map[string]string{"x_": ""}}, `prefix "x_": label "": write the name of a label that holds the namespace, such as namespace`},
		{"an empty prefix", `up`, history.Confinement{Label: "namespace", ByPrefix: map[string]string{"": "ns"}}, `prefix is empty: write the label for all metrics as the default`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := history.Confine(c.expr, "shop", c.c)
			require.Error(t, err)
			require.Empty(t, got)
			if c.want != "" {
				require.EqualError(t, err, c.want)
			}
		})
	}
	_, err := history.Confine("up", "", plain)
	require.EqualError(t, err, "namespace is empty: write the pool's namespace")
}

func TestCheckQuery(t *testing.T) {
	for _, c := range []struct {
		name string
		expr string
		want string
	}{
		{"empty", "", "is empty: write an expression that returns one series, such as sum(rate(http_requests_total[2m]))"},
		{"does not parse", "sum(up", "does not parse: 1:7: parse error: unclosed left parenthesis: write an expression such as sum(rate(http_requests_total[2m]))"},
		{"unknown function", "some(up)", `does not parse: 1:1: parse error: unknown function with name "some": write an expression such as sum(rate(http_requests_total[2m]))`},
		{"a scalar", "1 + 1", "returns a scalar: write an expression that returns an instant vector, such as sum(rate(http_requests_total[2m]))"},
		{"a range vector", "up[5m]", "returns a range vector: write an expression that returns an instant vector, such as sum(rate(http_requests_total[2m]))"},
		{"a string", `"up"`, "returns a string: write an expression that returns an instant vector, such as sum(rate(http_requests_total[2m]))"},
		{"too long", strings.Repeat("(", 20_000), "is 20000 bytes long: write at most 16384, with a recording rule for the rest"},
	} {
		t.Run(c.name, func(t *testing.T) { require.EqualError(t, history.CheckQuery(c.expr), c.want) })
	}
	for _, expr := range []string{`sum(up)`, `vector(1)`, `info(up)`, `limitk(1, up)`, `{"http.requests"}`, `up @ start()`} {
		require.NoError(t, history.CheckQuery(expr), expr)
	}
}
