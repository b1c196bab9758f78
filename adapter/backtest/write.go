package backtest

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"time"
)

// WriteCSV writes forecasts, one row a step: series, origin, timestamp, point
// and the quantiles of levels, in their order. Instants are in UTC.
func WriteCSV(w io.Writer, forecasts []Forecast, levels []float64) error {
	buffered := bufio.NewWriterSize(w, 1<<16)
	out := csv.NewWriter(buffered)
	row := []string{"series", "origin", "timestamp", "point"}
	for _, p := range levels {
		row = append(row, QuantileName(p))
	}
	err := out.Write(row)
	for i := range forecasts {
		if err != nil {
			break
		}
		err = writeForecast(out, row, &forecasts[i], levels)
	}
	out.Flush()
	if err == nil {
		err = out.Error()
	}
	if err == nil {
		err = buffered.Flush()
	}
	if err != nil {
		return fmt.Errorf("write forecasts: %w", err)
	}
	return nil
}

func writeForecast(out *csv.Writer, row []string, f *Forecast, levels []float64) error {
	row[0], row[1] = f.Series.Name, exactStamp(f.Origin)
	for i, point := range f.Point {
		row[2] = exactStamp(f.Origin.Add(time.Duration(i+1) * f.Step))
		row[3] = number(point)
		for k, p := range levels {
			row[4+k] = number(f.Quantiles[slices.Index(f.Levels, p)][i])
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	return nil
}

// QuantileName is what the column of a level is called.
func QuantileName(p float64) string { return "q" + number(p) }

// number writes all digits, without an exponent where that stays readable.
func number(v float64) string {
	if a := math.Abs(v); a >= 1e-5 && a < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// exactStamp keeps fractions of a second, if there are any.
func exactStamp(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
