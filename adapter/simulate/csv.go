package simulate

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/loadcsv"
	"github.com/foreshadow-dev/foreshadow/forecast"
)

// maxRows bounds what a file may hold: two years at one value a minute.
const maxRows = 1 << 20

// The steps that a trace may have. MinStep is the finest that a ShadowPool takes;
// coarser than MaxStep, a cold start falls between two values.
const (
	MinStep = 15 * time.Second
	MaxStep = 5 * time.Minute
)

const (
	writeValue = "write a finite number of at least 0"
	firstLine  = ` (a first line "timestamp,value" is skipped)`
)

// ParseCSV reads a trace: lines of timestamp and value on a regular step of whole
// seconds that divides a day, oldest first, optionally under a header "timestamp,value".
// Timestamps off the step's grid are moved down to it, all by the same time.
// An error names file, line, column and value and says what to write.
func ParseCSV(file string, r io.Reader) (forecast.Series, error) {
	p := parser{file: file, csv: csv.NewReader(r)}
	p.csv.FieldsPerRecord = -1
	p.csv.ReuseRecord = true
	p.csv.TrimLeadingSpace = true
	if err := p.read(); err != nil {
		return forecast.Series{}, err
	}
	switch {
	case p.lines == 0:
		return forecast.Series{}, fmt.Errorf("read trace %s: it is empty: write a header, \"timestamp,value\", and a line per value", file)
	case len(p.values) == 0:
		return forecast.Series{}, fmt.Errorf("read trace %s: it has a header and no values: write a line per value below it", file)
	case len(p.values) == 1:
		return forecast.Series{}, fmt.Errorf("read trace %s: 1 value: write at least 2", file)
	}
	return forecast.Series{Start: p.first.Truncate(p.step), Step: p.step, Values: p.values}, nil
}

type parser struct {
	file        string
	csv         *csv.Reader
	first, last time.Time
	step        time.Duration
	lines       int
	values      []float64
}

func (p *parser) read() error {
	for ; ; p.lines++ {
		rec, err := p.csv.Read()
		var bad *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &bad):
			return fmt.Errorf("read trace %s: line %d, column %d: %w: write timestamp,value without quotes", p.file, bad.Line, bad.Column, bad.Err)
		case err != nil:
			return fmt.Errorf("read trace %s: %w", p.file, err)
		}
		if _, header := loadcsv.PlainHeader(rec); header && p.lines == 0 {
			continue
		}
		if err := p.add(rec); err != nil {
			return err
		}
	}
}

func (p *parser) add(rec []string) error {
	if len(rec) != 2 {
		return p.refuse(0, "line", strings.Join(rec, ","), "write two fields, timestamp,value")
	}
	if len(p.values) == maxRows {
		return p.refuse(0, "line", strings.Join(rec, ","), fmt.Sprintf("a trace has at most %d values: leave out the oldest, or take a coarser step", maxRows))
	}
	at, remedy := loadcsv.ParseStamp(strings.TrimPrefix(rec[0], "\ufeff"))
	switch {
	case remedy == "":
		remedy = p.advance(at)
	case len(p.values) == 0:
		remedy += firstLine
	}
	if remedy != "" {
		return p.refuse(0, "timestamp", rec[0], remedy)
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(rec[1]), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return p.refuse(1, "value", rec[1], writeValue)
	}
	p.values = append(p.values, v)
	return nil
}

// refuse says where the field stands, what it holds and what to write.
func (p *parser) refuse(field int, what, got, remedy string) error {
	line, column := p.csv.FieldPos(field)
	return fmt.Errorf("read trace %s: line %d, column %d: %s %q: %s", p.file, line, column, what, got, remedy)
}

// advance takes the next instant, or returns what is wrong with it.
func (p *parser) advance(at time.Time) (remedy string) {
	last := p.last
	p.last = at
	if len(p.values) == 0 {
		p.first = at
		return ""
	}
	d := at.Sub(last)
	switch {
	case d == 0:
		return "it is that of the line before: write one line per instant"
	case d < 0:
		return fmt.Sprintf("it is before that of the line before, %s: sort the lines, oldest first", stamp(last))
	case len(p.values) > 1 && d != p.step:
		return fmt.Sprintf("it is %v after the line before, earlier lines are %v apart: write one line each %v", d, p.step, p.step)
	case d < MinStep || d > MaxStep || d%time.Second != 0 || (24*time.Hour)%d != 0:
		return fmt.Sprintf("it is %v after the line before: write one line each 15s, 30s, 1m or another step of whole seconds from %v to %v that divides a day", d, MinStep, MaxStep)
	}
	p.step = d
	return ""
}
