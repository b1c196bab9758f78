package forecast

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// bursting is a load of n days most of whose steps stay within their bands at three
// times the load.
func bursting(n, m int) []float64 {
	return days(n, m, func(d, p int) float64 { return 1 + float64((37*d+101*p+(d*p)%17)%60) })
}

// unseen makes gaps of some hours of each day.
func unseen(x []float64, m, from, to int) {
	for i := 0; i < len(x); i += m {
		scaleBy(x[i+from*m/24:i+to*m/24], math.NaN())
	}
}

func TestOddDays(t *testing.T) {
	const m = 288
	from := 12*m + 150
	for _, c := range []struct {
		name  string
		days  int
		hit   func(x []float64)
		found []span
	}{
		{name: "nothing", hit: func([]float64) {}},
		{
			name: "a day at three times the load", hit: func(x []float64) { scaleBy(x[from:from+m], 3) },
			found: []span{{from, from + m, 1}},
		},
		{
			name: "half a day", hit: func(x []float64) { scaleBy(x[from:from+m/2], 3) },
			found: []span{{from, from + m/2, 1}},
		},
		{
			name: "a day at a quarter of it", hit: func(x []float64) { scaleBy(x[from:from+m], 0.25) },
			found: []span{{from, from + m, -1}},
		},
		{
			name: "a day of silence", hit: func(x []float64) { scaleBy(x[from:from+m], 0) },
			found: []span{{from, from + m, -1}},
		},
		{
			name: "gaps in it", hit: func(x []float64) { scaleBy(x[from:from+m], 3); scaleBy(x[from+60:from+110], math.NaN()) },
			found: []span{{from, from + m, 1}},
		},
		{
			name: "an hour that no day has", hit: func(x []float64) { scaleBy(x[from:from+m], 3); unseen(x, m, 0, 1) },
			found: []span{{from, from + m, 1}},
		},
		{
			name: "hours of work alone", hit: func(x []float64) { scaleBy(x[from:from+m], 3); unseen(x, m, 0, 9); unseen(x, m, 17, 24) },
			found: []span{{from, from + m, 1}},
		},
		{
			name:  "one behind one that is greater",
			hit:   func(x []float64) { scaleBy(x[from:from+m], 3); scaleBy(x[4*m:5*m], 15) },
			found: []span{{4 * m, 5 * m, 1}, {from, from + m, 1}},
		},
		{name: "not over", hit: func(x []float64) { scaleBy(x[13*m:14*m-30], 3) }},
		{name: "too little of it", hit: func(x []float64) { scaleBy(x[from:from+m/4], 2) }},
		{name: "two days a while apart", hit: func(x []float64) { scaleBy(x[from:from+m], 3); scaleBy(x[8*m:9*m], 3) }},
		{name: "a day of each week", hit: func(x []float64) { scaleBy(x[5*m:6*m], 3); scaleBy(x[12*m:13*m], 3) }},
		{name: "a day of the week that was seen once", days: 11, hit: func(x []float64) { scaleBy(x[5*m:6*m], 3) }},
		{name: "two days in a row", hit: func(x []float64) { scaleBy(x[11*m:13*m], 3) }},
		{name: "a level that lasts", hit: func(x []float64) { scaleBy(x[from:], 3) }},
		{name: "a few bursts", hit: func(x []float64) {
			for i := from; i < from+m; i += 36 {
				x[i] *= 300
			}
		}},
		{name: "quiet days and busy ones", hit: func(x []float64) {
			for i := range x {
				x[i] *= []float64{0.55, 1.45, 0.55, 1.45, 0.55}[i/(3*m)]
			}
			scaleBy(x[12*m:13*m], 2.4/0.55)
		}},
		{name: "a week alone", days: 7, hit: func(x []float64) { scaleBy(x[5*m:6*m], 3) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := c.days
			if n == 0 {
				n = 14
			}
			x := bursting(n, m)
			c.hit(x)
			h := endedOf(t, x, m)
			require.Len(t, h.ended, len(c.found))
			for i, s := range c.found {
				require.Equal(t, s.side, h.ended[i].side)
				require.InDelta(t, s.from, h.ended[i].from, m/48, "within half an hour")
				require.InDelta(t, s.to, h.ended[i].to, m/48, "within half an hour")
			}
		})
	}
}

