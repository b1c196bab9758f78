// Package report keeps what a run of the end-to-end tests leaves: what it measured,
// and its logs.
package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Folders returns the folder of the results, which OUT names or else is fallback,
// and in it, made anew, that of the logs.
func Folders(fallback, logs string) (out, logDir string, err error) {
	if out, err = filepath.Abs(cmp.Or(os.Getenv("OUT"), fallback)); err != nil {
		return "", "", fmt.Errorf("find output folder: %w", err)
	}
	logDir = filepath.Join(out, logs)
	if err := os.RemoveAll(logDir); err != nil {
		return "", "", fmt.Errorf("empty log folder: %w", err)
	}
	if err := os.MkdirAll(logDir, 0o755); err != nil {
		return "", "", fmt.Errorf("make log folder: %w", err)
	}
	return out, logDir, nil
}

// Measurement is one number of a run.
type Measurement struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// Report collects the measurements of a run.
type Report struct {
	Measurements []Measurement `json:"measurements"`
}

// Add appends a measurement.
func (r *Report) Add(name string, value float64, unit string) {
	r.Measurements = append(r.Measurements, Measurement{name, value, unit})
}

// Write writes the report to a file, as JSON.
func (r *Report) Write(path string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode measurements: %w", err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write measurements: %w", err)
	}
	return nil
}
