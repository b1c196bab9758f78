package main

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// The results per series of other models: R 4.2 with forecast 8.20, Prophet 1.0,
// and a blend of profiles in numpy (testdata/README.md).
var (
	//go:embed testdata/m4_hourly.csv
	m4Baselines []byte
	//go:embed testdata/load.csv
	loadBaselines []byte
)

// baseline is one model's scores by series.
type baseline struct {
	model  string
	scores map[string][2]score // by file and series
}

// readBaselines reads a table of results; what it lacks is NaN.
func readBaselines(raw []byte) ([]baseline, error) {
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read stored results: %w", err)
	}
	var out []baseline
	for _, row := range rows[1:] {
		cell := func(names ...string) float64 {
			for _, n := range names {
				if i := slices.Index(rows[0], n); i >= 0 {
					if v, err := strconv.ParseFloat(row[i], 64); err == nil {
						return v
					}
				}
			}
			return math.NaN()
		}
		text := func(name string) string {
			if i := slices.Index(rows[0], name); i >= 0 {
				return row[i]
			}
			return ""
		}
		k := slices.IndexFunc(out, func(b baseline) bool { return b.model == text("model") })
		if k < 0 {
			k, out = len(out), append(out, baseline{text("model"), map[string][2]score{}})
		}
		whole := unknown()
		whole.mase, whole.smape, whole.msis = cell("mase", "mase_24h"), cell("smape", "smape_24h"), cell("msis")
		whole.pinball[p95], whole.cover[p95] = cell("pinball95", "pinball95_24h"), cell("cover95", "cover95_24h")
		whole.idle, whole.missing = cell("over_24h"), cell("under_24h")
		hour := unknown()
		hour.mase, hour.pinball[p95], hour.cover[p95] = cell("mase_1h"), cell("pinball95_1h"), cell("cover95_1h")
		out[k].scores[text("file")+"/"+text("series")] = [2]score{whole, hour}
	}
	return out, nil
}

func unknown() score {
	nan := math.NaN()
	s := score{mase: nan, smape: nan, msis: nan, idle: nan, missing: nan}
	for l := range levels {
		s.pinball[l], s.cover[l] = nan, nan
	}
	return s
}

// of returns the scores of the series in keys, and the indices of those.
func (b baseline) of(keys []string) (x [][2]score, index []int) {
	for i, k := range keys {
		if s, ok := b.scores[k]; ok {
			x, index = append(x, s), append(index, i)
		}
	}
	return x, index
}
