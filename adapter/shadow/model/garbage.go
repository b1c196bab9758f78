package model

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const garbageCollector = "generic-garbage-collector"

// garbage is the garbage collector.
type garbage struct {
	*Server
	timing Timing
	// living counts the objects by UID.
	living map[types.UID]Kind
}

func newGarbage(s *Server, t Timing) *garbage {
	g := &garbage{Server: s, timing: t, living: map[types.UID]Kind{}}
	s.watchers = append(s.watchers, g.changed)
	return g
}

func (g *garbage) changed(ch Change) {
	if ch.New == nil {
		delete(g.living, ch.Last.GetUID())
		g.later(func() { g.dependents(ch.Last.GetUID(), g.collect) })
		return
	}
	g.living[ch.New.GetUID()] = ch.Kind
	refs := ch.New.GetOwnerReferences()
	if len(refs) > 0 && (ch.Old == nil || !slices.EqualFunc(refs, ch.Old.GetOwnerReferences(), func(a, b metav1.OwnerReference) bool { return a.UID == b.UID })) {
		o := ch.New
		g.later(func() { g.collect(ch.Kind, o) })
	}
	if ch.New.GetDeletionTimestamp() != nil && ch.Old != nil && ch.Old.GetDeletionTimestamp() == nil {
		g.later(func() { g.finalize(ch.Kind, ch.New) })
	}
}

func (g *garbage) later(do func()) {
	g.loop.After(g.loop.Between(g.timing.Collect/10, g.timing.Collect), garbageCollector, do)
}

// dependents calls f for each object that a UID owns.
func (g *garbage) dependents(owner types.UID, f func(Kind, client.Object)) {
	for _, k := range Kinds() {
		for _, o := range g.List(k, allNamespaces) {
			if slices.ContainsFunc(o.GetOwnerReferences(), func(r metav1.OwnerReference) bool { return r.UID == owner }) {
				f(k, o)
			}
		}
	}
}

// collect deletes an object none of whose owners exists; where some do, the
// references to the others go. One that never had an owner stays for ever.
func (g *garbage) collect(k Kind, seen client.Object) {
	o := g.get(k, keyOf(seen))
	if o == nil || o.GetUID() != seen.GetUID() || len(o.GetOwnerReferences()) == 0 {
		return
	}
	var solid []metav1.OwnerReference
	for _, ref := range o.GetOwnerReferences() {
		if _, ok := g.living[ref.UID]; ok {
			solid = append(solid, ref)
		}
	}
	switch len(solid) {
	case len(o.GetOwnerReferences()):
	case 0:
		_ = g.Delete(garbageCollector, k, keyOf(o), DeleteOptions{UID: o.GetUID()})
	default:
		edit(g.Server, garbageCollector, "", o, func(o client.Object) { o.SetOwnerReferences(solid) })
	}
}

// finalize does what the finalizers of the collector ask for.
func (g *garbage) finalize(k Kind, seen client.Object) {
	o := g.get(k, keyOf(seen))
	if o == nil || o.GetUID() != seen.GetUID() {
		return
	}
	uid := o.GetUID()
	switch {
	case slices.Contains(o.GetFinalizers(), metav1.FinalizerOrphanDependents):
		g.dependents(uid, func(_ Kind, d client.Object) {
			edit(g.Server, garbageCollector, "", d, func(d client.Object) {
				d.SetOwnerReferences(slices.DeleteFunc(d.GetOwnerReferences(), func(r metav1.OwnerReference) bool { return r.UID == uid }))
			})
		})
		g.release(o, metav1.FinalizerOrphanDependents)
	case slices.Contains(o.GetFinalizers(), metav1.FinalizerDeleteDependents):
		left := false
		g.dependents(uid, func(k Kind, d client.Object) {
			left = true
			if d.GetDeletionTimestamp() == nil {
				_ = g.Delete(garbageCollector, k, keyOf(d), DeleteOptions{UID: d.GetUID(), Propagation: metav1.DeletePropagationForeground})
			}
		})
		if left {
			g.later(func() { g.finalize(k, o) })
			return
		}
		g.release(o, metav1.FinalizerDeleteDependents)
	}
}

func (g *garbage) release(o client.Object, finalizer string) {
	edit(g.Server, garbageCollector, "", o, func(o client.Object) {
		o.SetFinalizers(slices.DeleteFunc(o.GetFinalizers(), func(f string) bool { return f == finalizer }))
	})
}
