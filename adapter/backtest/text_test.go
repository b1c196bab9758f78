package backtest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

// known is a forecast that no engine made.
func known() *Forecast {
	start := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	return &Forecast{
		Series: Series{Name: "web", Series: forecast.Series{Start: start, Step: time.Hour, Values: []float64{1, 2, 3, nan, 5, 6, 7, 8}}},
		Forecast: forecast.Forecast{
			Origin: start.Add(7 * time.Hour), Step: time.Hour, Point: []float64{8, 6, 4, 2},
			Levels: []float64{0.5, 0.9}, Quantiles: [][]float64{{8, 6, 4, 2}, {12, 10, 16, 4}}, Note: "8h of history",
		},
		History: 8 * time.Hour,
	}
}

func TestForecastText(t *testing.T) {
	const want = `web: 4h ahead of 2026-06-01T07:00:00Z, from 8h of history at 1h

    16.0       .
               .
             . .
             ...
    8.00   ##+..
         ####++.
         ####+++.
    0.00 ####++++
             | Jun 1 07:00
         # load  + point  . up to P90

  in      at (UTC)  point   P50   P90
  1h  Jun 01 08:00   8.00  8.00  12.0
  2h  Jun 01 09:00   6.00  6.00  10.0
  3h  Jun 01 10:00   4.00  4.00  16.0
  4h  Jun 01 11:00   2.00  2.00  4.00

Note: 8h of history
`
	require.Equal(t, want, known().Text(Plot{Columns: 80}, []float64{0.5, 0.9}))
}

func TestDrawLevels(t *testing.T) {
	for _, c := range []struct {
		name        string
		load, point float64
		top, bottom string // of eight rows
	}{
		{"constant", 5, 5, "    5.00 ####++++", "    0.00 ####++++"},
		{"constant but for a rounding", 1_234_567, 1_234_567.0001, "   1235k ####++++", "    0.00 ####++++"},
		{"zero", 0, 0, "    1.00", "    0.00 ________"},
		{"near a level", 90, 100, "     100     ++++", "    87.5 ####++++"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := known()
			for i := range f.Series.Values {
				f.Series.Values[i] = c.load
			}
			for i := range f.Point {
				f.Point[i], f.Quantiles[0][i], f.Quantiles[1][i] = c.point, c.point, c.point
			}
			rows := strings.Split(Plot{Columns: 80}.Draw(f), "\n")
			require.Equal(t, c.top, strings.TrimRight(rows[0], " "))
			require.Equal(t, c.bottom, rows[plotRows-1])
		})
	}
}

func TestWriteCSV(t *testing.T) {
	f := known()
	f.Series.Name = `{a="b,c"}`
	f.Point[3] = 1e-12
	var b strings.Builder
	require.NoError(t, WriteCSV(&b, []Forecast{*f}, []float64{0.9, 0.5}))
	require.Equal(t, `series,origin,timestamp,point,q0.9,q0.5
"{a=""b,c""}",2026-06-01T07:00:00Z,2026-06-01T08:00:00Z,8,12,8
"{a=""b,c""}",2026-06-01T07:00:00Z,2026-06-01T09:00:00Z,6,10,6
"{a=""b,c""}",2026-06-01T07:00:00Z,2026-06-01T10:00:00Z,4,16,4
"{a=""b,c""}",2026-06-01T07:00:00Z,2026-06-01T11:00:00Z,1e-12,4,2
`, b.String())
}

func TestShort(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.00", 0.001234: "0.0012", 0.01: "0.01", 1.5: "1.50", 9.999: "10.0", 99.99: "100", 1234: "1234", 9_999.9: "10.0k", 123_456: "123k",
		5_902_496: "5902k", 12_000_000: "12.0M", -20: "-20.0", 9e14: "900T", 1.234e300: "1.23e+300",
	} {
		require.Equal(t, want, short(v), "%v", v)
	}
	require.Equal(t, "-", short(nan))
}
