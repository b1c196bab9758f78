package main

import (
	"fmt"
	"math"
)

// reproduced checks the windows that the stored results are of: none where the
// last days of the training part are forecast.
func reproduced(w []window, tuning bool) error {
	if tuning {
		return nil
	}
	stored, err := readBaselines(m4Baselines)
	if err != nil {
		return err
	}
	return reproduces(w, stored)
}

// reproduces says whether our seasonal naive forecast and Naive2 score what the
// stored results of R and of the M4 benchmark have for the same series: otherwise
// the columns of the tables would not speak of one thing.
func reproduces(w []window, stored []baseline) error {
	for _, b := range stored {
		for _, x := range w {
			scores, ok := b.scores["/"+x.series]
			if !ok {
				continue
			}
			for _, c := range comparisons(b.model, x, scores[0]) {
				if !near(c.got, c.want, c.tolerance) {
					return fmt.Errorf("series %s: %s of %s is %g, stored is %g", x.series, c.measure, b.model, c.got, c.want)
				}
			}
		}
	}
	return nil
}

// comparison is a score of ours beside the stored one.
type comparison struct {
	measure   string
	got, want float64
	tolerance float64 // as a share of the stored one
}

// comparisons are none for a model that we do not compute.
func comparisons(model string, x window, want score) []comparison {
	switch model {
	case "snaive24":
		got := rate(x, seasonalNaive(x), 48)
		return []comparison{
			{"MASE", got.mase, want.mase, 1e-6},
			{"sMAPE", got.smape, want.smape, 1e-6},
			{"P95 pinball loss", got.pinball[p95], want.pinball[p95], 1e-3},
			{"MSIS", got.msis, want.msis, 1e-3},
		}
	case "naive2":
		return []comparison{{"MASE", rate(x, naive2(x), 48).mase, want.mase, 1e-6}}
	default:
		return nil
	}
}

func near(got, want, tolerance float64) bool {
	return math.Abs(got-want) <= tolerance*math.Abs(want) || math.IsNaN(got) && math.IsNaN(want)
}
