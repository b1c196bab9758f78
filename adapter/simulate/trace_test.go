package simulate

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/loadcsv"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

func TestBundledTracesAreWhole(t *testing.T) {
	for _, c := range []struct {
		name        string
		days        int
		first, last float64
		licence     string
	}{
		{Application, 16, 1.65911, 3.13152, "Apache-2.0"},
		{Database, 14, 482, 464, "MIT"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Bundled(c.name)
			require.NoError(t, err)
			require.Equal(t, time.Minute, got.Series.Step)
			require.Len(t, got.Series.Values, c.days*24*60)
			exactly(t, c.first, got.Series.Values[0], "first value")
			exactly(t, c.last, got.Series.Values[len(got.Series.Values)-1], "last value")
			require.Equal(t, got.Series.Start, got.Series.Start.Truncate(24*time.Hour), "it begins at midnight")
			require.Equal(t, c.licence, got.Licence)
			require.NotEmpty(t, got.Unit)
			require.Contains(t, got.Source, "github.com/")
			_, err = NewLoad(got.Series)
			require.NoError(t, err)
		})
	}
}

func TestAnUnknownTraceIsAnsweredWithTheKnown(t *testing.T) {
	_, err := Bundled("web")
	require.EqualError(t, err, `trace "web" is unknown: write one of application, database`)
}

func TestSplitCutsOffWhatIsReplayed(t *testing.T) {
	trace := Trace{Name: "x", Series: minutes(make([]float64, 3*24*60)...)}
	history, replayed, err := trace.Split(36 * time.Hour)
	require.NoError(t, err)
	require.Equal(t, t0, history.Start)
	require.Equal(t, 36*time.Hour, history.Span())
	require.Equal(t, at(36*time.Hour), replayed.Start)
	require.Equal(t, 36*time.Hour, replayed.Span())
	history.Values = append(history.Values, 7)
	require.Zero(t, replayed.Values[0], "appending to the history leaves the replay alone")
}

func TestSplitRefusesTooLittle(t *testing.T) {
	trace := Trace{Name: "x.csv", Series: minutes(make([]float64, 2*24*60)...)}
	_, _, err := trace.Split(48 * time.Hour)
	require.EqualError(t, err, "split trace x.csv: it covers 48h0m0s, and 48h0m0s are to be replayed after at least 25h0m0s of history: give a trace of 73h0m0s or more, or replay less")
	_, _, err = trace.Split(30 * time.Second)
	require.EqualError(t, err, "split trace x.csv: replay of 30s: write a duration of at least 1m0s, the step of the trace")
}

func TestCapacityForSizesAReplica(t *testing.T) {
	got, err := CapacityFor(minutes(10, 20, 30), 4, 0.5)
	require.NoError(t, err)
	exactly(t, 10, got, "20 over 4 half-used replicas")
	_, err = CapacityFor(minutes(0, 0), 4, 0.5)
	require.EqualError(t, err, "size replicas: mean load over 2 values is not above 0: give a trace with load")
	_, err = CapacityFor(minutes(), 4, 0.5)
	require.EqualError(t, err, "size replicas: mean load over 0 values is not above 0: give a trace with load")
}

