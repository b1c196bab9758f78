package backtest

import (
	"fmt"
	"math"
	"strings"
)

// The share of the load that P95 is to cover, about.
const (
	leastCovered = 0.93
	mostCovered  = 0.97
)

// fewWindows of a series are left to chance.
const fewWindows = 3

// firstHour says which part of the scores counts most.
const firstHour = "In the first hour, which decides how many pods are warm, P95 "

// verdict says in a few sentences whether the forecast is worth having.
func (r *Report) verdict() string {
	if len(r.Series) == 1 {
		return r.Series[0].verdict() + r.chance()
	}
	return r.verdictOfAll() + r.chance()
}

// chance says where too few forecasts were scored to tell.
func (r *Report) chance() string {
	most := 0
	for i := range r.Series {
		most = max(most, r.Series[i].Windows)
	}
	if most == 0 || most >= fewWindows {
		return ""
	}
	rests := plural(most, "forecast", "forecasts")
	if len(r.Series) > 1 {
		rests += " a series"
	}
	return fmt.Sprintf("\nThis rests on %s, so much of it is chance: a longer history, or a shorter --horizon, tells more.", rests)
}

func (r *Report) verdictOfAll() string {
	beats, known := 0, 0
	for i := range r.Series {
		if v := float64(r.Series[i].find(Ours).FirstHour.PinballRatio); !math.IsNaN(v) {
			known++
			if v < 1 {
				beats++
			}
		}
	}
	ours := find(r.Models, Ours)
	against := "cannot be set against seasonal naive"
	if known > 0 {
		against = fmt.Sprintf("beats seasonal naive on %d of %s", beats, plural(known, "series", "series"))
	}
	return fmt.Sprintf("%s%s and covers %s of the load%s;\nover the whole horizon it covers 93 to 97 %% of the load on %s.",
		firstHour, against, share(ours.FirstHour.Coverage), bestPeer(r.Models), r.calibrated())
}

// calibrated says on how many series P95 covers about what it is to.
func (r *Report) calibrated() string {
	less, more := 0, 0
	for i := range r.Series {
		switch c := float64(r.Series[i].find(Ours).Horizon.Coverage); {
		case c < leastCovered:
			less++
		case c > mostCovered:
			more++
		}
	}
	n := len(r.Series)
	text := fmt.Sprintf("%d of %d", n-less-more, n)
	var beside []string
	if less > 0 {
		beside = append(beside, fmt.Sprintf("less on %d (pods are missing more often than asked for)", less))
	}
	if more > 0 {
		beside = append(beside, fmt.Sprintf("more on %d (pods idle)", more))
	}
	return strings.Join(append([]string{text}, beside...), ", ")
}

func (s *SeriesReport) verdict() string {
	m := s.find(Ours)
	against := "cannot be set against seasonal naive"
	if v := m.FirstHour.PinballRatio; !math.IsNaN(float64(v)) {
		against = fmt.Sprintf("loses %s of what seasonal naive does", figure(v))
	}
	return fmt.Sprintf("%s%s and covers %s of the load%s;\nover the whole horizon it covers %s.",
		firstHour, against, share(m.FirstHour.Coverage), bestPeer(s.Models), share(m.Horizon.Coverage))
}

// bestPeer names the peer that loses least in the first hour, if that is less
// than ours does.
func bestPeer(models []Model) string {
	best := find(models, Ours)
	if best == nil {
		return ""
	}
	for i := range models {
		if models[i].FirstHour.PinballRatio < best.FirstHour.PinballRatio {
			best = &models[i]
		}
	}
	switch best.Model {
	case Ours:
		return ""
	case SeasonalNaive:
		return " (seasonal naive is the better one there)"
	}
	return fmt.Sprintf(" (%s is the better one there: it loses %s of it)", best.Model, figure(best.FirstHour.PinballRatio))
}
