package observe

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// SidecarName is the container by which shadows differ from live pods.
const SidecarName = "foreshadow-sidecar"

// Drift names the first field in which admission made a shadow other than a live
// pod of the same template, such as spec.containers[app].image; empty if there
// is none. Left out is what differs by nature: the node, the name of the volume
// with the service account's token, what debugging added, labels that the API
// server copies into a spread or affinity term; and what we add: the containers
// and volumes named in allowed, a spread or affinity term on our label, and the
// CPU of a shadow that idles. Lists whose items have names are compared by them.
func Drift(shadow, live *corev1.Pod, allowed ...string) string {
	d := differ{shadow: shadow.Name, live: live.Name, allowed: allowed, idle: shadow.Annotations[v1alpha1.IdleAnnotation] != ""}
	path, same := d.compare(reflect.ValueOf(&shadow.Spec).Elem(), reflect.ValueOf(&live.Spec).Elem())
	if same {
		return ""
	}
	return "spec" + path
}

// differ compares two pods of the names shadow and live.
type differ struct {
	shadow, live string
	allowed      []string
	idle         bool
	// copied are the keys that the API server copies from the labels of the pod
	// into the selector that is being compared.
	copied []string
}

// tokenVolume begins the name of the volume that admission adds for the token of
// the service account; the rest of it is random.
const tokenVolume = "kube-api-access-"

var (
	quantityType = reflect.TypeFor[resource.Quantity]()
	podSpecType  = reflect.TypeFor[corev1.PodSpec]()
)

// compare returns the path to the first difference below two values of one
// type.
func (d *differ) compare(a, b reflect.Value) (path string, same bool) {
	switch a.Kind() {
	case reflect.Struct:
		if a.Type() == quantityType {
			return "", as[resource.Quantity](a).Cmp(*as[resource.Quantity](b)) == 0
		}
		return d.structs(a, b)
	case reflect.Pointer:
		return d.pointers(a, b)
	case reflect.Slice:
		return d.lists(a, b)
	case reflect.Map:
		return d.maps(a, b)
	case reflect.String:
		return "", d.texts(a.String(), b.String())
	default:
		return "", a.Equal(b)
	}
}

// as returns a pointer to a value that can be addressed.
func as[T any](v reflect.Value) *T {
	p, _ := reflect.TypeAssert[*T](v.Addr())
	return p
}

// texts compares two texts. Where one holds the name of its pod, the other may
// hold that of the other pod.
func (d *differ) texts(a, b string) bool {
	return a == b || strings.HasPrefix(a, tokenVolume) && strings.HasPrefix(b, tokenVolume) ||
		d.shadow != "" && strings.Contains(a, d.shadow) && strings.ReplaceAll(a, d.shadow, d.live) == b
}

// pointers compares two pointers. An affinity that is nothing but a term of ours
// is as good as none.
func (d *differ) pointers(a, b reflect.Value) (string, bool) {
	if !a.IsNil() && !b.IsNil() {
		return d.compare(a.Elem(), b.Elem())
	}
	if a.IsNil() && b.IsNil() {
		return "", true
	}
	switch a.Interface().(type) {
	case *corev1.Affinity, *corev1.PodAffinity, *corev1.PodAntiAffinity:
		none := reflect.New(a.Type().Elem())
		if a.IsNil() {
			return d.compare(none.Elem(), b.Elem())
		}
		return d.compare(a.Elem(), none.Elem())
	}
	return "", false
}

func (d *differ) structs(a, b reflect.Value) (string, bool) {
	if keys := copiedKeys(a); len(keys) > 0 {
		was := d.copied
		d.copied = keys
		defer func() { d.copied = was }()
	}
	for _, f := range structFields(a.Type()) {
		path, same := d.compare(a.Field(f.index), b.Field(f.index))
		switch {
		case same:
		case f.name == "": // embedded
			return path, false
		default:
			return "." + f.name + path, false
		}
	}
	return "", true
}

// copiedKeys are the keys of a term whose labels the API server copies into its
// selector. A shadow may lack such a label.
func copiedKeys(v reflect.Value) []string {
	switch t := v.Addr().Interface().(type) {
	case *corev1.TopologySpreadConstraint:
		return t.MatchLabelKeys
	case *corev1.PodAffinityTerm:
		return append(slices.Clip(t.MatchLabelKeys), t.MismatchLabelKeys...)
	}
	return nil
}

// field is one of a struct type, by name as in JSON.
type field struct {
	index int
	name  string
}

var fieldsOf sync.Map // reflect.Type to []field

func structFields(t reflect.Type) []field {
	if known, ok := fieldsOf.Load(t); ok {
		f, _ := known.([]field)
		return f
	}
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || t == podSpecType && later(f.Name) {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, field{i, name})
	}
	fieldsOf.Store(t, out)
	return out
}

