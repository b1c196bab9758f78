// Command generate writes the dashboards and the chart's copies: go run ./dashboards/generate, from the repository's root.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/foreshadow-dev/foreshadow/dashboards"
)

// folders get the same files. The chart reads its own folder only.
var folders = []string{"dashboards", "charts/foreshadow/files/dashboards"}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	for name, d := range dashboards.All() {
		text, err := d.JSON()
		if err != nil {
			return fmt.Errorf("render %s: %w", name, err)
		}
		for _, folder := range folders {
			if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil { //nolint:gosec // a file of the repository that everybody reads
				return fmt.Errorf("write dashboard: %w", err)
			}
		}
	}
	return nil
}
