package loadcsv

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	// The headers that a file may have, and what the first column of a plain one
	// may be called.
	plainHeader  = "timestamp,value"
	seriesHeader = "series,timestamp,value"
	wideHeader   = "timestamp,web,api"

	// maxValues bounds what one file may hold.
	maxValues = 1 << 25

	writeAtLeast0 = "write a finite number of at least 0, or nothing for a gap"
	writeAnother  = "another has that name: write one that no other has"
	writeName     = "write a name, of characters that can be printed"
	writeNumber   = "write a finite number, or nothing for a gap"
)

// stampColumns are what the first column of a plain series may be called.
var stampColumns = []string{"timestamp", "time", "ts", "date"}

// Sample is one value as it came.
type Sample struct {
	At    time.Time
	Value float64 // NaN: a gap that was written down
}

// Options say how a file is read.
type Options struct {
	// Name is what a series is called that has no name of its own.
	Name string
	// Negative takes values below 0, which no load has.
	Negative bool
}

// Read reads the samples of a file by series, each in the order of its lines: a
// header timestamp,value or series,timestamp,value, then a line per value. The
// first column of a plain series may be called time, ts or date as well, and its
// second one names the series; so do more columns, as dashboards export several
// series. An empty value, or NaN, is a gap.
//
// An error names file, line, column and value, and says what to write.
func Read(file string, r io.Reader, o Options) (map[string][]Sample, error) {
	p := reader{Options: o, csv: csv.NewReader(r), samples: map[string][]Sample{}}
	p.csv.FieldsPerRecord = -1
	p.csv.ReuseRecord = true
	p.csv.TrimLeadingSpace = true
	if err := p.readAll(); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return p.samples, nil
}

type reader struct {
	Options
	csv     *csv.Reader
	columns int      // of the header
	names   []string // of the series, by column; none: the lines name them
	values  int
	samples map[string][]Sample
}

func (p *reader) readAll() error {
	if err := p.readHeader(); err != nil {
		return err
	}
	for {
		rec, err := p.read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if err := p.add(rec); err != nil {
			return err
		}
	}
	if p.values == 0 {
		return errors.New("it has a header and no values: write a line per value below it")
	}
	return nil
}

func (p *reader) read() ([]string, error) {
	rec, err := p.csv.Read()
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, fmt.Errorf("line %d, column %d: %w: write fields without quotes inside", bad.Line, bad.Column, bad.Err)
	}
	return rec, err
}

func (p *reader) readHeader() error {
	rec, err := p.read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("it is empty: write a header, %q, %q or %q, and a line per value", plainHeader, seriesHeader, wideHeader)
	}
	if err != nil {
		return err
	}
	fields := trimmed(rec)
	p.columns = len(fields)
	if name, ok := PlainHeader(rec); ok {
		p.names = []string{cmp.Or(name, p.Name)}
		return p.checkNames(rec)
	}
	if strings.EqualFold(strings.Join(fields, ","), seriesHeader) {
		return nil
	}
	if isWide(fields) {
		p.names = fields[1:]
		return p.checkNames(rec)
	}
	return fmt.Errorf("line 1: %q is no header: %s", strings.Join(rec, ","), headerRemedy(rec))
}

// headerRemedy says what to write for a line that is no header.
func headerRemedy(rec []string) string {
	switch {
	case strings.Contains(rec[0], ";"):
		return "write commas for semicolons, and points in numbers"
	case strings.Contains(rec[0], "\t"):
		return "write commas for tabs"
	}
	return fmt.Sprintf("write %q, %q or %q above the values", plainHeader, seriesHeader, wideHeader)
}

// PlainHeader says whether a line is the header of a plain series, and how that
// is called: not at all if its column is "value".
func PlainHeader(line []string) (name string, ok bool) {
	fields := trimmed(line)
	if len(fields) != 2 || !byColumn(fields) {
		return "", false
	}
	if strings.EqualFold(fields[1], "value") {
		return "", true
	}
	return fields[1], true
}

