package backtest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// refusing is a server that refuses every range.
type refusing struct {
	cause error
	asked []int // steps
}

func (r *refusing) QueryRange(_ context.Context, _ string, rng history.Range) (history.Result, error) {
	r.asked = append(r.asked, rng.Points())
	return history.Result{}, &history.QueryError{Where: "http://prometheus", Kind: history.ErrTooLarge, Cause: r.cause, Remedy: "write a cheaper query"}
}

// A refusal is asked again in fewer steps where these may fit, and for its samples
// not: the client has gone down to one step by then.
func TestFewerStepsAreAskedWhereTheyMayFit(t *testing.T) {
	for _, tt := range []struct {
		name  string
		cause error
		want  []int
	}{
		{"bytes", errors.New("17 MiB"), []int{5000, 2500, 1250, 625, 312, 156, 100}},
		{"samples", history.ErrTooManySamples, []int{5000}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := &refusing{cause: tt.cause}
			f := newFetch(server, PrometheusConfig{Query: "up", End: time.Unix(6000*60, 0), Range: 6000 * time.Minute, Step: time.Minute})
			require.ErrorIs(t, f.run(t.Context()), history.ErrTooLarge)
			require.Equal(t, tt.want, server.asked)
		})
	}
}
