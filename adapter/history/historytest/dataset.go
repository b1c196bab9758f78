package historytest

import (
	"math"
	"strconv"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// origin is the first step that has a value in most series; it begins a block
// of two hours.
var origin = time.Date(2021, time.March, 1, 0, 0, 0, 0, time.UTC)

const (
	minutes = 24 * 60
	// early is how long before its grid step a sample lies.
	early = 15 * time.Second
)

// staleMarker is the NaN by which Prometheus ends a series.
var staleMarker = math.Float64frombits(0x7ff0000000000002)

// at is the minute of the grid that sees sample i.
func at(i int) time.Time { return origin.Add(time.Duration(i) * time.Minute) }

// minutely makes a series with one sample for each of the first n minutes for
// which value says so.
func minutely(labels map[string]string, n int, value func(i int) (float64, bool)) history.Samples {
	s := history.Samples{Labels: labels}
	for i := range n {
		if v, ok := value(i); ok {
			s.Points = append(s.Points, history.Point{TimeMillis: at(i).Add(-early).UnixMilli(), Value: v})
		}
	}
	return s
}

func name(metric string) map[string]string {
	return map[string]string{"__name__": "conformance_" + metric}
}

func with(labels map[string]string, name, value string) map[string]string {
	labels[name] = value
	return labels
}

// awkward has values that want quoting, and an empty one, which is none.
func awkward() map[string]string {
	return with(with(with(name("labels"), "path", "/\"quoted\"\n"), "city", "Zürich"), "empty", "")
}

func count(i int) (float64, bool) { return float64(i), true }

// dataset is what the source must have stored.
func dataset() []history.Samples {
	series := []history.Samples{
		minutely(name("steady"), minutes, count),
		minutely(name("gap"), minutes, func(i int) (float64, bool) { return float64(i), i < 60 || i >= 120 }),
		minutely(name("vanishes"), 360, count),
		minutely(name("stale"), 120, staleAt(60, 90)),
		minutely(name("nan"), 120, nanAt(30, 40)),
		minutely(name("only_nan"), 120, func(int) (float64, bool) { return math.NaN(), true }),
		minutely(name("counter"), minutes, func(i int) (float64, bool) { return float64(60 * (i % 720)), true }),
		minutely(awkward(), 60, count),
	}
	for _, code := range []string{"200", "404", "500"} {
		series = append(series, minutely(with(name("by_code"), "code", code), 120, count))
	}
	for i := range 40 {
		series = append(series, minutely(with(name("wide"), "pod", strconv.Itoa(i)), 60, count))
	}
	return series
}

// staleAt ends the series at one minute and lets it come back at another.
func staleAt(end, back int) func(int) (float64, bool) {
	return func(i int) (float64, bool) {
		switch {
		case i == end:
			return staleMarker, true
		case i > end && i < back:
			return 0, false
		}
		return float64(i), true
	}
}

// nanAt puts NaN at one minute, both infinities after another.
func nanAt(nan, inf int) func(int) (float64, bool) {
	return func(i int) (float64, bool) {
		switch i {
		case nan:
			return math.NaN(), true
		case inf:
			return math.Inf(1), true
		case inf + 1:
			return math.Inf(-1), true
		}
		return float64(i), true
	}
}
