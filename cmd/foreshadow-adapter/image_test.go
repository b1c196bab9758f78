package main

import (
	"crypto/x509"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The images have nothing beside their binary that could be run, no user who is
// root, and are built with the Go that go.mod names.
func TestImage(t *testing.T) {
	raw, err := os.ReadFile("../../Dockerfile")
	require.NoError(t, err)
	file := string(raw)
	module, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(module)
	require.Len(t, version, 2)

	stages := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatchIndex(file, -1)
	require.Len(t, stages, 3)
	name := func(i int) string { return file[stages[i][2]:stages[i][3]] }
	require.True(t, strings.HasPrefix(name(0), "golang:"+string(version[1])), name(0))
	sidecar, adapter := file[stages[1][0]:stages[2][0]], file[stages[2][0]:]
	for program, stage := range map[string]string{"foreshadow-sidecar": sidecar, "foreshadow-adapter": adapter} {
		require.True(t, strings.HasPrefix(stage, "FROM scratch"), stage)
		require.Regexp(t, `(?m)^USER [1-9]\d*:[1-9]\d*$`, stage)
		require.NotContains(t, stage, "RUN ")
		require.Contains(t, stage, `ENTRYPOINT ["/`+program+`"]`)
	}
}

// The image has no file of certificates: the program brings those of the public
// authorities, and takes a file that is mounted before them.
func TestRootsWithoutFiles(t *testing.T) {
	const child = "FORESHADOW_TEST_ROOTS"
	if os.Getenv(child) != "" {
		pool, err := x509.SystemCertPool()
		require.NoError(t, err)
		require.False(t, pool.Equal(x509.NewCertPool()))
		return
	}
	self, err := os.Executable()
	require.NoError(t, err)
	run := exec.CommandContext(t.Context(), self, "-test.run", "^TestRootsWithoutFiles$")
	nothing := t.TempDir()
	run.Env = append(os.Environ(), child+"=yes", "SSL_CERT_FILE="+nothing+"/none.pem", "SSL_CERT_DIR="+nothing)
	out, err := run.CombinedOutput()
	require.NoError(t, err, string(out))
}
