package loadcsv

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// WriteStamp says which stamps are read.
const WriteStamp = "write unix seconds, RFC 3339 or a time in UTC, such as 1633651200, 2021-10-08T00:00:00Z or 2021-10-08 00:00:00"

// layouts are those that are read beside RFC 3339, each with a fraction of a
// second or without: what databases and spreadsheets write, in UTC where no
// offset is said.
var layouts = []string{time.RFC3339, time.DateTime, "2006-01-02 15:04:05Z07:00"}

// endOfTime is the year 2100: two stamps before it are no more apart than a
// duration can say.
const endOfTime = 4102444800

// ParseStamp reads unix seconds, RFC 3339 or a time in UTC, or returns what to
// write.
func ParseStamp(s string) (at time.Time, remedy string) {
	s = strings.TrimSpace(s)
	at, ok := parseTime(s)
	if !ok {
		seconds, err := strconv.ParseFloat(s, 64)
		// The year 5138 in seconds is 1973 in milliseconds.
		const latest = 1e11
		switch {
		case err != nil || math.IsNaN(seconds) || seconds < 0:
			return time.Time{}, WriteStamp
		case seconds >= latest:
			return time.Time{}, "it looks like milliseconds: " + WriteStamp
		}
		// To the millisecond: the finest that Prometheus has, and safe from the
		// binary fraction.
		whole, part := math.Modf(seconds)
		at = time.Unix(int64(whole), int64(math.Round(part*1e3))*int64(time.Millisecond))
	}
	if at.Unix() < 0 || at.Unix() >= endOfTime {
		return time.Time{}, "no load was measured then: " + WriteStamp
	}
	return at.UTC(), ""
}

func parseTime(s string) (time.Time, bool) {
	// A number has no "-" there: it is spared the layouts.
	if len(s) < len(time.DateTime) || s[4] != '-' {
		return time.Time{}, false
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, s); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
