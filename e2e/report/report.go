// Package report keeps what a run of the end-to-end tests measures.
package report

import (
	"encoding/json"
	"fmt"
	"os"
)

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