// later are the fields of a spec that are written when the pod is there already.
func later(name string) bool {
	switch name {
	case "NodeName", "EphemeralContainers", "SchedulingGates":
		return true
	}
	return false
}

// maps compares the kinds of maps that a spec has.
func (d *differ) maps(a, b reflect.Value) (string, bool) {
	switch x := a.Addr().Interface().(type) {
	case *corev1.ResourceList:
		key := differing(*x, *as[corev1.ResourceList](b), func(k corev1.ResourceName, x, y resource.Quantity) bool {
			return d.idle && k == corev1.ResourceCPU || x.Cmp(y) == 0
		})
		if key == nil {
			return "", true
		}
		return "." + string(*key), false
	case *map[string]string:
		y := *as[map[string]string](b)
		key := differing(*x, y, func(k, v, w string) bool {
			_, inX := (*x)[k]
			_, inY := y[k]
			return inX == inY && d.texts(v, w)
		})
		if key == nil {
			return "", true
		}
		return "[" + *key + "]", false
	default:
		return "", reflect.DeepEqual(a.Interface(), b.Interface())
	}
}

// differing returns the first key, in the alphabet, whose values differ; nil if
// there is none. A key that one map lacks has the zero value there.
func differing[K cmp.Ordered, V any](a, b map[K]V, same func(k K, x, y V) bool) (first *K) {
	for _, m := range []map[K]V{a, b} {
		for k := range m {
			if (first == nil || k < *first) && !same(k, a[k], b[k]) {
				first = &k
			}
		}
	}
	return first
}

// lists compares two lists, what is ours left out: item by item, or by the names
// of the items where they have any.
func (d *differ) lists(a, b reflect.Value) (string, bool) {
	next := 0
	for i := range a.Len() {
		x := a.Index(i)
		if d.skips(x) {
			continue
		}
		for next < b.Len() && d.skips(b.Index(next)) {
			next++
		}
		at := partner(x, b, next)
		if at < 0 {
			return label(x, i), false
		}
		if path, same := d.compare(x, b.Index(at)); !same {
			return label(x, i) + path, false
		}
		next++
	}
	for j := range b.Len() {
		y := b.Index(j)
		if _, named := nameOf(y); !d.skips(y) && (named && partner(y, a, j) < 0 || !named && j >= next) {
			return label(y, j), false
		}
	}
	return "", true
}

// partner returns where a list has the item that is to be compared with x: the
// one of its name, or the next one.
func partner(x, list reflect.Value, next int) int {
	name, named := nameOf(x)
	if next < list.Len() {
		if other, _ := nameOf(list.Index(next)); other == name {
			return next
		}
	}
	if !named {
		return -1
	}
	for i := range list.Len() {
		if other, _ := nameOf(list.Index(i)); other == name {
			return i
		}
	}
	return -1
}

// nameOf is by what an item of a list is known.
func nameOf(v reflect.Value) (name string, named bool) {
	switch item := v.Addr().Interface().(type) {
	case *corev1.Container:
		return item.Name, true
	case *corev1.Volume:
		if strings.HasPrefix(item.Name, tokenVolume) {
			return tokenVolume, true
		}
		return item.Name, true
	case *corev1.VolumeMount:
		return item.MountPath, true
	case *corev1.EnvVar:
		return item.Name, true
	}
	return "", false
}

func label(v reflect.Value, at int) string {
	if name, named := nameOf(v); named {
		return "[" + name + "]"
	}
	return "[" + strconv.Itoa(at) + "]"
}

// skips says that an item of a list is one of ours, or copied.
func (d *differ) skips(v reflect.Value) bool {
	switch item := v.Addr().Interface().(type) {
	case *corev1.Container:
		return slices.Contains(d.allowed, item.Name)
	case *corev1.Volume:
		return slices.Contains(d.allowed, item.Name)
	case *corev1.TopologySpreadConstraint:
		return selectsOurs(item.LabelSelector)
	case *corev1.PodAffinityTerm:
		return selectsOurs(item.LabelSelector)
	case *corev1.WeightedPodAffinityTerm:
		return selectsOurs(item.PodAffinityTerm.LabelSelector)
	case *metav1.LabelSelectorRequirement:
		return slices.Contains(d.copied, item.Key)
	}
	return false
}

// selectsOurs says that a term goes by the label of the pool.
func selectsOurs(s *metav1.LabelSelector) bool {
	if s == nil {
		return false
	}
	_, there := s.MatchLabels[v1alpha1.PoolLabel]
	return there || slices.ContainsFunc(s.MatchExpressions, func(r metav1.LabelSelectorRequirement) bool { return r.Key == v1alpha1.PoolLabel })
}
