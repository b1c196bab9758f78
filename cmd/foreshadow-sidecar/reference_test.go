package main

import (
	"flag"
	"path/filepath"
	"testing"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/docstest"
)

var rewrite = flag.Bool("rewrite", false, "write the page of docs/reference anew")

func flags() *pflag.FlagSet {
	fs := pflag.NewFlagSet("foreshadow-sidecar", pflag.ContinueOnError)
	(&options{}).install(fs)
	fs.Bool("version", false, "Print the version and exit.")
	return fs
}

func TestReferenceOfFlags(t *testing.T) {
	page := "# foreshadow-sidecar\n\nGenerated from the program (`make generate`). [warm-up.md](../warm-up.md) says what it does.\n\n" + docstest.Flags(flags())
	require.NoError(t, docstest.Keep(filepath.Join("..", "..", "docs", "reference", "foreshadow-sidecar.md"), page, *rewrite))
}

// What a page tells to type is taken: every flag exists.
func TestPagesCallWhatExists(t *testing.T) {
	pages, err := docstest.Pages(filepath.Join("..", ".."))
	require.NoError(t, err)
	commands, err := docstest.Commands(pages, "foreshadow-sidecar")
	require.NoError(t, err)
	for _, c := range commands {
		require.NoError(t, flags().Parse(c.Args[1:]), "%s: %v", c.Page, c.Args)
	}
}
