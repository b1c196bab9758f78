// Command generate writes the definitions in the schema of the chart's values, the spec of a ShadowPool above all: go run
// ./charts/generate, from the repository's root.
package main

import (
	"fmt"
	"os"

	"github.com/foreshadow-dev/foreshadow/charts"
)

const (
	schema = "charts/foreshadow/values.schema.json"
	crd    = "charts/foreshadow/files/crds/foreshadow.dev_shadowpools.yaml"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	values, err := os.ReadFile(schema)
	if err != nil {
		return fmt.Errorf("read schema of the values: %w", err)
	}
	kind, err := os.ReadFile(crd)
	if err != nil {
		return fmt.Errorf("read CRD: %w", err)
	}
	text, err := charts.SetDefinitions(values, kind)
	if err != nil {
		return err
	}
	if err := os.WriteFile(schema, text, 0o644); err != nil { //nolint:gosec // a file of the repository that everybody reads
		return fmt.Errorf("write schema of the values: %w", err)
	}
	return nil
}
