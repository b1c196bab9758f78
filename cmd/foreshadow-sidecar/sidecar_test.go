package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// buffer is a log that is written by many.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// start runs the program until the test ends.
func start(t *testing.T, args ...string) (at addresses, logged *buffer, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	logged = &buffer{}
	listening, done := make(chan addresses, 1), make(chan error, 1)
	go func() {
		done <- execute(ctx, args, io.Discard, logged, func(a addresses) { listening <- a })
	}()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { _ = stop() })
	select {
	case at = <-listening:
	case err := <-done:
		t.Fatalf("it ended: %v", err)
	}
	return at, logged, stop
}

func get(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Get(url)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(raw)
}

// eventually polls a condition in real time; the last state is printed.
func eventually(t *testing.T, what string, holds func() (bool, string)) {
	t.Helper()
	c := clock.RealClock{}
	last := ""
	for deadline := c.Now().Add(2 * time.Minute); c.Now().Before(deadline); c.Sleep(20 * time.Millisecond) {
		ok, state := holds()
		if ok {
			return
		}
		last = state
	}
	t.Fatalf("%s never came: %s", what, last)
}

// coldHandler is an app whose latency falls as its cache fills.
func coldHandler(served *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := served.Add(1)
		if r.Header.Get(warmup.Header) != warmup.HeaderValue {
			http.Error(w, "not marked", http.StatusTeapot)
			return
		}
		clock.RealClock{}.Sleep(time.Duration(max(0, 40-n)) * time.Millisecond)
	})
}

// The source of this one is slow, for a busy machine is, too: that a cold app is
// seen to be cold is shown where the test owns time.
func TestSidecarWarmsItsAppUp(t *testing.T) {
	var served atomic.Int64
	app := httptest.NewServer(coldHandler(&served))
	t.Cleanup(app.Close)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	at, logged, stop := start(t, "--app.url="+app.URL, "--web.listen-address=127.0.0.1:0",
		"--requests.file="+write("requests.yaml", `requests: [{path: "/a"}, {path: "/b", weight: 2}]`),
		"--requests.credentials-file="+write("credentials", "Authorization: Bearer secret-of-warm-up"),
		"--profile.file="+write("profile.json", `{"version":1,"requestsPerSecond":1000,"routes":{"*":{"p50":5,"p90":5,"classes":{"2xx":1}}}}`),
		"--state.file="+write("state", "warming"),
		"--warmup.ramp-up=1s", "--warmup.stable=1s", "--warmup.max-rate=100")
	url := "http://" + at.web.String()
	var p warmup.Progress
	eventually(t, "a warm app", func() (bool, string) {
		raw := get(t, url+"/progress")
		require.NoError(t, json.Unmarshal([]byte(raw), &p))
		return p.Done, raw
	})
	require.Equal(t, warmup.StageReady, p.Stage)
	require.Equal(t, warmup.ReferenceProfile, p.Reference)
	require.Zero(t, p.InFlight)
	require.Equal(t, "ok\n", get(t, url+"/healthz"))
	metrics := get(t, url+"/metrics")
	require.Contains(t, metrics, "foreshadow_sidecar_progress_ratio 1\n")
	require.Contains(t, metrics, fmt.Sprintf("foreshadow_sidecar_requests_total{class=\"2xx\"} %d\n", served.Load()))
	require.Contains(t, metrics, `foreshadow_sidecar_stage{stage="Ready"} 1`)
	require.NoError(t, stop())
	for _, text := range []string{metrics, logged.String()} {
		require.NotContains(t, text, "secret-of-warm-up")
	}
}

// An active pod's tap warms a shadow up: what it mirrors is the workload, and what
// its app made of it the profile.
func TestTapWarmsAShadowUp(t *testing.T) {
	const canary = "c4n4ry"
	active := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("Authorization")) }))
	t.Cleanup(active.Close)
	var served atomic.Int64
	cold := httptest.NewServer(coldHandler(&served))
	t.Cleanup(cold.Close)
	shadow, shadowLog, stopShadow := start(t, "--app.url="+cold.URL, "--web.listen-address=127.0.0.1:0", "--receive.listen-address=127.0.0.1:0",
		"--warmup.ramp-up=1s", "--warmup.stable=1s", "--warmup.max-rate=200", "--warmup.rate=100")
	tap, tapLog, stopTap := start(t, "--app.url="+active.URL, "--web.listen-address=127.0.0.1:0", "--tap.listen-address=127.0.0.1:0",
		"--tap.shadows="+shadow.receive.String(), "--tap.percent=100", "--log.level=debug")
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	var p warmup.Progress
	eventually(t, "a warm app", func() (bool, string) {
		for range 10 {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+tap.tap.String()+"/a?token="+canary, nil)
			require.NoError(t, err)
			req.Header.Set("Authorization", canary)
			res, err := client.Do(req)
			require.NoError(t, err)
			raw, err := io.ReadAll(res.Body)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.Equal(t, canary, string(raw), "the app gets its credentials")
		}
		raw := get(t, "http://"+shadow.web.String()+"/progress")
		require.NoError(t, json.Unmarshal([]byte(raw), &p))
		return p.Done, raw
	})
	require.Equal(t, warmup.ReferenceTap, p.Reference)
	n := served.Load()
	require.GreaterOrEqual(t, n, int64(warmup.DefaultSettings().MinRequests))
	metrics := get(t, "http://"+shadow.web.String()+"/metrics") + get(t, "http://"+tap.web.String()+"/metrics")
	require.Contains(t, metrics, `foreshadow_sidecar_tapped_requests_total{result="sent"}`)
	require.NoError(t, stopTap())
	require.NoError(t, stopShadow())
	require.Equal(t, n, served.Load(), "nothing is sent after the warm-up")
	for _, text := range []string{metrics, shadowLog.String(), tapLog.String()} {
		require.NotContains(t, text, canary)
	}
}

