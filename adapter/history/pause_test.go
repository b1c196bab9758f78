package history_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// wholes counts the ranges that are longer than the late steps.
func wholes(src *scripted) int {
	n := 0
	for _, r := range src.asked {
		if r.Points() > history.LateSteps {
			n++
		}
	}
	return n
}

// answering gives one series per label set at each step of the range.
func answering(sets ...map[string]string) func(history.Range) (history.Result, error) {
	return func(r history.Range) (history.Result, error) {
		b := history.NewBuilder(r, 20)
		for _, labels := range sets {
			s, err := b.Series(labels)
			if err != nil {
				return history.Result{}, err
			}
			for t := r.Start; !t.After(r.End); t = t.Add(r.Step) {
				b.Add(s, t.UnixMilli(), 1)
			}
		}
		return b.Result(), nil
	}
}

func TestReaderPausesAfterRefusals(t *testing.T) {
	a, b := map[string]string{"pod": "a"}, map[string]string{"pod": "b"}
	zero := func(r history.Range) (history.Result, error) {
		res, err := answering(a)(r)
		for i := range res.Series[0].Points {
			res.Series[0].Points[i].Value = -1
		}
		return res, err
	}
	limit := func(history.Range) (history.Result, error) {
		return history.Result{}, &history.ManySeriesError{Count: 20, More: true}
	}
	for name, answer := range map[string]func(history.Range) (history.Result, error){
		"nothing": answering(), "many series": answering(a, b), "more series than are read": limit, "no loads": zero,
	} {
		t.Run(name, func(t *testing.T) {
			src := &scripted{answer: answer}
			r := newReader(t, src, 60)
			_, first := r.Read(t.Context(), minute(100))
			require.Error(t, first)
			for i := 1; i < 200; i++ {
				_, err := r.Read(t.Context(), minute(100+i))
				require.EqualError(t, err, first.Error())
			}
			// At 0, 1, 3, 7, 15, 31, 63, and then each 64 reads.
			require.Equal(t, 9, wholes(src))
		})
	}
}

func TestReaderSeesASeriesAppear(t *testing.T) {
	src := &scripted{answer: answering()}
	r := newReader(t, src, 60)
	for i := range 20 {
		_, err := r.Read(t.Context(), minute(100+i))
		require.ErrorIs(t, err, history.ErrNoSeries)
	}
	src.answer = counting(90, 1000)
	before := wholes(src)
	wantValues(t, mustRead(t, r, minute(120)), 90, 90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116, 117, 118, 119, 120)
	require.Equal(t, before+1, wholes(src))
	mustRead(t, r, minute(121))
	wantAsked(t, src, 116, 121)
}

func TestReaderSaysWhenTheSourceIsDownBetweenAttempts(t *testing.T) {
	src := &scripted{answer: answering()}
	r := newReader(t, src, 60)
	for i := range 3 {
		_, err := r.Read(t.Context(), minute(100+i))
		require.ErrorIs(t, err, history.ErrNoSeries)
	}
	down := errors.New("connection refused")
	src.answer = func(history.Range) (history.Result, error) { return history.Result{}, down }
	_, err := r.Read(t.Context(), minute(104))
	require.ErrorIs(t, err, down)
}

func TestReaderPausesWhenLabelsKeepChanging(t *testing.T) {
	pods := []map[string]string{{"pod": "a"}, {"pod": "b"}}
	src := &scripted{answer: answering(pods[0])}
	r := newReader(t, src, 60)
	mustRead(t, r, minute(100))
	for i := range 200 {
		src.answer = answering(pods[(i+1)%2])
		if _, err := r.Read(t.Context(), minute(101+i)); err != nil {
			require.ErrorIs(t, err, history.ErrManySeries)
			require.ErrorContains(t, err, "query returned several series: 2, such as {pod=")
		}
	}
	whole := 0
	for _, asked := range src.asked {
		if asked.Points() == 60 {
			whole++
		}
	}
	require.LessOrEqual(t, whole, 12)

	// Once they stay, one attempt more heals it.
	for i := 301; ; i++ {
		if load, err := r.Read(t.Context(), minute(i)); err == nil {
			require.Len(t, load.Series.Values, 60)
			break
		}
		require.Less(t, i, 301+65)
	}
}

func TestReaderReadsTheLastDayOncePerDay(t *testing.T) {
	const day = 24 * 60
	late := false
	src := &scripted{}
	src.answer = func(r history.Range) (history.Result, error) {
		res, err := counting(0, 10*day)(r)
		if late || err != nil {
			return res, err
		}
		points := res.Series[0].Points[:0]
		for _, p := range res.Series[0].Points { // an hour of the first day has not come in
			if p.TimeMillis < minute(12*60).UnixMilli() || p.TimeMillis >= minute(13*60).UnixMilli() {
				points = append(points, p)
			}
		}
		res.Series[0].Points = points
		return res, err
	}
	r := newReader(t, src, 3*day)
	mustRead(t, r, minute(day-10))
	late = true
	require.Equal(t, day-60, mustRead(t, r, minute(day-1)).Series.Present())
	src.answer = func(history.Range) (history.Result, error) { return history.Result{}, errors.New("down") }
	_, err := r.Read(t.Context(), minute(day+1)) // the first read of the day fails
	require.Error(t, err)
	src.answer = counting(0, 10*day)
	load := mustRead(t, r, minute(day+2))
	wantAsked(t, src, 0, day+2)
	require.Equal(t, day+3, load.Series.Present())
	mustRead(t, r, minute(day+3).Add(time.Second))
	wantAsked(t, src, day-2, day+3)

	fresh := mustRead(t, newReader(t, src, 3*day), minute(day+3))
	require.Equal(t, fresh.Series.Present(), mustRead(t, r, minute(day+3)).Series.Present())
}
