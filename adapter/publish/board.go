package publish

import (
	"cmp"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Board is where pools are published. Any number of goroutines may publish and read. The zero Board is empty and ready.
type Board struct {
	mu      sync.Mutex // held by writers only, so that none loses the change of another
	current atomic.Pointer[Snapshot]
}

// Publish puts p in the place of what was published about the same pool. It keeps nothing of the caller's memory.
// It costs a copy of one slice of pointers for the namespaces and one for the pools of p's namespace.
func (b *Board) Publish(p Pool) {
	e := newEntry(p)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.current.Store(b.Snapshot().with(e))
}

// Remove takes back what was published about the pool. A pool that was never published is no error.
func (b *Board) Remove(namespace, name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.current.Store(b.Snapshot().without(namespace, name))
}

// SawShadowsRole notes that the role that keeps the shadows was alive at that time. It never takes back a later one.
func (b *Board) SawShadowsRole(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := *b.Snapshot()
	if at.After(next.shadowsRole) {
		next.shadowsRole = at
		b.current.Store(&next)
	}
}

// Snapshot returns what is published now. It stays as it is, whatever is published later.
func (b *Board) Snapshot() *Snapshot {
	if s := b.current.Load(); s != nil {
		return s
	}
	return &Snapshot{}
}

// Snapshot is an immutable state of a Board, sorted by namespace and name.
type Snapshot struct {
	namespaces []*namespace
	pools      int
	// shadowsRole is when the role that keeps the shadows was seen alive last; zero if it never was.
	shadowsRole time.Time
}

// namespace holds the pools of one namespace, sorted by name; there is at least one.
type namespace struct {
	name    string
	entries []*entry
}

// entry is a published pool with what would otherwise be computed with each request.
type entry struct {
	pool   Pool
	labels map[string]string // of the metrics API's item; shared with every answer, never written
}

func newEntry(p Pool) *entry {
	return &entry{pool: p.clone(), labels: map[string]string{LabelPool: p.Name}}
}

// Len returns the number of pools.
func (s *Snapshot) Len() int { return s.pools }

// Pool returns what is published about one pool, and whether anything is. The pool's Loads must not be written.
func (s *Snapshot) Pool(namespace, name string) (Pool, bool) {
	if e := s.entry(namespace, name); e != nil {
		return e.pool, true
	}
	return Pool{}, false
}

// Pools yields every pool, sorted by namespace and name. The pools must not be written.
func (s *Snapshot) Pools() iter.Seq[*Pool] {
	return func(yield func(*Pool) bool) {
		for _, ns := range s.namespaces {
			for _, e := range ns.entries {
				if !yield(&e.pool) {
					return
				}
			}
		}
	}
}

// entry returns one pool's entry or nil.
func (s *Snapshot) entry(namespace, name string) *entry {
	entries := s.entries(namespace)
	if i, found := findEntry(entries, name); found {
		return entries[i]
	}
	return nil
}

// entries returns the pools of one namespace, sorted by name.
func (s *Snapshot) entries(namespace string) []*entry {
	if i, found := findNamespace(s.namespaces, namespace); found {
		return s.namespaces[i].entries
	}
	return nil
}

// with returns s with e in it.
func (s *Snapshot) with(e *entry) *Snapshot {
	next := &Snapshot{pools: s.pools, shadowsRole: s.shadowsRole}
	old := s.entries(e.pool.Namespace)
	i, found := findEntry(old, e.pool.Name)
	if !found {
		next.pools++
	}
	next.namespaces = s.replace(&namespace{name: e.pool.Namespace, entries: put(old, i, found, e)})
	return next
}

// without returns s without the pool.
func (s *Snapshot) without(ns, name string) *Snapshot {
	old := s.entries(ns)
	i, found := findEntry(old, name)
	if !found {
		return s
	}
	next := &Snapshot{pools: s.pools - 1, shadowsRole: s.shadowsRole}
	if len(old) > 1 {
		next.namespaces = s.replace(&namespace{name: ns, entries: drop(old, i)})
		return next
	}
	n, _ := findNamespace(s.namespaces, ns)
	next.namespaces = drop(s.namespaces, n)
	return next
}

// replace returns the namespaces of s with ns in the place of the one with its name.
func (s *Snapshot) replace(ns *namespace) []*namespace {
	i, found := findNamespace(s.namespaces, ns.name)
	return put(s.namespaces, i, found, ns)
}

func findNamespace(in []*namespace, name string) (int, bool) {
	return slices.BinarySearchFunc(in, name, func(n *namespace, name string) int { return cmp.Compare(n.name, name) })
}

func findEntry(in []*entry, name string) (int, bool) {
	return slices.BinarySearchFunc(in, name, func(e *entry, name string) int { return cmp.Compare(e.pool.Name, name) })
}

// put returns a copy of in with v at i, in the place of what is there (over) or before it.
func put[T any](in []T, i int, over bool, v T) []T {
	rest := i
	if over {
		rest++
	}
	out := make([]T, 0, len(in)+1)
	out = append(out, in[:i]...)
	out = append(out, v)
	return append(out, in[rest:]...)
}

// drop returns a copy of in without its element i.
func drop[T any](in []T, i int) []T {
	return slices.Concat(in[:i], in[i+1:])
}