// What cannot be mended by sending is said, and nothing is sent.
func TestSidecarSaysWhatIsMissing(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for _, tt := range []struct {
		name, app, list string // a list that is empty is not there
		stage           warmup.Stage
		message, logged string
	}{
		{
			name: "an unreachable port", app: gone.URL, list: "requests: [{path: /}]",
			stage: warmup.StageWaitingForApp, message: "connect to the app: dial tcp " + gone.Listener.Addr().String() + ": connect: connection refused",
		},
		{
			name: "a list with an unsafe method", list: "requests: [{path: /}, {method: DELETE, path: /a}]",
			stage: warmup.StageNoRequests, message: "the list of requests cannot be read: ", logged: "requests[1].method: Forbidden: DELETE may change something: write allowUnsafe: true",
		},
		{
			name:  "a list that is not there",
			stage: warmup.StageNoRequests, message: "the list of requests cannot be read: ", logged: "no such file or directory",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var served atomic.Int64
			app := httptest.NewServer(coldHandler(&served))
			t.Cleanup(app.Close)
			file := filepath.Join(t.TempDir(), "requests.yaml")
			if tt.list != "" {
				require.NoError(t, os.WriteFile(file, []byte(tt.list), 0o600))
			}
			at, logged, stop := start(t, "--app.url="+cmp.Or(tt.app, app.URL), "--web.listen-address=127.0.0.1:0", "--requests.file="+file)
			eventually(t, string(tt.stage), func() (bool, string) {
				raw := get(t, "http://"+at.web.String()+"/progress")
				var p warmup.Progress
				require.NoError(t, json.Unmarshal([]byte(raw), &p))
				require.Zero(t, p.Ratio)
				return p.Stage == tt.stage && strings.Contains(p.Message, tt.message) && strings.Contains(p.Message, tt.logged), raw
			})
			require.NoError(t, stop())
			require.Contains(t, logged.String(), tt.logged)
			require.Zero(t, served.Load())
		})
	}
}

func TestSidecarSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--app.url=http://10.0.0.1:80"}, `--app.url: "http://10.0.0.1:80": a warm-up does not leave the pod: write 127.0.0.1 or [::1] for the host`},
		{[]string{"--warmup.fraction=20"}, "--warmup.fraction: 20: write a share above 0 and up to 1, such as 0.2"},
		{[]string{"--warmup.min-requests=1"}, "--warmup.min-requests: 1: write a number from 10"},
		{[]string{"--tap.listen-address=:0", "--tap.percent=101", "--tap.shadows=a:1"}, "--tap.percent: 101: write a percentage from 0 to 100"},
		{[]string{"--tap.listen-address=:0"}, `--tap.shadows: "": write the Service of the shadows and the port of their sidecars, such as web-shadow.shop.svc:9798`},
		{[]string{"--tap.listen-address=:0", "--tap.refresh=1ms"}, "--tap.refresh: 1ms: write a duration from 100ms"},
		{[]string{"--log.level=loud"}, `--log.level: unknown level "loud": write debug, info, warn or error`},
		{[]string{"--log.format=xml"}, `--log.format: unknown format "xml": write logfmt or json`},
		{[]string{"--web.listen-address=nowhere"}, "--web.listen-address: listen tcp: address nowhere: missing port in address"},
	} {
		err := execute(t.Context(), append([]string{"--requests.file=none"}, tt.args...), io.Discard, io.Discard, nil)
		require.EqualError(t, err, tt.want)
	}
	require.ErrorContains(t, execute(t.Context(), nil, io.Discard, io.Discard, nil), "nothing to do: write --requests.file or --receive.listen-address")
}

func TestVersion(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, execute(t.Context(), []string{"--version"}, &out, io.Discard, nil))
	require.Contains(t, out.String(), "foreshadow-sidecar, version ")
}