func TestParseCSVReadsUnixSecondsAndRFC3339(t *testing.T) {
	want := forecast.Series{Start: time.Date(2021, 10, 8, 0, 0, 0, 0, time.UTC), Step: time.Minute, Values: []float64{1.5, 0, 3}}
	for _, c := range []struct{ name, text string }{
		{"unix seconds under a header", "timestamp,value\n1633651200,1.5\n1633651260,0\n1633651320,3\n"},
		{"no header, spaces, no last line end, CRLF", "1633651200, 1.5\r\n1633651260, 0\r\n1633651320, 3"},
		{"RFC 3339 in another zone", "2021-10-08T02:00:00+02:00,1.5\n2021-10-08T00:01:00Z,0\n2021-10-08T00:02:00Z,3\n"},
		{"a byte order mark", "\ufefftimestamp,value\n1633651200,1.5\n1633651260,0\n1633651320,3\n"},
		{"another header, times without a zone", "ts,requests\n2021-10-08 00:00:00,1.5\n2021-10-08 00:01:00,0\n2021-10-08 00:02:00.000,3\n"},
		{"a byte order mark without header", "\ufeff1633651200,1.5\n1633651260,0\n1633651320,3\n"},
		{"timestamps off the grid move down to it", "1633651207.25,1.5\n1633651267.25,0\n1633651327.25,3\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseCSV("load.csv", strings.NewReader(c.text))
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
}

func TestParseCSVTakesEveryStepOfAPool(t *testing.T) {
	for step, second := range map[time.Duration]string{MinStep: "1633651215", 16 * time.Second: "1633651216", MaxStep: "1633651500"} {
		got, err := ParseCSV("load.csv", strings.NewReader("1633651200,1\n"+second+",2\n"))
		require.NoError(t, err)
		require.Equal(t, step, got.Step)
	}
}

func TestParseCSVSaysWhatToWrite(t *testing.T) {
	const head = "timestamp,value\n1633651200,1\n"
	for _, c := range []struct{ name, text, want string }{
		{"nothing", "", `it is empty: write a header, "timestamp,value", and a line per value`},
		{"a header alone", "timestamp,value\n", "it has a header and no values: write a line per value below it"},
		{"one value", head, "1 value: write at least 2"},
		{"another header", "when,load\n", `line 1, column 1: timestamp "when": ` + loadcsv.WriteStamp + firstLine},
		{"a date without time", head + "2021-10-08,1\n", `line 3, column 1: timestamp "2021-10-08": ` + loadcsv.WriteStamp},
		{"milliseconds", "1633651200000,1\n", `line 1, column 1: timestamp "1633651200000": it looks like milliseconds: ` + loadcsv.WriteStamp + firstLine},
		{"before 1970", "-5,1\n", `line 1, column 1: timestamp "-5": ` + loadcsv.WriteStamp + firstLine},
		{"not a number as time", "NaN,1\n", `line 1, column 1: timestamp "NaN": ` + loadcsv.WriteStamp + firstLine},
		{"a value that is none", head + "1633651260,many\n", `line 3, column 12: value "many": ` + writeValue},
		{"an empty value", head + "1633651260,\n", `line 3, column 12: value "": ` + writeValue},
		{"not a number", head + "1633651260,NaN\n", `line 3, column 12: value "NaN": ` + writeValue},
		{"infinite", head + "1633651260,+Inf\n", `line 3, column 12: value "+Inf": ` + writeValue},
		{"negative", head + "1633651260,-2\n", `line 3, column 12: value "-2": ` + writeValue},
		{"one field", head + "1633651260\n", `line 3, column 1: line "1633651260": write two fields, timestamp,value`},
		{"three fields", head + "1633651260,1,2\n", `line 3, column 1: line "1633651260,1,2": write two fields, timestamp,value`},
		{"a stray quote", head + "1633651260,1\"\n", `line 3, column 13: bare " in non-quoted-field: write timestamp,value without quotes`},
		{"the same instant twice", head + "1633651200,2\n", `line 3, column 1: timestamp "1633651200": it is that of the line before: write one line per instant`},
		{"unsorted", head + "1633651140,2\n", `line 3, column 1: timestamp "1633651140": it is before that of the line before, 2021-10-08T00:00:00Z: sort the lines, oldest first`},
		{"a hole", head + "1633651260,2\n1633651380,3\n", `line 4, column 1: timestamp "1633651380": it is 2m0s after the line before, earlier lines are 1m0s apart: write one line each 1m0s`},
		{"an hour's step", head + "1633654800,2\n", `line 3, column 1: timestamp "1633654800": it is 1h0m0s after the line before: write one line each 15s, 30s, 1m or another step of whole seconds from 15s to 5m0s that divides a day`},
		{"a finer step than a pool takes", head + "1633651214.4,2\n", `line 3, column 1: timestamp "1633651214.4": it is 14.4s after the line before: write one line each 15s, 30s, 1m or another step of whole seconds from 15s to 5m0s that divides a day`},
		{"a step with a fraction of a second", head + "1633651216.875,2\n", `line 3, column 1: timestamp "1633651216.875": it is 16.875s after the line before: write one line each 15s, 30s, 1m or another step of whole seconds from 15s to 5m0s that divides a day`},
		{"a step that does not divide a day", head + "1633651217,2\n", `line 3, column 1: timestamp "1633651217": it is 17s after the line before: write one line each 15s, 30s, 1m or another step of whole seconds from 15s to 5m0s that divides a day`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := FromCSV("load.csv", strings.NewReader(c.text))
			require.EqualError(t, err, "read trace load.csv: "+c.want)
		})
	}
}

func FuzzParseCSV(f *testing.F) {
	f.Add("timestamp,value\n1633651200,1.5\n1633651260,0\n")
	f.Add("2021-10-08T00:00:00Z,1\n2021-10-08T00:00:30Z,1e300\n")
	f.Add("\ufeff1e10,1\n1e10,1\n")
	f.Add("\"a\nb\",c")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseCSV("f", strings.NewReader(text))
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "read trace f: "), err.Error())
			return
		}
		_, err = NewLoad(s)
		require.NoError(t, err)
		require.GreaterOrEqual(t, len(s.Values), 2)
		require.Equal(t, s.Start, s.Start.Truncate(s.Step))
	})
}
