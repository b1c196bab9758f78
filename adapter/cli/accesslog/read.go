package accesslog

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

const (
	// MaxRoutes bounds the routes of a list: each has up to examples paths.
	MaxRoutes = warmup.MaxRequests / examples
	// examples are the real paths of a route that its requests go to: one alone
	// would fill a cache with one thing.
	examples = 3
	// maxLine bounds a line; maxPaths the paths that are known of a route, and
	// maxSeen the routes: what comes later is counted and not kept.
	maxLine  = 1 << 20
	maxPaths = 10_000
	maxSeen  = 10_000
	// maxWeight is that of a request in a list.
	maxWeight = 1_000_000
)

// Summary is what was made of a log.
type Summary struct {
	// List has the routes that were asked for most, the most frequent first.
	List warmup.List
	// Kept counts the requests that the list stands for, Routes all routes that
	// could have been in it.
	Kept, Routes int
	// Requests that were left out: of methods that may change something, answered
	// with an error, with what may be a secret in the path, by the probes of a
	// kubelet, without a path.
	Unsafe, Failed, Secret, Probes, Pathless int
	// Bad counts the lines that cannot be read, the first of which is FirstBad.
	Bad, FirstBad int
}

// route is what is known of one.
type route struct {
	method string
	n      int
	paths  map[string]int
}

type reader struct {
	Summary
	clean  cleaner
	routes map[string]*route
}

// Read makes a list of at most limit routes of a log.
func Read(log io.Reader, limit int) (Summary, error) {
	r := &reader{clean: cleaner{warmup.NewStrip(nil, nil)}, routes: map[string]*route{}}
	lines := bufio.NewScanner(log)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	n, read := 0, 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		e, err := parseLine(line)
		if err != nil {
			if r.Bad++; r.FirstBad == 0 {
				r.FirstBad = n
			}
			continue
		}
		read++
		r.take(e)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return r.Summary, fmt.Errorf("line %d: it is longer than a MiB: write a line per request", n+1)
	}
	if err := lines.Err(); err != nil {
		return r.Summary, err
	}
	switch {
	case n == 0:
		return r.Summary, errors.New("it is empty: write the log of some hours")
	case read == 0:
		return r.Summary, fmt.Errorf("line %d: %w", r.FirstBad, errLine)
	}
	r.list(limit)
	return r.Summary, nil
}

// take counts a request for its route, or for why it is left out.
func (r *reader) take(e entry) {
	path, secret := r.clean.path(e.target)
	switch {
	case strings.HasPrefix(e.agent, "kube-probe/"):
		r.Probes++
	case e.method != http.MethodGet && e.method != http.MethodHead && e.method != http.MethodOptions:
		r.Unsafe++
	case e.status >= 400:
		r.Failed++
	case secret:
		r.Secret++
	case path == "":
		r.Pathless++
	default:
		r.count(e.method, path)
	}
}

func (r *reader) count(method, path string) {
	name := warmup.RouteOf(method, path)
	of := r.routes[name]
	if of == nil {
		if len(r.routes) >= maxSeen {
			return
		}
		of = &route{method: method, paths: map[string]int{}}
		r.routes[name] = of
	}
	of.n++
	if _, known := of.paths[path]; known || len(of.paths) < maxPaths {
		of.paths[path]++
	}
}

// list takes the most frequent routes. The weight of a route is shared by its most
// frequent paths as they share its requests.
func (r *reader) list(limit int) {
	names := slices.SortedFunc(maps.Keys(r.routes), func(a, b string) int {
		return cmp.Or(cmp.Compare(r.routes[b].n, r.routes[a].n), strings.Compare(a, b))
	})
	r.Routes = len(names)
	names = names[:min(limit, len(names))]
	scale := 1.0
	if len(names) > 0 {
		scale = math.Min(1, maxWeight/float64(r.routes[names[0]].n))
	}
	for _, name := range names {
		of := r.routes[name]
		r.Kept += of.n
		paths := slices.SortedFunc(maps.Keys(of.paths), func(a, b string) int {
			return cmp.Or(cmp.Compare(of.paths[b], of.paths[a]), strings.Compare(a, b))
		})
		paths = paths[:min(examples, len(paths))]
		sum := 0
		for _, p := range paths {
			sum += of.paths[p]
		}
		for _, p := range paths {
			weight := int32(max(1, math.Round(scale*float64(of.n)*float64(of.paths[p])/float64(sum))))
			q := warmup.Request{Path: p, Weight: &weight}
			if of.method != http.MethodGet {
				q.Method = of.method
			}
			r.List.Requests = append(r.List.Requests, q)
		}
	}
}

// Text is the list as a sidecar reads it.
func (s Summary) Text() (string, error) {
	raw, err := yaml.Marshal(s.List)
	if err != nil {
		return "", fmt.Errorf("write the list: %w", err)
	}
	return string(raw), nil
}
