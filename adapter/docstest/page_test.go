package docstest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const sample = "# Why it is `there`?\n\n## Two words\n\n## Two words\n\nSee [a](other.md#x) and ![b](images/c.svg), `make test`.\n\n" +
	"    FLAG=1 make build && bin/kubectl-foreshadow status web -n shop\n\n" +
	"```console\n$ kubectl foreshadow create web \\\n    --query 'sum(x)' | cat\nkubectl foreshadow nonsense is output\n```\n\n" +
	"```yaml\nkubectl foreshadow: not typed\n```\n"

func TestPage(t *testing.T) {
	p := parse("docs/sample.md", []byte(sample))
	require.Equal(t, map[string]bool{"why-it-is-there": true, "two-words": true, "two-words-1": true}, p.Anchors)
	require.Equal(t, []string{"other.md#x", "images/c.svg"}, p.Links)
	require.Equal(t, []string{"there", "make test"}, p.Spans)
	require.Len(t, p.Blocks, 3)
	require.Equal(t, "console", p.Blocks[1].Language)
}

func TestMentionedFlags(t *testing.T) {
	p := parse("p.md", []byte("Write `--labels.keep=a`, `-n`, `-o, --output` or `--web.*`; not `docker build --target sidecar` nor --bare.\n"))
	require.Equal(t, []string{"labels.keep", "output", "web.*"}, p.MentionedFlags())
}

func TestCommands(t *testing.T) {
	pages := []Page{parse("docs/sample.md", []byte(sample))}
	tests := []struct {
		program string
		want    [][]string
	}{
		{"make", [][]string{{"make", "build"}}},
		{"kubectl foreshadow", [][]string{
			{"bin/kubectl-foreshadow", "status", "web", "-n", "shop"},
			{"kubectl", "foreshadow", "create", "web", "--query", "sum(x)"},
		}},
		{"helm", nil},
	}
	for _, tt := range tests {
		t.Run(tt.program, func(t *testing.T) {
			commands, err := Commands(pages, tt.program)
			require.NoError(t, err)
			var got [][]string
			for _, c := range commands {
				require.Equal(t, "docs/sample.md", c.Page)
				got = append(got, c.Args)
			}
			require.Equal(t, tt.want, got)
		})
	}
}

func TestCommandsRefuseWhatNoShellTakes(t *testing.T) {
	_, err := Commands([]Page{parse("p.md", []byte("    make (all\n"))}, "make")
	require.ErrorContains(t, err, `p.md: "make (all"`)
}
