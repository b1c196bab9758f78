package simulate

import (
	"bytes"
	"compress/gzip"
	"embed"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/foreshadow-dev/foreshadow/forecast"
)

//go:embed traces/*.csv.gz
var traces embed.FS

// Trace is a load that was recorded.
type Trace struct {
	Name, Unit, Source, Licence string
	Series                      forecast.Series
}

// The bundled traces; traces/README.md says where they come from.
const (
	Application = "application"
	Database    = "database"
)

// BundledTraces returns the names that Bundled knows, the default first.
func BundledTraces() []string { return []string{Application, Database} }

// Bundled returns a trace that comes with the program.
func Bundled(name string) (Trace, error) {
	t := Trace{Name: name}
	switch name {
	case Application:
		t.Unit, t.Licence = "load units", "Apache-2.0"
		t.Source = "a production application, from github.com/gocrane/crane"
	case Database:
		t.Unit, t.Licence = "requests/s", "MIT"
		t.Source = "a production database machine, from github.com/microsoft/cloud-monitoring-dataset"
	default:
		return Trace{}, fmt.Errorf("trace %q is unknown: write one of %s", name, strings.Join(BundledTraces(), ", "))
	}
	packed, err := traces.ReadFile("traces/" + name + ".csv.gz")
	if err != nil {
		return Trace{}, fmt.Errorf("read bundled trace: %w", err)
	}
	plain, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return Trace{}, fmt.Errorf("unpack bundled trace %s: %w", name, err)
	}
	t.Series, err = ParseCSV(name+".csv.gz", plain)
	return t, err
}

// FromCSV returns the trace of a user's file, which ParseCSV describes.
func FromCSV(file string, r io.Reader) (Trace, error) {
	s, err := ParseCSV(file, r)
	return Trace{Name: file, Unit: "load units", Series: s}, err
}

// MinHistory is the least that has to come before the replayed part: values a day
// apart, which the score needs, for an hour.
const MinHistory = 25 * time.Hour

// Split cuts off the last part, which is replayed, from the history before it.
// Both share the values of the trace.
func (t Trace) Split(replay time.Duration) (history, replayed forecast.Series, err error) {
	s := t.Series
	n := int(replay / max(s.Step, 1))
	if n < 1 {
		return history, replayed, fmt.Errorf("split trace %s: replay of %v: write a duration of at least %v, the step of the trace", t.Name, replay, s.Step)
	}
	if need := replay + MinHistory; s.Span() < need {
		return history, replayed, fmt.Errorf("split trace %s: it covers %v, and %v are to be replayed after at least %v of history: give a trace of %v or more, or replay less",
			t.Name, s.Span(), replay, MinHistory, need)
	}
	cut := len(s.Values) - n
	history = forecast.Series{Start: s.Start, Step: s.Step, Values: s.Values[:cut:cut]}
	replayed = forecast.Series{Start: s.Time(cut), Step: s.Step, Values: s.Values[cut:]}
	return history, replayed, nil
}

// CapacityFor returns the capacity per replica with which a series needs the
// given number of replicas in the mean, each used up to target. It gives a trace
// without a known capacity a size.
func CapacityFor(s forecast.Series, meanReplicas, target float64) (float64, error) {
	sum := 0.0
	for _, v := range s.Values {
		sum += v
	}
	c := sum / float64(len(s.Values)) / (meanReplicas * target)
	if !(c > 0) {
		return 0, fmt.Errorf("size replicas: mean load over %d values is not above 0: give a trace with load", len(s.Values))
	}
	return c, nil
}
