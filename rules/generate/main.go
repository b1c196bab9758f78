// Command generate writes the rule file and the chart's copy: go run ./rules/generate, from the repository's root.
package main

import (
	"fmt"
	"os"

	"github.com/foreshadow-dev/foreshadow/rules"
)

// files are written alike. The chart reads its own folder only.
var files = []string{"rules/foreshadow.yaml", "charts/foreshadow/files/rules.yaml"}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	text, err := rules.File(rules.All())
	if err != nil {
		return fmt.Errorf("render rules: %w", err)
	}
	for _, name := range files {
		if err := os.WriteFile(name, text, 0o644); err != nil { //nolint:gosec // a file of the repository that everybody reads
			return fmt.Errorf("write rules: %w", err)
		}
	}
	return nil
}
