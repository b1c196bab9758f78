// Command bench measures what the adapter promises as ratios against a peer in
// the same run, prints them as a table and leaves them in a JSON file:
//
//   - one external metric against a no-op handler behind the same chain of
//     filters, with Prometheus healthy and hung;
//   - queries to Prometheus per pool and hour against an adapter that asks one
//     per read, and the bytes of their answers;
//   - the cost of a forecast against a naive pass over the same series;
//   - what a pool keeps in memory, and what the library keeps of a workload: its
//     bytes, the cost of one value and of a round of 10,000 workloads;
//   - a request through the tap of the sidecar against one through a bare
//     httputil.ReverseProxy, with its mirror at 0, 10 and 100 percent, and hung,
//     and the processor time and memory of both as processes of their own;
//   - a decision about a pool with 10, 100 and 1,000 shadows;
//   - 300 activations in one raise, on the modelled control plane: the slope of
//     the time that they take over the latency of a write is the number of writes
//     one after another. The clock is virtual and the slope a count, so that no
//     machine makes a difference. The same raise by the client of the product on
//     an HTTP server, in real time, shows that nothing in it throttles;
//   - what 1,000 pools write within an hour of constant load.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/go-logr/logr"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// measurement is one figure; name and unit are fixed, for who compares runs.
type measurement struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

func main() {
	klog.SetLogger(logr.Discard()) // the table is what is asked for
	ctrllog.SetLogger(logr.Discard())
	only := flag.String("only", "", "Measure the parts whose name contains this, and no others.")
	flag.Parse()
	if err := run(os.Stdout, *only, filepath.Join("out", "bench.json")); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(out io.Writer, only, file string) error {
	var all []measurement
	for _, part := range []struct {
		name    string
		measure func() ([]measurement, error)
	}{
		{"serve one external metric", serving},
		{"queries to Prometheus", queries},
		{"bytes of Prometheus", traffic},
		{"forecast", forecasting},
		{"fit and forecast", together},
		{"state of a workload", states},
		{"memory of a pool", memory},
		{"decisions", planning},
		{"the tap of the sidecar", tapping},
		{"the processor time of a tap", sidecarCosts},
		{"bursts on an HTTP server", wall},
		{"the modelled control plane", lifecycle},
	} {
		if !strings.Contains(part.name, only) {
			continue
		}
		m, err := part.measure()
		if err != nil {
			return fmt.Errorf("measure %s: %w", part.name, err)
		}
		all = append(all, m...)
	}
	if len(all) == 0 {
		return fmt.Errorf("-only: %q: no part is called so: write part of the name of one, such as forecast", only)
	}
	if err := table(out, all); err != nil {
		return err
	}
	return save(file, all)
}

func table(out io.Writer, all []measurement) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, m := range all {
		_, _ = fmt.Fprintf(w, "%s\t%.4g\t%s\n", m.Name, m.Value, m.Unit) // Flush has the error
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print table: %w", err)
	}
	return nil
}

func save(file string, all []measurement) error {
	raw, err := json.MarshalIndent(map[string][]measurement{"measurements": all}, "", "  ")
	if err != nil {
		return fmt.Errorf("encode measurements: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
		return fmt.Errorf("leave measurements: %w", err)
	}
	if err := os.WriteFile(file, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("leave measurements: %w", err)
	}
	return nil
}
