package backtest

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/loadcsv"
)

// ReadCSV reads the series of a file as loadcsv.Read takes it, lines in any order.
// A series without a name of its own takes that of the file. step is 0 for that
// of the file.
//
// The series come sorted by name. An error names the file and what is wrong in
// it, and says what to write.
func ReadCSV(file string, r io.Reader, step time.Duration) ([]Series, error) {
	base := filepath.Base(file)
	all, err := loadcsv.Read(file, r, loadcsv.Options{Name: strings.TrimSuffix(base, filepath.Ext(base))})
	if err != nil {
		return nil, err
	}
	out := make([]Series, 0, len(all))
	for name, samples := range all {
		s, err := newSeries(name, samples, step)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
		out = append(out, s)
	}
	sortByName(out)
	return out, nil
}
