//go:build e2e && linux

package node

import (
	"encoding/json"
	"fmt"
	"os"
)

// measurement is one number of a run.
type measurement struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// report collects the measurements of a run.
type report struct {
	Measurements []measurement `json:"measurements"`
}

func (r *report) add(name string, value float64, unit string) {
	r.Measurements = append(r.Measurements, measurement{name, value, unit})
}

func (r *report) write(path string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode measurements: %w", err)
	}
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("write measurements: %w", err)
	}
	return nil
}
