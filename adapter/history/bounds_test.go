package history_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

func TestConfineBounds(t *testing.T) {
	for _, c := range []struct {
		name string
		expr string
		want string
	}{
		{"a week is read", `rate(a[7d])`, ""},
		{"more than a week is not", `rate(a[8d])`, "has a range of 8d, at most 1w is read: write a shorter one or a recording rule"},
		{"nor by a subquery", `max_over_time(a[10y:1d])`, "has a range of 10y, at most 1w is read: write a shorter one or a recording rule"},
		{"nor in an aggregation's parameter", `topk(scalar(count(rate(a[8d]))), b)`, "has a range of 8d, at most 1w is read: write a shorter one or a recording rule"},
		{"a week by minutes is evaluated", `max_over_time(a[7d:])`, ""},
		{"a week by seconds is not", `max_over_time(a[7d:1s])`, "has subqueries of 604800 steps, at most 11000 are evaluated: write a shorter range, a longer step, or a recording rule"},
		{"subqueries in each other multiply", `max_over_time(max_over_time(a[2h:])[2h:])`, "has subqueries of 14400 steps, at most 11000 are evaluated: write a shorter range, a longer step, or a recording rule"},
		{"subqueries side by side do not", `max_over_time(a[2h:]) + max_over_time(b[2h:])`, ""},
		{"a quarter back is read", `a offset 90d`, ""},
		{"further back is not", `a offset 91d`, "has an offset of 13w, at most 90d is read: write a shorter one"},
		{"nor ahead", `a offset -91d`, "has an offset of 13w, at most 90d is read: write a shorter one"},
		{"nor below a range", `rate(a[5m] offset 1y)`, "has an offset of 1y, at most 90d is read: write a shorter one"},
		{"nor at a subquery", `max_over_time(a[1h:5m] offset 1y)`, "has an offset of 1y, at most 90d is read: write a shorter one"},
		{"a computed range is not read", `rate(a[1m * 100000])`, "has a computed duration (1m * 100000): write a plain one such as 5m"},
		{"a computed offset is not read", `a offset (1d * 1000)`, "has a computed duration ((1d * 1000)): write a plain one such as 5m"},
	} {
		t.Run(c.name, func(t *testing.T) {
			require.NoError(t, history.CheckQuery(c.expr), "the operator's own pools are free")
			_, err := history.Confine(c.expr, "shop", plain)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, c.want)
		})
	}
}
