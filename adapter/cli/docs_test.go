package cli_test

import (
	"compress/gzip"
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

// The page shows what the verbs print of the demo's first trace.
func TestThePageShowsWhatIsPrinted(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "backtest.md"))
	require.NoError(t, err)
	load := filepath.Join(t.TempDir(), "load.csv")
	unpack(t, filepath.Join("..", "simulate", "traces", "application.csv.gz"), load)
	shown := 0
	for _, block := range blocks(string(page)) {
		command, want, found := strings.Cut(block, "\n")
		args, typed := strings.CutPrefix(command, "$ kubectl foreshadow ")
		if !typed || !found {
			continue
		}
		shown++
		t.Run(args, func(t *testing.T) {
			var out strings.Builder
			verb := cli.New(cli.Config{Streams: genericiooptions.IOStreams{In: os.Stdin, Out: &out, ErrOut: io.Discard}, Clock: fixedClock{}})
			verb.SetArgs(strings.Fields(strings.ReplaceAll(args, "load.csv", load)))
			require.NoError(t, verb.ExecuteContext(t.Context()))
			if end, cut := strings.CutPrefix(want, "...\n"); cut {
				require.True(t, strings.HasSuffix(trimmed(out.String()), end), "it prints\n%s", out.String())
				return
			}
			require.Equal(t, want, trimmed(out.String()))
		})
	}
	require.Equal(t, 3, shown)
}

// blocks returns what a page has indented by four, without that.
func blocks(page string) (out []string) {
	var b []string
	for _, line := range append(strings.Split(page, "\n"), "end") {
		text, code := strings.CutPrefix(line, "    ")
		switch {
		case code || line == "" && len(b) > 0:
			b = append(b, text)
		case len(b) > 0:
			out, b = append(out, trimmed(strings.Join(b, "\n"))), nil
		}
	}
	return out
}

// trimmed is without spaces at the end of lines, and without lines at its end that are empty.
func trimmed(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func unpack(t *testing.T, from, to string) {
	t.Helper()
	packed, err := os.Open(from)
	require.NoError(t, err)
	defer func() { require.NoError(t, packed.Close()) }()
	r, err := gzip.NewReader(packed)
	require.NoError(t, err)
	raw, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, raw, 0o600))
}
