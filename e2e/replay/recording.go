package replay

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Recording is what was scraped, at even intervals from Start on.
type Recording struct {
	Start    time.Time
	Interval time.Duration
	// Series holds a value for each scrape, NaN where there was none, by the series as PromQL writes it.
	Series map[string][]float64
	// Scrapes is how many there were.
	Scrapes int
}

// Add takes the pages of the scrape at a time, each with the labels of its target. A label that a series has of its own stays
// (honorLabels). A scrape that comes late leaves a gap; one that comes early takes the next place.
func (r *Recording) Add(at time.Time, pages map[string]string) error {
	if r.Series == nil {
		r.Series = map[string][]float64{}
	}
	r.Scrapes = max(r.Scrapes, int(at.Sub(r.Start)/r.Interval))
	var errs []error
	for target, page := range pages {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(page))
		if err != nil {
			errs = append(errs, fmt.Errorf("read page of %s: %w", target, err))
			continue
		}
		samples, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{}, slices.Collect(maps.Values(families))...)
		errs = append(errs, err)
		for _, s := range samples {
			r.set(seriesOf(s.Metric, target), float64(s.Value))
		}
	}
	r.Scrapes++
	return errors.Join(errs...)
}

func (r *Recording) set(series string, v float64) {
	values := r.Series[series]
	for len(values) < r.Scrapes {
		values = append(values, math.NaN())
	}
	r.Series[series] = append(values, v)
}

// seriesOf writes a series with the labels that a scrape of the target gives it.
func seriesOf(m model.Metric, target string) string {
	scraped := model.LabelSet{model.JobLabel: model.LabelValue(target), model.InstanceLabel: model.LabelValue(target + ":9402")}
	return model.Metric(scraped.Merge(model.LabelSet(m))).String()
}

// WriteTo writes a line for each series.
func (r *Recording) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", r.Start.UTC().Format(time.RFC3339), r.Interval)
	for _, s := range slices.Sorted(maps.Keys(r.Series)) {
		b.WriteString(s)
		for _, v := range r.Series[s] {
			if math.IsNaN(v) {
				b.WriteString(" _")
				continue
			}
			b.WriteString(" " + strconv.FormatFloat(v, 'g', 9, 64))
		}
		b.WriteByte('\n')
	}
	n, err := io.WriteString(w, b.String())
	return int64(n), err
}

// Read reads what WriteTo has written.
func Read(in io.Reader) (*Recording, error) {
	r := &Recording{Series: map[string][]float64{}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if r.Start.IsZero() {
			if err := r.header(lines.Text()); err != nil {
				return nil, err
			}
			continue
		}
		series, rest, ok := strings.Cut(lines.Text(), "} ")
		if !ok {
			return nil, fmt.Errorf("read recording: %q: write a series and its values", lines.Text())
		}
		var values []float64
		for word := range strings.FieldsSeq(rest) {
			v, err := strconv.ParseFloat(strings.Replace(word, "_", "NaN", 1), 64)
			if err != nil {
				return nil, fmt.Errorf("read recording: %s: %w", series, err)
			}
			values = append(values, v)
		}
		r.Series[series+"}"] = values
		r.Scrapes = max(r.Scrapes, len(values))
	}
	return r, lines.Err()
}

func (r *Recording) header(line string) (err error) {
	start, interval, _ := strings.Cut(line, " ")
	if r.Start, err = time.Parse(time.RFC3339, start); err != nil {
		return fmt.Errorf("read start of recording: %w", err)
	}
	if r.Interval, err = time.ParseDuration(interval); err != nil {
		return fmt.Errorf("read interval of recording: %w", err)
	}
	return nil
}
