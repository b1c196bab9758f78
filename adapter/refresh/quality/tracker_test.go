package quality

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

var monday = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)

const step = 5 * time.Minute

// series is a load from since up to until.
func series(since, until time.Time, load func(time.Time) float64) forecast.Series {
	s := forecast.Series{Start: since, Step: step}
	for t := since; !t.After(until); t = t.Add(step) {
		s.Values = append(s.Values, load(t))
	}
	return s
}

// wave has a day and a noise of its own.
func wave(t time.Time) float64 {
	n := t.Unix() / int64(step/time.Second)
	noise := float64((n*2654435761)%1000)/1000 - 0.5
	return 1000 + 400*math.Sin(2*math.Pi*float64(t.Hour()*60+t.Minute())/1440) + 100*noise
}

// asNow forecasts the last value, with quantiles that lie above it by 50 times
// the index of their level.
func asNow(known forecast.Series, horizon int, levels []float64) (forecast.Forecast, error) {
	last := known.Values[len(known.Values)-1]
	f := forecast.Forecast{Origin: known.Origin(), Step: known.Step, Levels: levels, Quantiles: make([][]float64, len(levels))}
	for range horizon {
		f.Point = append(f.Point, last)
		for l := range levels {
			f.Quantiles[l] = append(f.Quantiles[l], last+50*float64(l+1))
		}
	}
	return f, nil
}

func config() Config {
	return Config{Step: step, Span: 15 * day, Levels: []float64{0.9, 0.95}, Level: 0.9}
}

// caughtUp advances a new tracker until it has judged all of the past.
func caughtUp(t *testing.T, load forecast.Series, predict Predict) *Tracker {
	t.Helper()
	tr := New(config())
	for i := 0; tr.Behind(); i++ {
		require.Less(t, i, Days+2, "a day of the past with each call")
		tr.Advance(load, predict)
	}
	return tr
}

func TestScoresSumUpWhatCameTrue(t *testing.T) {
	// The load rises by 10 a step and never falls: the error h steps ahead is
	// 10 h, the quantiles cover five and ten steps of it.
	rise := func(at time.Time) float64 { return 10 * float64(at.Sub(monday.AddDate(0, 0, -20))/step) }
	tr := caughtUp(t, series(monday.AddDate(0, 0, -16), monday.Add(12*time.Hour), rise), asNow)
	scores := tr.Scores()
	require.Len(t, scores, 4)
	for i, want := range []struct{ absolute, coverage90, coverage95 float64 }{{10, 1, 1}, {30, 1, 1}, {120, 0, 0}, {2880, 0, 0}} {
		s := scores[i]
		if s.AbsoluteError != want.absolute || s.Levels[0].Coverage != want.coverage90 || s.Levels[1].Coverage != want.coverage95 {
			t.Errorf("%v ahead: error %v, coverage %v and %v, want %v", s.Horizon, s.AbsoluteError, s.Levels[0].Coverage, s.Levels[1].Coverage, want)
		}
	}
	// Seven days and twelve hours of half hours; a day ahead each hour up to yesterday noon.
	if got, want := scores[0].Forecasts, 7*48+19; got < want || got > want+1 {
		t.Errorf("%d forecasts were judged a step ahead, want about %d", got, want)
	}
	if got, want := scores[3].Forecasts, 6*24+10; got < want-1 || got > want+1 {
		t.Errorf("%d forecasts were judged a day ahead, want about %d", got, want)
	}
	// A step ahead the bound lies 40 above the load, which costs a tenth of it.
	// Yesterday lies 2,880 below, and its spread is as large.
	level, ok := scores[0].At(0.9)
	require.True(t, ok)
	above := normalQuantile(0.9)*2880 - 2880
	if got, want := level.PinballRatio, 40/above; math.Abs(got-want) > 1e-9 {
		t.Errorf("pinball ratio %v, want %v", got, want)
	}
	if _, ok := scores[0].At(0.5); ok {
		t.Error("a quantile that nobody asked for has a score")
	}
}

