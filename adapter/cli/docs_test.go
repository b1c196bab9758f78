package cli_test

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/foreshadow-dev/foreshadow/adapter/cli"
)

// What a runbook tells somebody at night to type is taken: the verb and every flag exist.
func TestRunbooksTypeWhatExists(t *testing.T) {
	pages, err := filepath.Glob("../../docs/runbooks/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, pages)
	line := regexp.MustCompile(`(?m)^    kubectl foreshadow (.*)$`)
	quoted := regexp.MustCompile(`'[^']*'`)
	for _, page := range pages {
		text, err := os.ReadFile(page)
		require.NoError(t, err)
		for _, m := range line.FindAllStringSubmatch(string(text), -1) {
			root := cli.New(cli.Config{Streams: genericiooptions.IOStreams{In: os.Stdin, Out: io.Discard, ErrOut: io.Discard}, Clock: fixedClock{}})
			cmd, args, err := root.Find(strings.Fields(quoted.ReplaceAllString(m[1], "QUOTED")))
			require.NoError(t, err, "%s: %s", page, m[0])
			require.NotSame(t, root, cmd, "%s: %s", page, m[0])
			require.NoError(t, cmd.ParseFlags(args), "%s: %s", page, m[0])
		}
	}
}
