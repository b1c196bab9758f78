package history_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// shadowsOver writes the pods that are shadows of pool web in shop, or were so
// long, with what follows each selector.
func shadowsOver(span, modifier string) string {
	is, served := `foreshadow_shadow_info{namespace="shop",pod!="",pool="web",state!~"active|bridged|draining"}`, `foreshadow_shadow_info{namespace="shop",pod!="",pool="web",state=~"active|bridged|draining"}`
	return `(` + is + modifier + ` or (last_over_time(` + is + `[` + span + `]` + modifier + `) unless on (pod) last_over_time(` + served + `[` + span + `]` + modifier + `)))`
}

func TestConfineLive(t *testing.T) {
	now := shadowsOver("5m", "")
	for _, c := range []struct {
		name string
		in   string
		want string
	}{
		{"a selector", `up`, `(up{namespace="shop"} unless on (pod) ` + now + `)`},
		{"a function of a range, as a whole", `sum(rate(a[2m]))`, `sum((rate(a{namespace="shop"}[2m]) unless on (pod) ` + now + `))`},
		{"a long range looks back as far", `increase(a[1h])`, `(increase(a{namespace="shop"}[1h]) unless on (pod) ` + shadowsOver("1h", "") + `)`},
		{"a range between parentheses", `rate((a[10m]))`, `(rate((a{namespace="shop"}[10m])) unless on (pod) ` + shadowsOver("10m", "") + `)`},
		{"an offset holds for both", `a offset 1d`, `(a{namespace="shop"} offset 1d unless on (pod) ` + shadowsOver("5m", " offset 1d") + `)`},
		{"a negative offset of a range", `rate(a[1m] offset -5m)`, `(rate(a{namespace="shop"}[1m] offset -5m) unless on (pod) ` + shadowsOver("5m", " offset -5m") + `)`},
		{"an instant, and both", `a @ end() offset 5m`, `(a{namespace="shop"} @ end() offset 5m unless on (pod) ` + shadowsOver("5m", " @ end() offset 5m") + `)`},
		{"an instant by number", `a @ 1600000000`, `(a{namespace="shop"} @ 1600000000.000 unless on (pod) ` + shadowsOver("5m", " @ 1600000000.000") + `)`},
		{"within a subquery, whose offset holds for what is in it", `max_over_time(rate(a[1m])[1h:5m] offset 5m)`, `max_over_time((rate(a{namespace="shop"}[1m]) unless on (pod) ` + now + `)[1h:5m] offset 5m)`},
		{"a subquery of a selector", `avg_over_time(a[1h:5m])`, `avg_over_time((a{namespace="shop"} unless on (pod) ` + now + `)[1h:5m])`},
		{"both sides", `a / on (pod) b`, `(a{namespace="shop"} unless on (pod) ` + now + `) / on (pod) (b{namespace="shop"} unless on (pod) ` + now + `)`},
		{"a parameter", `quantile(scalar(a), b)`, `quantile(scalar((a{namespace="shop"} unless on (pod) ` + now + `)), (b{namespace="shop"} unless on (pod) ` + now + `))`},
		{"a scalar beside a range", `predict_linear(a[5m], scalar(b))`, `(predict_linear(a{namespace="shop"}[5m], scalar((b{namespace="shop"} unless on (pod) ` + now + `))) unless on (pod) ` + now + `)`},
		{"the time of a sample, which an operator would lose", `timestamp(a)`, `(timestamp(a{namespace="shop"}) unless on (pod) ` + now + `)`},
		{"absence takes its labels from the selector", `absent(a{x="y"})`, `absent(a{namespace="shop",x="y"})`},
		{"absence over time too", `absent_over_time(a[5m])`, `absent_over_time(a{namespace="shop"}[5m])`},
		{"absence of an expression", `absent(sum(a))`, `absent(sum((a{namespace="shop"} unless on (pod) ` + now + `)))`},
		{"a sign", `-a`, `-(a{namespace="shop"} unless on (pod) ` + now + `)`},
		{"no selector at all", `vector(1)`, `vector(1)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := history.ConfineLive(c.in, "shop", "web", plain)
			require.NoError(t, err)
			require.Equal(t, c.want, got)
			require.Empty(t, unconfined(t, got, "shop", plain))
		})
	}
}

func TestConfineLiveFollowsTheLabelsOfTheShadows(t *testing.T) {
	renamed := history.Confinement{Label: "namespace", ByPrefix: map[string]string{"foreshadow_": "exported_namespace"}}
	got, err := history.ConfineLive(`a`, "shop", "web", renamed)
	require.NoError(t, err)
	is, served := `foreshadow_shadow_info{exported_namespace="shop",exported_pod!="",pool="web",state!~"active|bridged|draining"}`, `foreshadow_shadow_info{exported_namespace="shop",exported_pod!="",pool="web",state=~"active|bridged|draining"}`
	require.Equal(t, `(a{namespace="shop"} unless on (pod) (label_replace(max by (exported_pod) (`+is+` or (last_over_time(`+is+`[5m]) unless on (exported_pod) last_over_time(`+served+
		`[5m]))), "pod", "$1", "exported_pod", "(.+)")))`, got)
}

func TestConfineLiveRefusesWhatConfineRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		expr string
		want string
	}{
		{"another namespace", `sum(up{namespace="bank"})`, `selects namespace="bank", the pool is in namespace "shop": write the selector without it`},
		{"info()", `sum(info(up))`, `uses info(), which reads series that no namespace can be written into: join with group_left instead`},
		{"a scalar", `scalar(up)`, `returns a scalar: write an expression that returns an instant vector, such as sum(rate(http_requests_total[2m]))`},
		{"a long range", `rate(up[8d])`, `has a range of 8d, at most 1w is read: write a shorter one or a recording rule`},
		{"a computed offset", `up offset (5m + 1m)`, ``},
		{"what grows too long", strings.Repeat("a+", 500) + "a", `has too many selectors: without the series of shadows it is 191379 bytes long, at most 131072 are asked for: write a recording rule for the rest`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := history.ConfineLive(c.expr, "shop", "web", plain)
			require.Error(t, err)
			require.Empty(t, got)
			if c.want != "" {
				require.EqualError(t, err, c.want)
			}
			if _, plainly := history.Confine(c.expr, "shop", plain); plainly != nil {
				require.EqualError(t, err, plainly.Error())
			}
		})
	}
	_, err := history.ConfineLive("up", "", "web", plain)
	require.EqualError(t, err, "namespace is empty: write the pool's namespace")
	_, err = history.ConfineLive("up", "shop", "", plain)
	require.EqualError(t, err, "foreshadow_shadow_info: the pool's name is empty")
}
