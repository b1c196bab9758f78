//go:build e2e

package guide

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/docstest"
)

const root = "../.."

// shell is where somebody types what a page says.
type shell struct {
	dir string
	env []string
}

// page reads a page of docs.
func page(t *testing.T, name string) docstest.Page {
	t.Helper()
	p, err := docstest.Read(root, filepath.Join(root, "docs", name))
	require.NoError(t, err)
	return p
}

// typed are the blocks of a page that are marked sh.
func typed(t *testing.T, name string) []string {
	t.Helper()
	var out []string
	for _, b := range page(t, name).Blocks {
		if b.Language == "sh" {
			out = append(out, b.Text)
		}
	}
	require.NotEmpty(t, out, "%s has no commands", name)
	return out
}

// follow types blocks one after another in one shell, which gives up at the first
// error.
func (s shell) follow(t *testing.T, blocks []string) {
	t.Helper()
	t.Logf("%s", s.run(t, "set -ex\n"+strings.Join(blocks, "")))
}

// shows types what the blocks of a page marked console have behind "$ ", and
// holds what comes against what the page shows: numbers, times and the names of
// pods differ, the rest does not.
func (s shell) shows(t *testing.T, name string) {
	t.Helper()
	seen := 0
	for _, b := range page(t, name).Blocks {
		if b.Language != "console" {
			continue
		}
		for _, typed := range b.Typed() {
			_, after, found := strings.Cut(b.Text, "$ "+typed+"\n")
			require.True(t, found, typed)
			want, _, _ := strings.Cut("\n"+after, "\n$ ")
			got := s.attempt(t, typed)
			t.Logf("$ %s\n%s", typed, got)
			if w, g := shape(want), shape(got); !slices.Equal(w, g) {
				t.Errorf("%s shows for %q\n%s\nand it prints\n%s", name, typed, strings.Join(w, "\n"), strings.Join(g, "\n"))
			}
			seen++
		}
	}
	require.Positive(t, seen, "%s shows nothing", name)
}

var (
	podName = regexp.MustCompile(`-[0-9a-z]{8,10}-[0-9a-z]{5}\b`)
	number  = regexp.MustCompile(`[0-9]+([.:,T-]?[0-9]+)*(Z|ms|[smhd](?:[0-9]+[smhd])*)?\b`)
	space   = regexp.MustCompile(`\s+`)
)

// shape is a text without what differs from run to run.
func shape(text string) []string {
	var out []string
	for line := range strings.Lines(strings.TrimSpace(text)) {
		line = number.ReplaceAllString(podName.ReplaceAllString(line, "-POD"), "N")
		out = append(out, strings.TrimSpace(space.ReplaceAllString(line, " ")))
	}
	return out
}

func (s shell) run(t *testing.T, script string) string {
	t.Helper()
	out, err := s.command(t, script).CombinedOutput()
	require.NoError(t, err, "%s", out)
	return string(out)
}

// attempt runs a line that may fail, as one does who looks for what is wrong.
func (s shell) attempt(t *testing.T, line string) string {
	t.Helper()
	out, err := s.command(t, line).CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil {
		require.ErrorAs(t, err, &exit)
	}
	return string(out)
}

func (s shell) command(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), "/bin/sh", "-c", script)
	c.Dir, c.Env = s.dir, append(os.Environ(), s.env...)
	return c
}
