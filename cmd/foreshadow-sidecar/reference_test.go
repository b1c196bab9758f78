package main

import (
	"flag"
	"path/filepath"
	"regexp"
	"strings"
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

// Every flag that the page about warm-up names, in sentences and in manifests,
// exists. Those of the role that keeps shadows are the adapter's.
func TestPageNamesWhatExists(t *testing.T) {
	root := filepath.Join("..", "..")
	page, err := docstest.Read(root, filepath.Join(root, "docs", "warm-up.md"))
	require.NoError(t, err)
	texts := page.Spans
	for _, b := range page.Blocks {
		texts = append(texts, b.Text)
	}
	name := regexp.MustCompile(`--([a-z]+\.[a-z-]+)`)
	named := 0
	for _, text := range texts {
		for _, m := range name.FindAllStringSubmatch(text, -1) {
			if strings.HasPrefix(m[1], "shadows.") {
				continue
			}
			require.NotNil(t, flags().Lookup(m[1]), "%s: the sidecar has no flag %s", page.Path, m[0])
			named++
		}
	}
	require.Greater(t, named, 10)
}
