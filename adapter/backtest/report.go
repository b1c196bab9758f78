package backtest

import (
	"cmp"
	"slices"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/simulate"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// Report is how good the forecasts of the past were.
type Report struct {
	// Windows were scored; LeftOut had too many gaps.
	Windows int `json:"windows"`
	LeftOut int `json:"leftOut"`
	// Models are ours and its peers, over all series: the mean over windows, then
	// over series.
	Models []Model `json:"models"`
	// Quantiles is the coverage of ours at each level asked for.
	Quantiles []Coverage     `json:"quantiles"`
	Series    []SeriesReport `json:"series"`
	Skipped   []Skipped      `json:"skipped,omitempty"`
	// Replays are what a workload would have gone through, if that was asked for.
	Replays []simulate.Report `json:"replays,omitempty"`

	config    Config
	series    []Series
	forecasts []Forecast
}

// Model is the score of one model.
type Model struct {
	Model string `json:"model"`
	// Series is how many it could forecast.
	Series    int  `json:"series,omitempty"`
	Horizon   Part `json:"horizon"`
	FirstHour Part `json:"firstHour"`
}

// Part is the score of a part of the horizon. The ratios are to seasonal naive,
// the geometric mean over series: below 1 the model is the better one.
type Part struct {
	Metrics
	MASERatio    Number `json:"maseRatio"`
	PinballRatio Number `json:"pinballRatio"`
}

// SeriesReport is the score of one series.
type SeriesReport struct {
	Series  string `json:"series"`
	Step    string `json:"step"`
	Horizon string `json:"horizon"`
	Windows int    `json:"windows"`
	LeftOut int    `json:"leftOut"`
	// First and Last are the origins.
	First     time.Time  `json:"firstOrigin"`
	Last      time.Time  `json:"lastOrigin"`
	Models    []Model    `json:"models"`
	Quantiles []Coverage `json:"quantiles"`
}

// Skipped is a series that could not be scored, and what to do.
type Skipped struct {
	Series string `json:"series"`
	Reason string `json:"reason"`
}

// Forecasts returns the forecasts of every origin, if they were kept.
func (r *Report) Forecasts() []Forecast { return r.forecasts }

// sum makes the report of windows, which lie series by series.
func (r *Report) sum(windows []*window) {
	for len(windows) > 0 {
		n := 1
		for n < len(windows) && windows[n].series == windows[0].series {
			n++
		}
		r.addSeries(windows[:n])
		windows = windows[n:]
	}
	for _, name := range modelNames() {
		r.Models = append(r.Models, r.model(name))
	}
	var all [][]Coverage
	for i := range r.Series {
		all = append(all, r.Series[i].Quantiles)
	}
	r.Quantiles = meanCoverage(all)
	slices.SortFunc(r.Skipped, func(a, b Skipped) int { return cmp.Compare(a.Series, b.Series) })
}

func modelNames() []string {
	names := []string{Ours}
	for _, p := range peers() {
		names = append(names, p.name)
	}
	return names
}

func (r *Report) addSeries(windows []*window) {
	s := r.series[windows[0].series]
	scored := slices.DeleteFunc(slices.Clone(windows), func(w *window) bool { return w.sparse })
	r.Windows += len(scored)
	r.LeftOut += len(windows) - len(scored)
	if len(scored) == 0 {
		r.Skipped = append(r.Skipped, Skipped{Series: s.Name, Reason: "too many of its values are missing around every origin: check that it was scraped, or write a coarser --step"})
		return
	}
	out := SeriesReport{
		Series: s.Name, Step: Duration(s.Step), Horizon: Duration(time.Duration(scored[0].plan.horizon) * s.Step),
		Windows: len(scored), LeftOut: len(windows) - len(scored),
		First: s.Time(scored[0].origin - 1).UTC(), Last: s.Time(scored[len(scored)-1].origin - 1).UTC(),
	}
	for _, name := range modelNames() {
		if m, ok := modelOf(name, scored); ok {
			out.Models = append(out.Models, m)
		}
	}
	for i := range out.Models {
		out.Models[i].Horizon.compare(out.peer().Horizon.Metrics)
		out.Models[i].FirstHour.compare(out.peer().FirstHour.Metrics)
	}
	var all [][]Coverage
	for _, w := range scored {
		all = append(all, w.levels)
		if r.config.Keep {
			r.forecasts = append(r.forecasts, Forecast{Series: s, Forecast: w.forecast, History: w.history})
		}
	}
	out.Quantiles = meanCoverage(all)
	r.Series = append(r.Series, out)
}

// modelOf averages what a model reached in the windows of a series.
func modelOf(name string, windows []*window) (Model, bool) {
	var whole, hour []Metrics
	for _, w := range windows {
		for _, s := range w.scores {
			if s.model == name {
				whole, hour = append(whole, s.whole), append(hour, s.hour)
			}
		}
	}
	return Model{Model: name, Horizon: Part{Metrics: meanMetrics(whole)}, FirstHour: Part{Metrics: meanMetrics(hour)}}, len(whole) > 0
}

// find returns the score of a model; nil if it has none.
func (s *SeriesReport) find(name string) *Model { return find(s.Models, name) }

func find(models []Model, name string) *Model {
	i := slices.IndexFunc(models, func(m Model) bool { return m.Model == name })
	if i < 0 {
		return nil
	}
	return &models[i]
}

// peer is the score of seasonal naive; all unknown if it has none.
func (s *SeriesReport) peer() Model {
	if m := s.find(SeasonalNaive); m != nil {
		return *m
	}
	none := Part{Metrics: meanMetrics(nil)}
	return Model{Horizon: none, FirstHour: none}
}

func (p *Part) compare(peer Metrics) {
	p.MASERatio = ratio(float64(p.MASE), float64(peer.MASE))
	p.PinballRatio = ratio(float64(p.Pinball), float64(peer.Pinball))
}

// model averages a model over the series.
func (r *Report) model(name string) Model {
	part := func(of func(*Model) *Part) (out Part, n int) {
		var metrics []Metrics
		var mase, pinball, peerMASE, peerPinball []Number
		for i := range r.Series {
			m := r.Series[i].find(name)
			if m == nil {
				continue
			}
			peer := r.Series[i].peer()
			p, q := of(m), of(&peer)
			metrics = append(metrics, p.Metrics)
			mase, pinball = append(mase, p.MASE), append(pinball, p.Pinball)
			peerMASE, peerPinball = append(peerMASE, q.MASE), append(peerPinball, q.Pinball)
		}
		return Part{Metrics: meanMetrics(metrics), MASERatio: meanRatio(mase, peerMASE), PinballRatio: meanRatio(pinball, peerPinball)}, len(metrics)
	}
	out := Model{Model: name}
	out.Horizon, out.Series = part(func(m *Model) *Part { return &m.Horizon })
	out.FirstHour, _ = part(func(m *Model) *Part { return &m.FirstHour })
	return out
}

// meanCoverage averages level by level.
func meanCoverage(all [][]Coverage) []Coverage {
	if len(all) == 0 {
		return nil
	}
	out := slices.Clone(all[0])
	for l := range out {
		var whole, hour []Number
		for _, c := range all {
			whole, hour = append(whole, c[l].Horizon), append(hour, c[l].FirstHour)
		}
		out[l].Horizon, out[l].FirstHour = meanNumber(whole), meanNumber(hour)
	}
	return out
}

// spanOf is the horizon of a forecast.
func spanOf(f forecast.Forecast) time.Duration { return time.Duration(len(f.Point)) * f.Step }
