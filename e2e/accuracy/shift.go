package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// levelShift is a move to a new level that lasts, found by eye in a public
// series.
type levelShift struct {
	file, series string
	step         int // the first at the new level
}

var levelShifts = []levelShift{
	{"crane_app_1min", "c04", 7606},
	{"nab_cpu_utilization_asg_misconfiguration", "_", 16993},
	{"nab_cpu_utilization_asg_misconfiguration", "_", 17793},
}

// recovery is how the first hour of a load is forecast around a shift: the mean
// P95 pinball over origins of six hours.
type recovery struct {
	levelShift
	before  loss // that end an hour before the shift
	after   loss // from half an hour after it
	settled loss // the same hours of the next day; NaN where the series ends
}

// loss is a mean pinball in the unit of the load, and as a share of its mean over
// the hours that it is of. The latter is harder on a load that falls: the same loss
// is a greater share of less.
type loss struct{ plain, share float64 }

// toNormal is the loss after a shift, over the greater of those before and a day
// later.
func (r recovery) toNormal() loss {
	over := func(after, before, settled float64) float64 {
		if settled > before {
			return after / settled
		}
		return after / before
	}
	return loss{over(r.after.plain, r.before.plain, r.settled.plain), over(r.after.share, r.before.share, r.settled.share)}
}

// reportShifts prints how fast a forecast is as good as ever after a shift.
func reportShifts(out io.Writer, folder []series, cfg forecast.Config) ([]measurement, error) {
	var rows []recovery
	for _, l := range levelShifts {
		i := slices.IndexFunc(folder, func(s series) bool { return s.file == l.file && s.name == l.series })
		if i < 0 {
			continue
		}
		r, err := recover6h(folder[i].Series, l, cfg)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	_, _ = fmt.Fprint(out, "\nlevel shifts: P95 pinball of the first hour, in its unit and as a share of it: six hours before, from half an hour after, a day later\n\n")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	p := printer{w}
	p.line("series", "step", "before", "after", "a day later", "after / the greater", "share before", "after", "a day later", "after / the greater")
	var all []measurement
	for _, r := range rows {
		name, to := fmt.Sprintf("%s/%s", r.file, r.series), r.toNormal()
		p.line(name, strconv.Itoa(r.step), f3(r.before.plain), f3(r.after.plain), f3(r.settled.plain), f3(to.plain),
			f3(r.before.share), f3(r.after.share), f3(r.settled.share), f3(to.share))
		name = fmt.Sprintf("shift_%s_%d", name, r.step)
		all = append(all, measurement{name + "_to_normal", to.plain, "ratio"}, measurement{name + "_share_to_normal", to.share, "ratio"})
	}
	return all, w.Flush()
}

func recover6h(s forecast.Series, l levelShift, cfg forecast.Config) (recovery, error) {
	hour := int(time.Hour / s.Step)
	day := 24 * hour
	r := recovery{levelShift: l, settled: loss{math.NaN(), math.NaN()}}
	var err error
	if r.before, err = firstHours(s, l.step-7*hour, cfg); err != nil {
		return r, err
	}
	if r.after, err = firstHours(s, l.step+hour/2, cfg); err != nil {
		return r, err
	}
	if l.step+hour/2+day+7*hour <= len(s.Values) {
		r.settled, err = firstHours(s, l.step+hour/2+day, cfg)
	}
	return r, err
}

// firstHours scores the first hour from an origin each ten minutes over six
// hours, with the fit of the day's beginning.
func firstHours(s forecast.Series, from int, cfg forecast.Config) (loss, error) {
	hour := int(time.Hour / s.Step)
	every := max(1, hour/6)
	sum, n := 0.0, 0.0
	for o := from; o < from+6*hour && o+hour <= len(s.Values); o += every {
		fit, err := forecast.Fit(upTo(s, (o-1)/(24*hour)*24*hour), cfg)
		if err != nil {
			return loss{}, err //nolint:wrapcheck // the series is public and fits
		}
		f, err := fit.Forecast(upTo(s, o), hour, []float64{0.95})
		if err != nil {
			return loss{}, err //nolint:wrapcheck // likewise
		}
		if v := forecast.MeanPinballLoss(0.95, s.Values[o:o+hour], f.Quantiles[0]); v == v {
			sum, n = sum+v, n+1
		}
	}
	load := meanAbs(s.Values[from:min(from+7*hour, len(s.Values))], make([]float64, min(7*hour, len(s.Values)-from)))
	return loss{sum / n, sum / n / load}, nil
}

func upTo(s forecast.Series, n int) forecast.Series {
	return forecast.Series{Start: s.Start, Step: s.Step, Values: s.Values[:n:n]}
}