func TestEachHorizonIsJudgedWithItsOwnDelay(t *testing.T) {
	tr := New(config())
	judged := func(until time.Time) (out []int) {
		tr.Advance(series(monday, until, wave), asNow)
		for i := range tr.horizons {
			n := 0
			for _, d := range tr.days {
				n += d.cells[i].n
			}
			out = append(out, n)
		}
		return out
	}
	late := lateSteps*step + settling
	// The first origin is midnight itself, the second a quarter to one.
	for _, tt := range []struct {
		after time.Duration
		want  []int
	}{
		{late + 4*time.Minute, []int{0, 0, 0, 0}},
		{late + 5*time.Minute, []int{1, 0, 0, 0}},
		{late + 15*time.Minute, []int{1, 1, 0, 0}},
		{late + 55*time.Minute, []int{2, 1, 0, 0}},
		{late + time.Hour, []int{2, 2, 1, 0}},
		{late + 24*time.Hour - 5*time.Minute, []int{48, 48, 46, 0}},
		{late + 24*time.Hour, []int{48, 48, 46, 1}},
	} {
		if diff := cmp.Diff(tt.want, judged(monday.Add(tt.after))); diff != "" {
			t.Errorf("%v after (-want +got):\n%s", tt.after, diff)
		}
	}
}

func TestARestartKnowsWhatARunningProcessKnows(t *testing.T) {
	since, end := monday.AddDate(0, 0, -20), monday.AddDate(0, 0, 11).Add(13*time.Hour+25*time.Minute)
	fits := map[time.Time]*forecast.Fitted{}
	fitted := func(known forecast.Series, horizon int, levels []float64) (forecast.Forecast, error) {
		origin := known.Origin().Truncate(day)
		if fits[origin] == nil {
			f, err := forecast.Fit(known.Between(origin.Add(-14*day), origin), forecast.Config{})
			if err != nil {
				return forecast.Forecast{}, err
			}
			fits[origin] = f
		}
		return fits[origin].Forecast(known, horizon, levels)
	}
	running := New(config())
	for now := monday; !now.After(end); now = now.Add(3 * time.Hour) {
		running.Advance(series(since, now, wave), fitted)
	}
	running.Advance(series(since, end, wave), fitted)
	// Who starts reads no more than Span and Reach.
	fresh := caughtUp(t, series(end.Add(-config().Span-Reach), end, wave), fitted)
	if diff := cmp.Diff(running.Scores(), fresh.Scores(), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("scores (-running +fresh):\n%s", diff)
	}
	if diff := cmp.Diff(running.Verdict(), fresh.Verdict(), cmpopts.EquateNaNs()); diff != "" {
		t.Errorf("verdict (-running +fresh):\n%s", diff)
	}
}

func TestGapsAreInNoScore(t *testing.T) {
	// Of each hour only the first half is there.
	half := func(at time.Time) float64 {
		if at.Minute() >= 30 {
			return math.NaN()
		}
		return wave(at)
	}
	tr := caughtUp(t, series(monday.AddDate(0, 0, -16), monday, half), asNow)
	scores := tr.Scores()
	require.Len(t, scores, 4)
	for _, s := range scores {
		if s.Forecasts < 24 || s.Forecasts > 7*24+24 || math.IsNaN(s.AbsoluteError) {
			t.Errorf("%v ahead: %d forecasts, error %v", s.Horizon, s.Forecasts, s.AbsoluteError)
		}
	}
}

func TestWhatCannotBeSaidIsNotSaid(t *testing.T) {
	t.Run("nothing is known yet", func(t *testing.T) {
		require.Empty(t, New(config()).Scores())
		require.True(t, math.IsNaN(New(config()).Verdict().Skill))
	})
	t.Run("there was no yesterday", func(t *testing.T) {
		tr := caughtUp(t, series(monday, monday.Add(20*time.Hour), wave), asNow)
		require.NotEmpty(t, tr.Scores())
		for _, s := range tr.Scores() {
			if !math.IsNaN(s.Levels[0].PinballRatio) {
				t.Errorf("%v ahead: ratio %v to nothing", s.Horizon, s.Levels[0].PinballRatio)
			}
		}
	})
	t.Run("there was no forecast", func(t *testing.T) {
		none := func(forecast.Series, int, []float64) (forecast.Forecast, error) {
			return forecast.Forecast{}, errors.New("none")
		}
		require.Empty(t, caughtUp(t, series(monday.AddDate(0, 0, -16), monday, wave), none).Scores())
	})
}