// Hours that are on at four days of seven, at one day all of them: its sum is odd,
// but each hour is usual. It hides no incident after it.
func TestOddDayOfUsualHours(t *testing.T) {
	const m = 24
	x := days(14, m, func(d, p int) float64 {
		switch {
		case d == 5:
			return 1.4
		case d == 11 && p < 8:
			return 1.7
		case (d+p)%7 < 4:
			return 1
		}
		return 0
	})
	h := &history{seasons: seasons{day: m, week: 7 * m, half: 1}, raw: x}
	d := newDaySums(x, m, nil)
	odd, found := d.oddest()
	require.True(t, found)
	require.Equal(t, 8*m, odd.at)
	_, found = d.locate(&odd)
	require.False(t, found)
	require.Equal(t, []span{{11 * m, 11*m + 8, 1}}, h.oddDays(len(x)))
}

// Days of just 1.5 times the usual sum, and of just twice as far from it as the
// next one, are odd in any unit.
func TestOddDayTies(t *testing.T) {
	const m = 24
	for _, c := range []struct {
		name  string
		loads map[int]float64 // by day, others have 2
		found []span
	}{
		{"1.5 times the sum", map[int]float64{8: 3}, []span{{8 * m, 9 * m, 1}}},
		{"the sum 1.5 times it", map[int]float64{8: 4. / 3}, []span{{8 * m, 9 * m, -1}}},
		{"twice as far as the next day", map[int]float64{4: 3, 8: 4}, []span{{4 * m, 5 * m, 1}, {8 * m, 9 * m, 1}}},
	} {
		for _, unit := range []float64{1, 3, 7, 1e6, 0.1, 0.7, 1e-3, 1e-6} {
			x := days(14, m, func(d, _ int) float64 {
				if v, odd := c.loads[d]; odd {
					return v * unit
				}
				return 2 * unit
			})
			require.Equal(t, c.found, endedOf(t, x, m).ended, "%s, unit %v", c.name, unit)
		}
	}
}

// A day at three times the load is a gap as if it had been told, at fine steps and
// at those of an hour.
func TestForecastAfterOddDay(t *testing.T) {
	fine := bursting(14, 288)
	hours := make([]float64, 14*24)
	for i := range hours {
		hours[i] = windowMean(fine, 12*i, 12*i+11)
	}
	for _, values := range [][]float64{hours, fine} {
		m := len(values) / 14
		plain := Series{Start: time.Unix(1_700_000_000, 0).UTC(), Step: day / time.Duration(m), Values: values}
		forecastOf := func(s Series, told ...Interval) []float64 {
			fit, err := Fit(s, Config{Incidents: told})
			require.NoError(t, err)
			f, err := fit.Forecast(s, m, []float64{0.5})
			require.NoError(t, err)
			return f.Point
		}
		hit := plain
		hit.Values = slices.Clone(plain.Values)
		from, to := 12*m+m/2, 13*m+m/2
		scaleBy(hit.Values[from:to], 3)
		want, got := forecastOf(plain), forecastOf(hit)
		told := forecastOf(hit, Interval{From: hit.Time(from), To: hit.Time(to - 1)})
		t.Logf("%d steps a day: moved %.4f, %.4f from what is told", m, movedBy(want, got), movedBy(told, got))
		require.Less(t, movedBy(want, got), 0.05, "%d steps a day", m)
		require.Less(t, movedBy(told, got), 0.01, "%d steps a day", m)
	}
}

// A day of the week that is three times as busy is forecast as such.
func TestForecastOfBusyWeekday(t *testing.T) {
	const m = 288
	s := Series{Start: time.Unix(1_700_000_000, 0).UTC(), Step: 5 * time.Minute, Values: bursting(21, m)}
	for d := range 3 {
		scaleBy(s.Values[7*d*m:(7*d+1)*m], 3)
	}
	fit, err := Fit(s, Config{})
	require.NoError(t, err)
	f, err := fit.Forecast(s, m, []float64{0.5})
	require.NoError(t, err)
	sum := 0.0
	for _, v := range f.Point {
		sum += v / m
	}
	require.Greater(t, sum, 50.0, "an ordinary day has 30")
}
