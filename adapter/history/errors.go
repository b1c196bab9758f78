package history

import (
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// What can go wrong with a query. Callers tell them apart by errors.Is.
var (
	// ErrUnreachable says that no answer came: refused, unresolved, TLS.
	ErrUnreachable = errors.New("unreachable")
	// ErrUnauthorized says that the server refused the credentials.
	ErrUnauthorized = errors.New("unauthorised")
	// ErrUnavailable says that the server is there but cannot answer now: 429 or 5xx.
	ErrUnavailable = errors.New("unavailable")
	// ErrBadQuery says that the server cannot evaluate the expression.
	ErrBadQuery = errors.New("bad query")
	// ErrTooLarge says that the answer, or the work for it, is beyond a limit.
	ErrTooLarge = errors.New("too large")
	// ErrTooManySamples is the ErrTooLarge of a server that refuses the work for a
	// single step, too.
	ErrTooManySamples = errors.New("too many samples")
	// ErrTimeout says that the answer did not come within the query's deadline.
	ErrTimeout = errors.New("timeout")
	// ErrBadAnswer says that the server did not answer as Prometheus does. The
	// whole answer is rejected.
	ErrBadAnswer = errors.New("bad answer")

	// ErrNoSeries says that the query found nothing in the whole window.
	ErrNoSeries = errors.New("query returned nothing")
	// ErrManySeries says that the query returned more than one series.
	ErrManySeries = errors.New("query returned several series")
	// ErrOnlyNaN says that each value in the window was NaN or infinite.
	ErrOnlyNaN = errors.New("query returned only NaN")
	// ErrHistogram says that the query returned native histograms, not numbers.
	ErrHistogram = errors.New("query returned native histograms")
)

// QueryError says which source did not answer, of which kind the error is and
// what to do. It never holds credentials.
type QueryError struct {
	Where  string // the server's URL without credentials, or the embedded store
	Kind   error  // one of the sentinels above
	Cause  error
	Remedy string
}

// Error joins where, kind, cause and remedy.
func (e *QueryError) Error() string {
	return fmt.Sprintf("query %s: %v: %v: %s", e.Where, e.Kind, e.Cause, e.Remedy)
}

// Unwrap gives errors.Is the kind and the cause.
func (e *QueryError) Unwrap() []error { return []error{e.Kind, e.Cause} }

// ManySeriesError names some of the series where one was wanted.
type ManySeriesError struct {
	Count    int
	More     bool                // Count is a limit that was passed
	Examples []map[string]string // at most three label sets
}

// Error names up to three label sets and says how to get one series.
func (e *ManySeriesError) Error() string {
	more := ""
	if e.More {
		more = "more than "
	}
	sets := make([]string, len(e.Examples))
	for i, l := range e.Examples {
		sets[i] = FormatLabels(l)
	}
	return fmt.Sprintf("%v: %s%d, such as %s: wrap it in sum(...)", ErrManySeries, more, e.Count, strings.Join(sets, ", "))
}

// Unwrap lets errors.Is find ErrManySeries, and ErrTooLarge where a limit was
// passed.
func (e *ManySeriesError) Unwrap() []error {
	if e.More {
		return []error{ErrManySeries, ErrTooLarge}
	}
	return []error{ErrManySeries}
}

const (
	maxShownLabels = 6
	maxShownValue  = 48
)

// FormatLabels prints a label set as PromQL does, sorted, and cuts what is too
// long for one line.
func FormatLabels(labels map[string]string) string {
	names := make([]string, 0, len(labels))
	for name := range labels {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	b.WriteByte('{')
	for i, name := range names {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == maxShownLabels {
			b.WriteString("...")
			break
		}
		b.WriteString(oneLine(name, maxShownValue) + "=" + strconv.Quote(cut(labels[name], maxShownValue)))
	}
	b.WriteByte('}')
	return b.String()
}

// oneLine makes a stranger's text fit for one line of a log or a terminal.
func oneLine(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || !strconv.IsPrint(r) {
			return ' '
		}
		return r
	}, cut(s, n))
	return strings.Join(strings.Fields(s), " ")
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "..."
}
