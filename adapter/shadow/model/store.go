package model

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/invariant"
)

// Change is one change of the store. Old is nil for a new object, New for one
// that is gone; neither is ever written.
type Change struct {
	Kind     Kind
	Old, New client.Object
	// Last is what a watch shows: New, or the last of what is gone.
	Last client.Object
	Type invariant.Type
	By   string
}

// Store holds the objects. It has one version counter for all kinds, as etcd
// has.
type Store struct {
	loop     *Loop
	objects  map[Kind]*objects
	revision uint64
	made     int
	watchers []func(Change)
}

func newStore(l *Loop) *Store {
	s := &Store{loop: l, objects: map[Kind]*objects{}}
	for _, k := range Kinds() {
		s.objects[k] = newObjects()
	}
	return s
}

func keyOf(o client.Object) types.NamespacedName { return client.ObjectKeyFromObject(o) }

// get returns an object or nil.
func (s *Store) get(k Kind, key types.NamespacedName) client.Object { return s.objects[k].get(key) }

// List returns the objects of a kind in a namespace, or in all, by name.
func (s *Store) List(k Kind, namespace string) []client.Object { return s.objects[k].list(namespace) }

// put stores an object as the next version and tells the watchers.
func (s *Store) put(by string, k Kind, o client.Object) {
	key := keyOf(o)
	old := s.get(k, key)
	s.revision++
	o.SetResourceVersion(strconv.FormatUint(s.revision, 10))
	s.objects[k].put(o)
	c := Change{Kind: k, Old: old, New: o, Last: o, Type: invariant.Modified, By: by}
	if old == nil {
		c.Type = invariant.Added
	}
	s.tell(c)
}

// remove takes an object away and tells the watchers.
func (s *Store) remove(by string, k Kind, key types.NamespacedName) {
	old := s.get(k, key)
	if old == nil {
		return
	}
	s.objects[k].remove(key)
	s.revision++
	last := copyOf(old)
	last.SetResourceVersion(strconv.FormatUint(s.revision, 10))
	s.tell(Change{Kind: k, Old: old, Last: last, Type: invariant.Deleted, By: by})
}

func (s *Store) tell(c Change) {
	for _, w := range s.watchers {
		w(c)
	}
}

// uid returns a new UID; which of two is the lower one is a matter of chance.
func (s *Store) uid() types.UID {
	s.made++
	h := sha256.Sum256(fmt.Appendf(nil, "%d %d", s.made, s.loop.IntN(256)))
	return types.UID(fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16]))
}

// stamp returns an instant as objects hold it.
func stamp(t time.Time) metav1.Time { return metav1.NewTime(t.Truncate(time.Second)) }

func copyOf[T client.Object](o T) T {
	c, ok := o.DeepCopyObject().(T)
	if !ok {
		panic(fmt.Sprintf("model: the copy of a %T is none", o))
	}
	return c
}

// Revision is the version of the last change.
func (s *Store) Revision() uint64 { return s.revision }