// byColumn says whether a header has a stamp and then names.
func byColumn(fields []string) bool {
	return slices.Contains(stampColumns, strings.ToLower(fields[0])) && !slices.Contains(fields[1:], "")
}

// isWide says whether a line is the header of several series, a column each, and
// not one of a line per value in another order.
func isWide(fields []string) bool {
	return len(fields) > 2 && byColumn(fields) && !slices.ContainsFunc(fields[1:], func(name string) bool {
		return strings.EqualFold(name, "series") || strings.EqualFold(name, "value")
	})
}

// checkNames refuses series that could not be told apart, or printed.
func (p *reader) checkNames(header []string) error {
	for i, name := range p.names {
		if strings.ContainsFunc(name, unicode.IsControl) {
			return p.refuse(i+1, "column", header[i+1], writeName)
		}
		if slices.Contains(p.names[:i], name) {
			return p.refuse(i+1, "column", header[i+1], writeAnother)
		}
	}
	return nil
}

// trimmed are the fields of a header without spaces and byte order mark.
func trimmed(line []string) []string {
	fields := slices.Clone(line)
	for i, f := range fields {
		fields[i] = strings.TrimSpace(strings.TrimPrefix(f, "\ufeff"))
	}
	return fields
}

func (p *reader) add(rec []string) error {
	if len(rec) != p.columns {
		line, _ := p.csv.FieldPos(0)
		fields := "fields"
		if len(rec) == 1 {
			fields = "field"
		}
		return fmt.Errorf("line %d: it has %d %s and the header %d: write %d", line, len(rec), fields, p.columns, p.columns)
	}
	if p.names == nil {
		return p.addNamed(rec)
	}
	at, remedy := ParseStamp(rec[0])
	if remedy != "" {
		return p.refuse(0, "timestamp", rec[0], remedy)
	}
	for i, name := range p.names {
		if err := p.addValue(name, at, rec[i+1], i+1); err != nil {
			return err
		}
	}
	return nil
}

// addNamed takes a line of series, timestamp and value.
func (p *reader) addNamed(rec []string) error {
	name := strings.TrimSpace(rec[0])
	if name == "" || strings.ContainsFunc(name, unicode.IsControl) {
		return p.refuse(0, "series", rec[0], writeName)
	}
	at, remedy := ParseStamp(rec[1])
	if remedy != "" {
		return p.refuse(1, "timestamp", rec[1], remedy)
	}
	return p.addValue(name, at, rec[2], 2)
}

func (p *reader) addValue(name string, at time.Time, value string, field int) error {
	if p.values++; p.values > maxValues {
		return fmt.Errorf("it has more than %d values: leave out the oldest, or split the file by series", maxValues)
	}
	v, remedy := p.parseValue(value)
	if remedy != "" {
		return p.refuse(field, "value", value, remedy)
	}
	known, ok := p.samples[name]
	if !ok {
		name = strings.Clone(name) // the line's memory is used again
	}
	p.samples[name] = append(known, Sample{At: at, Value: v})
	return nil
}

// refuse says where a field stands, what it holds and what to write.
func (p *reader) refuse(field int, what, got, remedy string) error {
	line, column := p.csv.FieldPos(field)
	return fmt.Errorf("line %d, column %d: %s %q: %s", line, column, what, got, remedy)
}

// parseValue reads a load, or returns what to write; nothing is a gap.
func (p *reader) parseValue(s string) (v float64, remedy string) {
	s = strings.TrimSpace(s)
	if s == "" {
		return math.NaN(), ""
	}
	v, err := strconv.ParseFloat(s, 64)
	switch {
	case err == nil && !math.IsInf(v, 0) && (p.Negative || !(v < 0)):
		return v, ""
	case p.Negative:
		return 0, writeNumber
	}
	return 0, writeAtLeast0
}
