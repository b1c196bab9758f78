package docstest

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"
)

// Flags writes a table of flags: name, default, meaning.
func Flags(sets ...*pflag.FlagSet) string {
	var b strings.Builder
	b.WriteString("| flag | default | meaning |\n|---|---|---|\n")
	for _, fs := range sets {
		fs.VisitAll(func(f *pflag.Flag) {
			if f.Hidden || f.Deprecated != "" {
				return
			}
			name := "`--" + f.Name + "`"
			if f.Shorthand != "" {
				name = "`-" + f.Shorthand + "`, " + name
			}
			value := ""
			if f.DefValue != "" && f.DefValue != "[]" {
				value = "`" + f.DefValue + "`"
			}
			fmt.Fprintf(&b, "| %s | %s | %s |\n", name, value, Cell(f.Usage))
		})
	}
	return b.String()
}

// Cell makes a text fit into a cell of a table.
func Cell(text string) string {
	return strings.NewReplacer("\n", " ", "|", `\|`, "<", "&lt;").Replace(text)
}

// Keep holds a generated page against what it should be, and writes it where
// that is asked for.
func Keep(file, want string, write bool) error {
	have, err := os.ReadFile(file) //nolint:gosec // a page of the repository
	switch {
	case err == nil && bytes.Equal(have, []byte(want)):
		return nil
	case write:
		return os.WriteFile(file, []byte(want), 0o644) //nolint:gosec // a file of the repository that everybody reads
	}
	return fmt.Errorf("%s is stale: run 'make generate' and commit what it writes", file)
}
