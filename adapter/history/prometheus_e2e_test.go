//go:build e2e

package history_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/config"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
	"github.com/foreshadow-dev/foreshadow/adapter/history/embedded"
	"github.com/foreshadow-dev/foreshadow/adapter/history/historytest"
)

// findPrometheus fails without a binary: a suite that skips proves nothing.
func findPrometheus(t *testing.T) string {
	t.Helper()
	name := os.Getenv("PROMETHEUS_BIN")
	if name == "" {
		name = "prometheus"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("no Prometheus to test against: %v: install the package prometheus or write its path into PROMETHEUS_BIN", err)
	}
	return path
}

// stopTime is how long a Prometheus may take to end.
const stopTime = 30 * time.Second

// startPrometheus runs a Prometheus over the samples on a free port of the
// loopback and returns its URL once it is ready.
func startPrometheus(t *testing.T, webConfig string, stored []history.Samples) string {
	t.Helper()
	binary, dir := findPrometheus(t), t.TempDir()
	require.NoError(t, embedded.WriteBlocks(filepath.Join(dir, "data"), stored...))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "prometheus.yml"), nil, 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "web.yml"), []byte(webConfig), 0o600))
	address := freeAddress(t)
	var output bytes.Buffer
	cmd := exec.Command(binary,
		"--config.file="+filepath.Join(dir, "prometheus.yml"),
		"--web.config.file="+filepath.Join(dir, "web.yml"),
		"--storage.tsdb.path="+filepath.Join(dir, "data"),
		"--storage.tsdb.retention.time=10y",
		"--web.listen-address="+address)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.SysProcAttr = childAttributes()
	require.NoError(t, cmd.Start())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // ended by a signal it has no exit code of its own
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-done:
		case <-time.After(stopTime):
			t.Errorf("Prometheus did not end within %v of SIGTERM", stopTime)
			_ = cmd.Process.Kill()
			<-done
		}
		if t.Failed() {
			t.Logf("output of %s:\n%s", binary, output.String())
		}
	})
	awaitReady(t, "http://"+address, done)
	return "http://" + address
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func awaitReady(t *testing.T, url string, done chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			t.Fatal("Prometheus ended by itself")
		case <-ctx.Done():
			t.Fatalf("Prometheus at %s is not ready after a minute", url)
		case <-tick.C:
		}
		resp, err := client.Get(url + "/-/ready")
		if err != nil {
			continue
		}
		_ = resp.Body.Close()
		// 401: it is up and wants a password.
		if resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusUnauthorized {
			return
		}
	}
}

func TestPrometheusConformance(t *testing.T) {
	historytest.Run(t, "Prometheus", func(t *testing.T, stored []history.Samples) history.Source {
		return newRemote(t, history.RemoteConfig{URL: startPrometheus(t, "", stored)})
	})
}

// The hash is bcrypt's of "open sesame", cost 4.
const webConfig = "basic_auth_users:\n  reader: $2a$04$vrlbVZPjJgRfPtgwXIo3suQMqP/ErtHTmdYH5UiJzmCHKrHaTwQC6\n"

func TestPrometheusPassword(t *testing.T) {
	url := startPrometheus(t, webConfig, nil)
	minute := history.Range{Start: time.Unix(60, 0), End: time.Unix(60, 0), Step: time.Minute}
	for password, want := range map[string]error{"open sesame": nil, "wrong": history.ErrUnauthorized} {
		file := filepath.Join(t.TempDir(), "http.yml")
		require.NoError(t, os.WriteFile(file, []byte("basic_auth: {username: reader, password: "+password+"}\n"), 0o600))
		c, err := history.LoadHTTPConfig(file)
		require.NoError(t, err)
		for _, r := range []*history.Remote{
			newRemote(t, history.RemoteConfig{URL: url, HTTP: c}),
			newRemote(t, history.RemoteConfig{URL: strings.Replace(url, "//", "//reader:"+strings.ReplaceAll(password, " ", "%20")+"@", 1), HTTP: &config.DefaultHTTPClientConfig}),
		} {
			if _, err := r.QueryRange(t.Context(), "up", minute); !errors.Is(err, want) {
				t.Errorf("with password %q: got error %v, want %v", password, err, want)
			}
		}
	}
}
