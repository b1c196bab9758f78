package cli_test

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/foreshadow-dev/foreshadow/adapter/cli"
	"github.com/foreshadow-dev/foreshadow/adapter/docstest"
)

var rewrite = flag.Bool("rewrite", false, "write the page of docs/reference anew")

func plugin() *cobra.Command {
	return cli.New(cli.Config{Streams: genericiooptions.IOStreams{In: os.Stdin, Out: io.Discard, ErrOut: io.Discard}, Clock: fixedClock{}})
}

// What a page, or at night a runbook, tells to type is taken: the verb and every
// flag exist.
func TestPagesTypeWhatExists(t *testing.T) {
	pages, err := docstest.Pages(filepath.Join("..", ".."))
	require.NoError(t, err)
	commands, err := docstest.Commands(pages, "kubectl foreshadow")
	require.NoError(t, err)
	require.Greater(t, len(commands), 50)
	for _, c := range commands {
		after := c.Args[1:]
		if c.Args[0] == "kubectl" {
			after = c.Args[2:]
		}
		root := plugin()
		cmd, args, err := root.Find(after)
		require.NoError(t, err, "%s: %v", c.Page, c.Args)
		require.NotSame(t, root, cmd, "%s: %v", c.Page, c.Args)
		require.NoError(t, cmd.ParseFlags(args), "%s: %v", c.Page, c.Args)
	}
}

func TestReferenceOfVerbs(t *testing.T) {
	root := plugin()
	var b strings.Builder
	b.WriteString("# kubectl foreshadow\n\nGenerated from the program (`make generate`).\n\n" + root.Long + "\n")
	var verbs func(c *cobra.Command)
	verbs = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if !sub.IsAvailableCommand() || sub.Name() == "completion" {
				continue
			}
			b.WriteString("\n## " + strings.TrimPrefix(sub.CommandPath(), "kubectl foreshadow ") + "\n\n" + sub.Short + "\n\nUsage: `" + sub.UseLine() + "`\n")
			if own := sub.NonInheritedFlags(); own.HasAvailableFlags() {
				b.WriteString("\n" + docstest.Flags(own))
			}
			verbs(sub)
		}
	}
	verbs(root)
	every := pflag.NewFlagSet("", pflag.ContinueOnError)
	root.PersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Name != "cache-dir" { // the default is a folder of the reader's
			every.AddFlag(f)
		}
	})
	b.WriteString("\n## Flags of every verb\n\nThose of kubectl, and `--cache-dir`.\n\n" + docstest.Flags(every))
	require.NoError(t, docstest.Keep(filepath.Join("..", "..", "docs", "reference", "kubectl-foreshadow.md"), b.String(), *rewrite))
}
