package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"golang.org/x/sync/errgroup"

	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const (
	costRounds  = 20
	costClients = 32
	perClient   = 100
)

// proxied is a proxy in a process of its own, so that its processor time and its
// memory can be told from those of app, shadow and clients.
type proxied struct {
	name    string
	url     string
	metrics string // empty: it has none
	process *process.Process
	to      *receiver

	requests int
	resident []float64 // bytes, under load
}

// sidecarCosts has the sidecar as a tap and a bare proxy serve the same load in
// turn, and tells the processor time of each request, that of a mirrored one, and
// the memory.
func sidecarCosts() (out []measurement, err error) {
	dir, err := os.MkdirTemp("", "foreshadow-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	const module = "github.com/foreshadow-dev/foreshadow/"
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", dir, module+"cmd/foreshadow-sidecar", module+"e2e/bench/bareproxy")
	if said, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build the sidecar: %w\n%s", err, said)
	}
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, tapPayload) }))
	defer app.Close()
	var all []*proxied
	defer func() {
		for _, p := range all {
			_ = p.process.Kill() // those that are left where something has failed
			p.to.stop()
		}
	}()
	for _, each := range []struct {
		name    string
		percent int
		to      func() (*receiver, error)
	}{
		{bareProxy, 0, warming}, {"0", 0, warming}, {"10", 10, warming}, {"100", 100, warming}, {"100_all", 100, insatiable},
	} {
		to, err := each.to()
		if err != nil {
			return nil, err
		}
		p, err := startProxy(dir, app.URL, each.name, each.percent, to)
		if err != nil {
			to.stop()
			return nil, err
		}
		all = append(all, p)
	}
	if err := load(all); err != nil {
		return nil, err
	}
	return weigh(all)
}

func startProxy(dir, appURL, name string, percent int, to *receiver) (*proxied, error) {
	ports, err := process.FreePorts(2)
	if err != nil {
		return nil, err
	}
	at := net.JoinHostPort(process.Loopback, strconv.Itoa(ports[0]))
	p := &proxied{name: name, url: "http://" + at, to: to}
	program, args := "bareproxy", []string{"--app.url=" + appURL, "--listen-address=" + at}
	if name != bareProxy {
		web := net.JoinHostPort(process.Loopback, strconv.Itoa(ports[1]))
		p.metrics = "http://" + web + "/metrics"
		program, args = "foreshadow-sidecar", []string{
			"--app.url=" + appURL, "--web.listen-address=" + web, "--tap.listen-address=" + at,
			"--tap.shadows=" + to.address, "--tap.percent=" + strconv.Itoa(percent),
		}
	}
	p.process, err = process.Start(process.Config{Name: name, Path: filepath.Join(dir, program), Args: args, LogDir: dir})
	if err != nil {
		return nil, err
	}
	err = p.process.Await(context.Background(), time.Minute, "a response through "+program, func(context.Context) (string, bool) {
		_, err := get(http.DefaultClient, p.url)
		return fmt.Sprint(err), err == nil
	})
	if err != nil {
		return nil, errors.Join(err, p.process.Kill())
	}
	return p, nil
}

// load sends as many requests through each, in turn, from as many clients.
func load(all []*proxied) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: costClients}}
	defer client.CloseIdleConnections()
	for range costRounds {
		for _, p := range all {
			if err := p.load(client); err != nil {
				return fmt.Errorf("through %s: %w", p.name, err)
			}
		}
	}
	return nil
}

func (p *proxied) load(client *http.Client) error {
	var clients errgroup.Group
	for range costClients {
		clients.Go(func() error {
			for range perClient {
				if _, err := get(client, p.url); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := clients.Wait(); err != nil {
		return err
	}
	p.requests += costClients * perClient
	if p.metrics == "" {
		return nil
	}
	resident, err := p.scrape("process_resident_memory_bytes")
	p.resident = append(p.resident, resident)
	return err
}

// scrape returns a metric of a sidecar.
func (p *proxied) scrape(name string) (float64, error) {
	families, err := p.Gather()
	if err != nil {
		return 0, fmt.Errorf("read the metrics of a sidecar: %w", err)
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue(), nil
		}
	}
	return 0, fmt.Errorf("a sidecar has no metric %s", name)
}

var _ prometheus.Gatherer = &proxied{}

// Gather reads the metrics of a sidecar.
func (p *proxied) Gather() ([]*dto.MetricFamily, error) {
	res, err := http.Get(p.metrics)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(res.Body)
	if err != nil {
		return nil, err
	}
	out := make([]*dto.MetricFamily, 0, len(families))
	for _, f := range families {
		out = append(out, f)
	}
	return out, nil
}

// weigh ends all, and tells what they took.
func weigh(all []*proxied) (out []measurement, err error) {
	perRequest, share := map[string]float64{}, map[string]float64{}
	for _, p := range all {
		if p.metrics != "" {
			n, err := mirrored(p)
			if err != nil {
				return nil, err
			}
			share[p.name] = n / float64(p.requests)
		}
		if err := p.process.Stop(time.Minute); err != nil {
			return nil, err
		}
		perRequest[p.name] = float64(p.process.CPU().Microseconds()) / float64(p.requests)
		out = append(out, measurement{"sidecar_cpu_" + p.name, perRequest[p.name], "us/request"})
	}
	for _, p := range all {
		if p.metrics == "" {
			continue
		}
		out = append(out,
			measurement{"sidecar_cpu_ratio_" + p.name, perRequest[p.name] / perRequest[bareProxy], "ratio to a bare proxy"},
			measurement{"sidecar_mirrored_" + p.name, 100 * share[p.name], "percent of requests"},
			measurement{"sidecar_resident_" + p.name, slices.Max(p.resident) / (1 << 20), "MiB, the most under load"})
	}
	return append(out, measurement{"sidecar_cpu_per_sample", (perRequest["100_all"] - perRequest["0"]) / share["100_all"], "us/mirrored request"}), nil
}
