package model

import (
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// objects are those of one kind, by namespace and name.
type objects map[string]map[string]client.Object

func (o objects) get(key types.NamespacedName) client.Object { return o[key.Namespace][key.Name] }

func (o objects) put(obj client.Object) {
	ns := o[obj.GetNamespace()]
	if ns == nil {
		ns = map[string]client.Object{}
		o[obj.GetNamespace()] = ns
	}
	ns[obj.GetName()] = obj
}

func (o objects) remove(key types.NamespacedName) { delete(o[key.Namespace], key.Name) }

// list returns the objects of a namespace, or of all, by namespace and name.
func (o objects) list(namespace string) []client.Object {
	namespaces := []string{namespace}
	if namespace == allNamespaces {
		namespaces = slices.Sorted(maps.Keys(o))
	}
	var out []client.Object
	for _, ns := range namespaces {
		for _, name := range slices.Sorted(maps.Keys(o[ns])) {
			out = append(out, o[ns][name])
		}
	}
	return out
}

// clone returns a copy that shares the objects.
func (o objects) clone() objects {
	out := objects{}
	for ns, all := range o {
		out[ns] = maps.Clone(all)
	}
	return out
}
