// Command frames writes what each panel of the dashboards shows of the recorded run, as JSON for dashboards/screenshots.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"regexp"

	"github.com/prometheus/prometheus/promql"

	"github.com/foreshadow-dev/foreshadow/dashboards"
	"github.com/foreshadow-dev/foreshadow/e2e/replay"
)

// frame is one series, times in milliseconds; null where there is no value.
type frame struct {
	RefID  string            `json:"refId"`
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
	Times  []int64           `json:"times"`
	Values []*float64        `json:"values"`
}

type shown struct {
	Dashboard *dashboards.Dashboard `json:"dashboard"`
	From      int64                 `json:"from"`
	To        int64                 `json:"to"`
	// Panels holds the frames of each panel by its id.
	Panels map[int][]frame `json:"panels"`
}

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	f, err := os.Open("e2e/replay/testdata/story.series")
	if err != nil {
		return err
	}
	defer f.Close()
	recording, err := replay.Read(f)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "frames")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	store, err := replay.Open(ctx, dir, recording)
	if err != nil {
		return err
	}
	defer store.Close()
	all := map[string]shown{}
	for name, d := range dashboards.All() {
		if all[name], err = show(ctx, store, d); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return json.NewEncoder(os.Stdout).Encode(all)
}

func show(ctx context.Context, store *replay.Store, d *dashboards.Dashboard) (shown, error) {
	out := shown{Dashboard: d, From: store.Recording.Start.UnixMilli(), To: store.End().UnixMilli(), Panels: map[int][]frame{}}
	fill := replay.Variables(ctx, store, d)
	if fill.Err != nil {
		return out, fill.Err
	}
	for i := range d.Panels {
		p := &d.Panels[i]
		p.Title = fill.In(p.Title)
		for _, t := range p.Targets {
			matrix, err := store.Range(ctx, fill.In(t.Expr))
			if err != nil {
				return out, err
			}
			for _, s := range matrix {
				out.Panels[p.ID] = append(out.Panels[p.ID], newFrame(store, t, s))
			}
		}
	}
	return out, nil
}

var placeholder = regexp.MustCompile(`\{\{([a-z_]+)\}\}`)

// newFrame puts a series on the grid of the recording.
func newFrame(store *replay.Store, t dashboards.Target, s promql.Series) frame {
	f := frame{RefID: t.RefID, Labels: s.Metric.Map()}
	f.Name = placeholder.ReplaceAllStringFunc(t.LegendFormat, func(m string) string { return s.Metric.Get(m[2 : len(m)-2]) })
	at := map[int64]float64{}
	for _, p := range s.Floats {
		at[p.T] = p.F
	}
	for ms := store.Recording.Start.UnixMilli(); ms <= store.End().UnixMilli(); ms += store.Recording.Interval.Milliseconds() {
		f.Times = append(f.Times, ms)
		v, ok := at[ms]
		if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
			f.Values = append(f.Values, nil)
			continue
		}
		f.Values = append(f.Values, &v)
	}
	return f
}
