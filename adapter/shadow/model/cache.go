package model

import (
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Cache is what one client knows of the store: for each kind the changes in
// their order, some time after they happened.
type Cache struct {
	loop    *Loop
	name    string
	objects map[Kind]*objects
	// Lag bounds how late a change arrives.
	Lag time.Duration
	// arrived is when the last change of a kind arrives.
	arrived map[Kind]time.Time
	// paused are the kinds whose watch hangs, held the changes that wait then.
	paused  map[Kind]bool
	stopped bool
	held    []Change
	// Changed is called after each change has arrived.
	Changed func(Change)
}

// NewCache returns a cache of some kinds, filled with what there is now, as a
// list fills it.
func (s *Server) NewCache(name string, lag time.Duration, kinds ...Kind) *Cache {
	c := &Cache{loop: s.loop, name: name, Lag: lag, objects: map[Kind]*objects{}, arrived: map[Kind]time.Time{}, paused: map[Kind]bool{}}
	for _, k := range kinds {
		c.objects[k] = s.objects[k].clone()
	}
	s.watchers = append(s.watchers, c.watch)
	return c
}

// watch takes a change on its way.
func (c *Cache) watch(ch Change) {
	if _, ok := c.objects[ch.Kind]; !ok || c.stopped {
		return
	}
	if c.paused[ch.Kind] {
		c.held = append(c.held, ch)
		return
	}
	c.send(ch)
}

func (c *Cache) send(ch Change) {
	at := c.loop.Now().Add(c.loop.Between(0, c.Lag))
	if last := c.arrived[ch.Kind]; at.Before(last) {
		at = last
	}
	c.arrived[ch.Kind] = at
	c.loop.At(at, "watch of "+c.name, func() { c.take(ch) })
}

func (c *Cache) take(ch Change) {
	if c.stopped {
		return
	}
	key := keyOf(ch.Last)
	ch.Old = c.objects[ch.Kind].get(key)
	if ch.New == nil {
		c.objects[ch.Kind].remove(key)
	} else {
		c.objects[ch.Kind].put(ch.New)
	}
	if c.Changed != nil {
		c.Changed(ch)
	}
}

// Pause keeps changes back, as a watch that hangs does: those of some kinds, or
// of all where none is given.
func (c *Cache) Pause(kinds ...Kind) { c.pause(true, kinds) }

// Resume lets them come.
func (c *Cache) Resume(kinds ...Kind) {
	c.pause(false, kinds)
	held := c.held
	c.held = nil
	for _, ch := range held {
		c.watch(ch)
	}
}

func (c *Cache) pause(hangs bool, kinds []Kind) {
	if len(kinds) == 0 {
		kinds = Kinds()
	}
	for _, k := range kinds {
		c.paused[k] = hangs
	}
}

// Stop ends the cache with its process.
func (c *Cache) Stop() { c.stopped = true }

// List returns the objects of a kind that the client knows, by name.
func (c *Cache) List(k Kind, namespace string) []client.Object {
	return c.objects[k].list(namespace)
}

// Get returns an object that the client knows, or nil.
func (c *Cache) Get(k Kind, key types.NamespacedName) client.Object { return c.objects[k].get(key) }

// listOf returns the objects of a kind as their own type.
func listOf[T client.Object](c interface {
	List(Kind, string) []client.Object
}, k Kind, namespace string,
) []T {
	var out []T
	for _, o := range c.List(k, namespace) {
		if t, ok := o.(T); ok {
			out = append(out, t)
		}
	}
	return out
}
