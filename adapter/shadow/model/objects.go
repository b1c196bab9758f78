package model

import (
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// objects are those of one kind, by namespace and name.
type objects struct {
	byName map[types.NamespacedName]client.Object
	// sorted are the objects of each namespace by name, names the namespaces:
	// what is listed at every event is not sorted at every event.
	sorted map[string][]client.Object
	names  []string
}

func newObjects() *objects {
	return &objects{byName: map[types.NamespacedName]client.Object{}, sorted: map[string][]client.Object{}}
}

func (o *objects) get(key types.NamespacedName) client.Object { return o.byName[key] }

func (o *objects) put(obj client.Object) {
	key := keyOf(obj)
	o.byName[key] = obj
	all, known := o.sorted[key.Namespace]
	if !known {
		i, _ := slices.BinarySearch(o.names, key.Namespace)
		o.names = slices.Insert(o.names, i, key.Namespace)
	}
	i, found := position(all, key.Name)
	if found {
		all[i] = obj
		return
	}
	o.sorted[key.Namespace] = slices.Insert(all, i, obj)
}

func (o *objects) remove(key types.NamespacedName) {
	delete(o.byName, key)
	all := o.sorted[key.Namespace]
	if i, found := position(all, key.Name); found {
		o.sorted[key.Namespace] = slices.Delete(all, i, i+1)
	}
}

func position(all []client.Object, name string) (int, bool) {
	return slices.BinarySearchFunc(all, name, func(o client.Object, name string) int { return strings.Compare(o.GetName(), name) })
}

// list returns the objects of a namespace, or of all, by namespace and name.
func (o *objects) list(namespace string) []client.Object {
	if namespace != allNamespaces {
		return slices.Clone(o.sorted[namespace])
	}
	out := make([]client.Object, 0, len(o.byName))
	for _, ns := range o.names {
		out = append(out, o.sorted[ns]...)
	}
	return out
}

// clone returns a copy that shares the objects.
func (o *objects) clone() *objects {
	out := &objects{byName: maps.Clone(o.byName), sorted: map[string][]client.Object{}, names: slices.Clone(o.names)}
	for ns, all := range o.sorted {
		out.sorted[ns] = slices.Clone(all)
	}
	return out
}
