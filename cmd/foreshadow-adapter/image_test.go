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

// The image has nothing beside the binary that could be run, no user who is
// root, and is built with the Go that go.mod names.
func TestImage(t *testing.T) {
	raw, err := os.ReadFile("../../Dockerfile")
	require.NoError(t, err)
	file := string(raw)
	module, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(module)
	require.Len(t, version, 2)

	stages := regexp.MustCompile(`(?m)^FROM (\S+)`).FindAllStringSubmatch(file, -1)
	require.Len(t, stages, 2)
	require.True(t, strings.HasPrefix(stages[0][1], "golang:"+string(version[1])), stages[0][1])
	require.Equal(t, "scratch", stages[1][1])
	last := file[strings.Index(file, "FROM scratch"):]
	require.Regexp(t, `(?m)^USER [1-9]\d*:[1-9]\d*$`, last)
	require.NotContains(t, last, "RUN ")
	require.Contains(t, last, `ENTRYPOINT ["/foreshadow-adapter"]`)
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
