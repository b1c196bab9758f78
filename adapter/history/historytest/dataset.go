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

// minutely makes a series with one sample for each minute in [from, to) for
// which value says so.
func minutely(labels map[string]string, from, to int, value func(i int) (float64, bool)) history.Samples {
	s := history.Samples{Labels: labels}
	for i := from; i < to; i++ {
		if v, ok := value(i); ok {
			s.Points = append(s.Points, history.Point{TimeMillis: at(i).Add(-early).UnixMilli(), Value: v})
		}
	}
	return s
}

func name(metric string, pairs ...string) map[string]string {
	m := map[string]string{"__name__": "conformance_" + metric}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
	}
	return m
}

func count(i int) (float64, bool) { return float64(i), true }

// dataset is what the source must have stored.
func dataset() []history.Samples {
	series := []history.Samples{
		minutely(name("steady"), 0, minutes, count),
		minutely(name("gap"), 0, minutes, func(i int) (float64, bool) { return float64(i), i < 60 || i >= 120 }),
		minutely(name("vanishes"), 0, 360, count),
		minutely(name("stale"), 0, 120, staleAt(60, 90)),
		minutely(name("nan"), 0, 120, nanAt(30, 40)),
		minutely(name("only_nan"), 0, 120, func(int) (float64, bool) { return math.NaN(), true }),
		minutely(name("counter"), 0, minutes, func(i int) (float64, bool) { return float64(60 * (i % 720)), true }),
		minutely(name("labels", "path", "/\"quoted\"\n", "city", "Zürich", "empty", ""), 0, 60, count),
	}
	for _, code := range []string{"200", "404", "500"} {
		series = append(series, minutely(name("by_code", "code", code), 0, 120, count))
	}
	for i := range 40 {
		series = append(series, minutely(name("wide", "pod", strconv.Itoa(i)), 0, 60, count))
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
