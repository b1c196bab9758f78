package backtest

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

const (
	// The headers that a file may have.
	plainHeader  = "timestamp,value"
	seriesHeader = "series,timestamp,value"

	// maxRows bounds what one file may hold.
	maxRows = 1 << 25

	writeStamp = "write unix seconds or RFC 3339, such as 1633651200 or 2021-10-08T00:00:00Z"
	writeValue = "write a finite number of at least 0, or nothing for a gap"
)

// ReadCSV reads the series of a file: a header timestamp,value or
// series,timestamp,value, then lines in any order. A series without a name of
// its own takes that of the file. An empty value, or NaN, is a gap. step is 0
// for that of the file.
//
// The series come sorted by name. An error names file, line, column and value,
// and says what to write.
func ReadCSV(file string, r io.Reader, step time.Duration) ([]Series, error) {
	p := csvReader{file: file, csv: csv.NewReader(r), samples: map[string][]sample{}}
	p.csv.FieldsPerRecord = -1
	p.csv.ReuseRecord = true
	p.csv.TrimLeadingSpace = true
	if err := p.readAll(); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	out := make([]Series, 0, len(p.samples))
	for name, samples := range p.samples {
		s, err := newSeries(name, samples, step)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		out = append(out, s)
	}
	sortByName(out)
	return out, nil
}

type csvReader struct {
	file    string
	csv     *csv.Reader
	columns int // of the header
	rows    int
	samples map[string][]sample
}

func (p *csvReader) readAll() error {
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
	if p.rows == 0 {
		return errors.New("it has a header and no values: write a line per value below it")
	}
	return nil
}

func (p *csvReader) read() ([]string, error) {
	rec, err := p.csv.Read()
	if bad, ok := errors.AsType[*csv.ParseError](err); ok {
		return nil, fmt.Errorf("line %d, column %d: %w: write fields without quotes inside", bad.Line, bad.Column, bad.Err)
	}
	return rec, err
}

func (p *csvReader) readHeader() error {
	rec, err := p.read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("it is empty: write a header, %q or %q, and a line per value", plainHeader, seriesHeader)
	}
	if err != nil {
		return err
	}
	fields := slices.Clone(rec)
	for i, f := range fields {
		fields[i] = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(f, "\ufeff")))
	}
	switch strings.Join(fields, ",") {
	case plainHeader, seriesHeader:
		p.columns = len(fields)
		return nil
	}
	return fmt.Errorf("line 1: %q is no header: write %q or %q above the values", strings.Join(rec, ","), plainHeader, seriesHeader)
}

func (p *csvReader) add(rec []string) error {
	if len(rec) != p.columns {
		line, _ := p.csv.FieldPos(0)
		return fmt.Errorf("line %d: it has %s and the header %d: write %d", line, plural(len(rec), "field", "fields"), p.columns, p.columns)
	}
	if p.rows++; p.rows > maxRows {
		return fmt.Errorf("it has more than %d values: leave out the oldest, or split the file by series", maxRows)
	}
	name := p.name()
	if p.columns == 3 {
		name = strings.TrimSpace(rec[0])
		if name == "" || strings.ContainsFunc(name, unicode.IsControl) {
			return p.refuse(0, "series", rec[0], "write a name, of characters that can be printed")
		}
		rec = rec[1:]
	}
	field := p.columns - 2
	at, remedy := parseStamp(rec[0])
	if remedy != "" {
		return p.refuse(field, "timestamp", rec[0], remedy)
	}
	v, ok := parseValue(rec[1])
	if !ok {
		return p.refuse(field+1, "value", rec[1], writeValue)
	}
	known, ok := p.samples[name]
	if !ok {
		name = strings.Clone(name) // the line's memory is used again
	}
	p.samples[name] = append(known, sample{at: at, value: v})
	return nil
}

// name is what a series is called that has no name of its own.
func (p *csvReader) name() string {
	base := filepath.Base(p.file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// refuse says where a field stands, what it holds and what to write.
func (p *csvReader) refuse(field int, what, got, remedy string) error {
	line, column := p.csv.FieldPos(field)
	return fmt.Errorf("line %d, column %d: %s %q: %s", line, column, what, got, remedy)
}

// parseStamp reads unix seconds or RFC 3339, or returns what to write.
func parseStamp(s string) (at time.Time, remedy string) {
	s = strings.TrimSpace(s)
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		seconds, err := strconv.ParseFloat(s, 64)
		// The year 5138 in seconds is 1973 in milliseconds.
		const latest = 1e11
		switch {
		case err != nil || math.IsNaN(seconds) || seconds < 0:
			return time.Time{}, writeStamp
		case seconds >= latest:
			return time.Time{}, "it looks like milliseconds: " + writeStamp
		}
		whole, part := math.Modf(seconds)
		at = time.Unix(int64(whole), int64(math.Round(part*1e3))*int64(time.Millisecond))
	}
	if at.Unix() < 0 || at.Unix() >= endOfTime {
		return time.Time{}, "no load was measured then: " + writeStamp
	}
	return at.UTC(), ""
}

// endOfTime is the year 2100: two stamps before it are no more apart than a
// duration can say.
const endOfTime = 4102444800

// parseValue reads a load; nothing is a gap.
func parseValue(s string) (v float64, ok bool) {
	s = strings.TrimSpace(s)
	if s == "" {
		return math.NaN(), true
	}
	v, err := strconv.ParseFloat(s, 64)
	return v, err == nil && !math.IsInf(v, 0) && !(v < 0)
}
