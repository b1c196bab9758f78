package historytest

import (
	"testing"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// VictoriaMetrics returns what VictoriaMetrics 1.79 is known to do otherwise.
func VictoriaMetrics() []Difference {
	return []Difference{
		{
			Case:  "a gap is a gap after the lookback",
			Why:   "the last sample holds for about the time between two samples, not for five minutes: a gap begins earlier",
			Check: shortLookback,
		},
		{
			Case:  "a series that vanishes leaves gaps, not zeros",
			Why:   "the same lookback",
			Check: func(t *testing.T, src history.Source) { vanishesAt(t, src, 359) },
		},
		{
			Case:  "NaN and infinite values are left out and counted",
			Why:   "NaN is not stored: the step is a gap all the same, and is not counted",
			Check: noNaN,
		},
		{
			Case:  "a series of NaN alone has no points",
			Why:   "NaN is not stored: there is no such series",
			Check: noSeriesOfNaN,
		},
		{
			Case:  "a reader of a missing metric says so",
			Why:   "NaN is not stored: a series of it is a missing one",
			Check: func(t *testing.T, src history.Source) { readerErrorsBut(t, src, history.ErrNoSeries) },
		},
	}
}

// Thanos returns what Thanos 0.42 is known to do otherwise.
func Thanos() []Difference { return nil }

func shortLookback(t *testing.T, src history.Source) {
	diff(t, one(t, query(t, src, "conformance_gap", at(55), at(125), time.Minute)), span(55, 59, span(120, 125)))
}

func noNaN(t *testing.T, src history.Source) {
	res := query(t, src, "conformance_nan", at(25), at(45), time.Minute)
	diff(t, one(t, res), span(25, 29, span(31, 39, span(42, 45))))
	diff(t, res.Dropped, map[string]int{history.DropInf: 2})
}

func noSeriesOfNaN(t *testing.T, src history.Source) {
	diff(t, len(query(t, src, "conformance_only_nan", at(0), at(9), time.Minute).Series), 0)
}
