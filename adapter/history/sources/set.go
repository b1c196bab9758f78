package sources

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// Options say what the sources have in common.
type Options struct {
	// Default is the source that flags configure, for every namespace, and
	// Confinement what its queries are bound by.
	Default     history.Source
	Confinement history.Confinement
	// PerNamespace is how many queries one namespace may have under way at a
	// source.
	PerNamespace int
	// Wrap is what stands between a namespace's share of a source and the
	// source, such as a store that keeps what was read; nil: nothing. data tells
	// sources with other data apart.
	Wrap func(src history.Source, data string) history.Source

	Metrics    *history.Metrics
	Logger     log.Logger
	Registerer prometheus.Registerer // of the file's metrics; nil: none
	Clock      clock.WithTicker
}

// Set holds the sources. It is safe for concurrent use.
type Set struct {
	o Options

	mu     sync.Mutex
	byName map[string]*source // the default among them
}

// source is one server.
type source struct {
	fair        *history.Fair
	remote      *history.Remote // nil: the default, which somebody else closes
	namespaces  map[string]bool
	confinement history.Confinement
	text, data  string
}

// admits says whether pools of a namespace may read it.
func (s *source) admits(namespace string) bool {
	return s.namespaces[everybody] || s.namespaces[namespace]
}

// Reading is what a pool reads from.
type Reading struct {
	// Source asks what the name stands for at that time, while it holds the same
	// data and the namespace may read it.
	Source      history.Source
	Confinement history.Confinement
	// Data tells sources with other data apart.
	Data string
}

// NewSet returns a set with the default alone.
func NewSet(o Options) *Set {
	s := &Set{o: o}
	s.byName = map[string]*source{Default: {
		fair: s.share(o.Default, Default), namespaces: map[string]bool{everybody: true}, confinement: o.Confinement, data: Default,
	}}
	return s
}

func (s *Set) share(src history.Source, data string) *history.Fair {
	if s.o.Wrap != nil {
		src = s.o.Wrap(src, data)
	}
	return history.NewFair(src, s.o.PerNamespace)
}

// Of returns what a pool of the namespace reads from. The error says what to
// write.
func (s *Set) Of(name, namespace string) (Reading, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	src, err := s.find(name, namespace)
	if err != nil {
		return Reading{}, err
	}
	return Reading{Source: reading{set: s, name: name, namespace: namespace, data: src.data}, Confinement: src.confinement, Data: src.data}, nil
}

// find looks a source up. s.mu is held.
func (s *Set) find(name, namespace string) (*source, error) {
	src := s.byName[name]
	switch {
	case src == nil:
		return nil, fmt.Errorf("unknown source %q: write %s", name, s.open(namespace))
	case !src.admits(namespace):
		return nil, fmt.Errorf("source %q is not for namespace %q: write %s, or ask the operator to list the namespace in --history.sources-file", name, namespace, s.open(namespace))
	}
	return src, nil
}

// open names the sources that a namespace may read. s.mu is held.
func (s *Set) open(namespace string) string {
	var may []string
	for _, name := range slices.Sorted(maps.Keys(s.byName)) {
		if s.byName[name].admits(namespace) {
			may = append(may, name)
		}
	}
	return strings.Join(may, " or ")
}

// reading is a source as one pool reads it.
type reading struct {
	set                   *Set
	name, namespace, data string
}

// String names the server, without credentials.
func (r reading) String() string {
	r.set.mu.Lock()
	defer r.set.mu.Unlock()
	if src := r.set.byName[r.name]; src != nil {
		return fmt.Sprint(src.fair.For(r.namespace))
	}
	return "source " + r.name
}

// QueryRange asks the server that the name stands for now.
func (r reading) QueryRange(ctx context.Context, expr string, rng history.Range) (history.Result, error) {
	r.set.mu.Lock()
	src, err := r.set.find(r.name, r.namespace)
	r.set.mu.Unlock()
	if err == nil && src.data != r.data {
		err = errors.New("it holds other data now: the pool is read anew")
	}
	if err != nil {
		return history.Result{}, &history.QueryError{Where: "source " + r.name, Kind: history.ErrUnavailable, Cause: err, Remedy: "wait for the pool's next round"}
	}
	return src.fair.For(r.namespace).QueryRange(ctx, expr, rng)
}

// make returns the source of an entry, which is the old one where the entry has
// not changed. Errors begin with the field.
func (s *Set) make(old *source, e entry, dir string) (*source, error) {
	if old != nil && old.text == e.text() {
		return old, nil
	}
	cfg := history.RemoteConfig{URL: e.URL, Limits: history.Limits{Concurrent: e.MaxConcurrency}, URLField: "url", HTTPField: "http_config"}
	if e.Timeout != "" {
		d, err := model.ParseDuration(e.Timeout)
		if err != nil || time.Duration(d) < time.Second {
			return nil, fmt.Errorf("timeout: %q: write a duration of at least 1s, such as 30s", e.Timeout)
		}
		cfg.Limits.Timeout = time.Duration(d)
	}
	var err error
	if cfg.HTTP, err = e.httpConfig(dir); err != nil {
		return nil, err
	}
	remote, err := history.NewRemote(cfg, s.o.Logger, s.o.Metrics, s.o.Clock)
	if err != nil {
		return nil, err
	}
	src := &source{
		fair: s.share(remote, e.data()), remote: remote, namespaces: map[string]bool{},
		confinement: e.confinement(), text: e.text(), data: e.data(),
	}
	for _, ns := range e.Namespaces {
		src.namespaces[ns] = true
	}
	return src, nil
}

// replace makes the entries the sources beside the default: all of them or,
// with an error, none.
func (s *Set) replace(entries []entry, dir string) error {
	s.mu.Lock()
	before := s.byName
	s.mu.Unlock()
	next := map[string]*source{Default: before[Default]}
	for i, e := range entries {
		src, err := s.make(before[e.Name], e, dir)
		if err != nil {
			closeOthers(next, before)
			return fmt.Errorf("sources[%d].%w", i, err)
		}
		next[e.Name] = src
	}
	s.mu.Lock()
	s.byName = next
	s.mu.Unlock()
	closeOthers(before, next)
	return nil
}

// closeOthers closes the sources that are not in use; queries under way end by
// themselves.
func closeOthers(sources, used map[string]*source) {
	for name, src := range sources {
		if used[name] != src && src.remote != nil {
			src.remote.Close()
		}
	}
}
