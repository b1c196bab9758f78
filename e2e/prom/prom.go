package prom

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const (
	startTimeout = 60 * time.Second
	stopGrace    = 20 * time.Second
	probeTimeout = 5 * time.Second
)

// Config says where the data lies and what to scrape.
type Config struct {
	// DataDir holds the blocks. Prometheus is made to keep a month.
	DataDir string
	// LogDir is an existing folder for the log.
	LogDir string
	// Target is the host:port to scrape each second.
	Target string
	// Labels are put on each scraped series.
	Labels map[string]string
	// Targets are further host:ports, whose own labels are kept.
	Targets []string
	// Rules are rule files, evaluated each second; Alertmanager is the host:port that hears of their alerts.
	Rules        []string
	Alertmanager string
}

// Server is a Prometheus that can be stopped and started.
type Server struct {
	cfg    Config
	binary string
	config string
	port   int
	child  *process.Process
}

// Binary finds Prometheus: the file that PROMETHEUS_BIN names, or prometheus on
// the PATH.
func Binary() (string, error) {
	name := os.Getenv("PROMETHEUS_BIN")
	if name == "" {
		name = "prometheus"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("find prometheus: %w: install it (Debian: apt-get install --no-install-recommends prometheus) or set PROMETHEUS_BIN to its path", err)
	}
	return path, nil
}

// New prepares a server; Start runs it.
func New(cfg Config) (*Server, error) {
	binary, err := Binary()
	if err != nil {
		return nil, err
	}
	ports, err := process.FreePorts(1)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, binary: binary, port: ports[0], config: filepath.Join(cfg.DataDir, "prometheus.yml")}
	if err := os.WriteFile(s.config, cfg.render(), 0o600); err != nil {
		return nil, fmt.Errorf("write prometheus configuration: %w", err)
	}
	return s, nil
}

// URL is the server's address, also while it is down.
func (s *Server) URL() string { return fmt.Sprintf("http://%s:%d", process.Loopback, s.port) }

// Start runs Prometheus and waits until it answers queries.
func (s *Server) Start(ctx context.Context) error {
	if s.child != nil && !s.child.Ended() {
		return errors.New("start prometheus: it runs already")
	}
	child, err := process.Start(process.Config{
		Name: "prometheus", Path: s.binary, LogDir: s.cfg.LogDir,
		Args: []string{
			"--config.file=" + s.config,
			"--storage.tsdb.path=" + s.cfg.DataDir,
			"--storage.tsdb.retention.time=30d",
			fmt.Sprintf("--web.listen-address=%s:%d", process.Loopback, s.port),
		},
	})
	if err != nil {
		return err
	}
	s.child = child
	return child.Await(ctx, startTimeout, "prometheus to be ready", s.ready)
}

// Stop ends Prometheus; it is no error if it does not run.
func (s *Server) Stop() error {
	if s.child == nil {
		return nil
	}
	return s.child.Stop(stopGrace)
}

func (s *Server) ready(ctx context.Context) (string, bool) {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/-/ready", http.NoBody)
	if err != nil {
		return err.Error(), false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err.Error(), false
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
	return fmt.Sprintf("%s: %s", resp.Status, body), resp.StatusCode == http.StatusOK
}
