package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// benchReactive is the reactive arm on the last three days of a real trace.
func benchReactive(b *testing.B) (Reactive, Load) {
	b.Helper()
	trace, err := Bundled(Application)
	require.NoError(b, err)
	_, days, err := trace.Split(72 * time.Hour)
	require.NoError(b, err)
	l := mustLoad(b, days)
	r := reactive(l)
	r.Workload.CapacityPerReplica, err = CapacityFor(days, 13, r.Target)
	require.NoError(b, err)
	return r, l
}

func BenchmarkAdvance(b *testing.B) {
	r, l := benchReactive(b)
	b.Run("days=3", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			a, err := r.Arm("reactive", l, l.Start(), 0)
			require.NoError(b, err)
			require.NoError(b, a.Advance(l.End()))
		}
	})
}

func BenchmarkSolve(b *testing.B) {
	r, l := benchReactive(b)
	for _, c := range []struct {
		name string
		hint float64
	}{{"days=3/hint=none", 0}, {"days=3/hint=near", 5.5}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s, err := r.Solve("equal", l, l.Start(), l.End(), 1200, c.hint)
				require.NoError(b, err)
				require.True(b, s.Converged())
			}
		})
	}
}
