package loadcsv

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/require"
)

func at(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

func TestRead(t *testing.T) {
	nan := math.NaN()
	two := []Sample{{at(0), 1}, {at(60), 2}}
	tests := []struct {
		name, text string
		want       map[string][]Sample
	}{
		{"a plain series takes the name that it is given", "timestamp,value\n0,1\n60,2\n", map[string][]Sample{"web": two}},
		{"or that of its column", "timestamp,requests\n0,1\n60,2\n", map[string][]Sample{"requests": two}},
		{"whatever the case of its header", "Timestamp, Value\n0,1\n60,2\n", map[string][]Sample{"web": two}},
		{"under time", "Time,Requests per second\n0,1\n60,2\n", map[string][]Sample{"Requests per second": two}},
		{"under ts, quoted", "\"ts\",\"value\"\n0,1\n60,2\n", map[string][]Sample{"web": two}},
		{"under date, after a byte order mark", "\ufeffdate,rps\n1970-01-01 00:00:00,1\n1970-01-01 00:01:00,2\n", map[string][]Sample{"rps": two}},
		{"several series, in the order of their lines", "series,timestamp,value\na,60,2\nb,0,5\na,0,1\n", map[string][]Sample{"a": {{at(60), 2}, {at(0), 1}}, "b": {{at(0), 5}}}},
		{"a column each", "\"Time\",\"web\",\"api, v2\"\n0,1,5\n60,2,\n", map[string][]Sample{"web": two, "api, v2": {{at(0), 5}, {at(60), nan}}}},
		{"a gap is no value, or NaN", "timestamp,value\n0,\n60,NaN\n", map[string][]Sample{"web": {{at(0), nan}, {at(60), nan}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Read("web.csv", strings.NewReader(tt.text), Options{Name: "web"})
			require.NoError(t, err)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("samples (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadSaysWhatToWrite(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", "", `it is empty: write a header, "timestamp,value", "series,timestamp,value" or "timestamp,web,api", and a line per value`},
		{"a header alone", "time,rps\n", "it has a header and no values: write a line per value below it"},
		{"no header", "0,1\n", `line 1: "0,1" is no header: write "timestamp,value", "series,timestamp,value" or "timestamp,web,api" above the values`},
		{"semicolons", "timestamp;value\n0;1,5\n", `line 1: "timestamp;value" is no header: write commas for semicolons, and points in numbers`},
		{"tabs", "timestamp\tvalue\n0\t1\n", `line 1: "timestamp\tvalue" is no header: write commas for tabs`},
		{"a series without a name", "time,\n0,1\n", `line 1: "time," is no header: write "timestamp,value", "series,timestamp,value" or "timestamp,web,api" above the values`},
		{"a name that cannot be printed", "time,a\tb\n0,1\n", `line 1, column 6: column "a\tb": write a name, of characters that can be printed`},
		{"three columns of other names", "name,time,value\na,0,1\n", `line 1: "name,time,value" is no header: write "timestamp,value", "series,timestamp,value" or "timestamp,web,api" above the values`},
		{"three columns in another order", "timestamp,series,value\n0,a,1\n", `line 1: "timestamp,series,value" is no header: write "timestamp,value", "series,timestamp,value" or "timestamp,web,api" above the values`},
		{"two columns of one name", "time,web,web\n0,1,2\n", `line 1, column 10: column "web": another has that name: write one that no other has`},
		{"a column with a name that cannot be printed", "time,web,a\tb\n0,1,2\n", `line 1, column 10: column "a\tb": write a name, of characters that can be printed`},
		{"a field short of its columns", "time,web,api\n0,1\n", "line 2: it has 2 fields and the header 3: write 3"},
		{"a unit in a column", "time,web,api\n0,1,2 req/s\n", `line 2, column 5: value "2 req/s": write a finite number of at least 0, or nothing for a gap`},
		{"one field", "timestamp,value\n0\n", "line 2: it has 1 field and the header 2: write 2"},
		{"another date", "timestamp,value\n08/10/2021 00:00,1\n", `line 2, column 1: timestamp "08/10/2021 00:00": ` + WriteStamp},
		{"milliseconds", "timestamp,value\n1633651200000,1\n", `line 2, column 1: timestamp "1633651200000": it looks like milliseconds: ` + WriteStamp},
		{"far ahead", "timestamp,value\n2150-01-01 00:00:00,1\n", `line 2, column 1: timestamp "2150-01-01 00:00:00": no load was measured then: ` + WriteStamp},
		{"a load below 0", "timestamp,value\n0,-1\n", `line 2, column 3: value "-1": write a finite number of at least 0, or nothing for a gap`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Read("web.csv", strings.NewReader(tt.text), Options{Name: "web"})
			require.EqualError(t, err, "read web.csv: "+tt.want)
		})
	}
}

func TestReadOfWhatIsNoLoad(t *testing.T) {
	got, err := Read("t.csv", strings.NewReader("timestamp,value\n0,-4.5\n"), Options{Name: "t", Negative: true})
	require.NoError(t, err)
	require.Equal(t, map[string][]Sample{"t": {{at(0), -4.5}}}, got)
	_, err = Read("t.csv", strings.NewReader("timestamp,value\n0,-Inf\n"), Options{Name: "t", Negative: true})
	require.EqualError(t, err, `read t.csv: line 2, column 3: value "-Inf": write a finite number, or nothing for a gap`)
}
