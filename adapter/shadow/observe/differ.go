package observe

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// differ compares the specs of two pods, of the names shadow and live, until it
// comes upon a difference that is not allowed.
type differ struct {
	shadow, live string
	allowed      []string
	idle         bool
	boosted      bool

	// at are the steps to what is being compared, found the path of the
	// difference.
	at    []string
	found string
	// copied are the keys of copiedKeys for the term that is being compared.
	copied []string
}

var (
	quantityType = reflect.TypeFor[resource.Quantity]()
	podSpecType  = reflect.TypeFor[corev1.PodSpec]()
)

// specs returns the path to the first difference.
func (d *differ) specs(a, b *corev1.PodSpec) string {
	d.at = make([]string, 0, 24)
	d.values(reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem())
	return d.found
}

// values compares two values of one type, both within something that a pointer
// points to. Like all that it calls, it says whether to go on.
func (d *differ) values(a, b reflect.Value) bool {
	switch a.Kind() {
	case reflect.Struct:
		if a.Type() == quantityType {
			return as[resource.Quantity](a).Cmp(*as[resource.Quantity](b)) == 0 || d.differs("")
		}
		return d.structs(a, b)
	case reflect.Pointer:
		return d.pointers(a, b)
	case reflect.Slice:
		return d.lists(a, b)
	case reflect.Map:
		return d.maps(a, b)
	case reflect.String:
		return d.sameText(a.String(), b.String()) || d.differs("")
	default:
		return a.Equal(b) || d.differs("")
	}
}

// as returns a pointer to a value.
func as[T any](v reflect.Value) *T {
	p, _ := reflect.TypeAssert[*T](v.Addr())
	return p
}

// differs notes a difference, one step further where step is not empty, unless
// it is allowed.
func (d *differ) differs(step string) bool {
	path := "spec" + strings.Join(d.at, "") + step
	if slices.Contains(d.allowed, path) {
		return true
	}
	d.found = path
	return false
}

func (d *differ) sameText(a, b string) bool {
	return a == b || strings.HasPrefix(a, tokenVolume) && strings.HasPrefix(b, tokenVolume) ||
		d.shadow != "" && strings.Contains(a, d.shadow) && strings.ReplaceAll(a, d.shadow, d.live) == b
}

// pointers compares what two pointers point to. An affinity that is nothing but
// a term of ours is as good as none.
func (d *differ) pointers(a, b reflect.Value) bool {
	switch {
	case a.IsNil() && b.IsNil():
		return true
	case !a.IsNil() && !b.IsNil():
		return d.values(a.Elem(), b.Elem())
	}
	switch a.Interface().(type) {
	case *corev1.Affinity, *corev1.PodAffinity, *corev1.PodAntiAffinity:
		none := reflect.New(a.Type().Elem())
		if a.IsNil() {
			return d.values(none.Elem(), b.Elem())
		}
		return d.values(a.Elem(), none.Elem())
	}
	return d.differs("")
}

func (d *differ) structs(a, b reflect.Value) bool {
	if keys := copiedKeys(a.Addr().Interface()); len(keys) > 0 {
		was := d.copied
		d.copied = keys
		defer func() { d.copied = was }()
	}
	for _, f := range fieldsOf(a.Type()) {
		d.at = append(d.at, f.step)
		on := d.values(a.Field(f.index), b.Field(f.index))
		d.at = d.at[:len(d.at)-1]
		if !on {
			return false
		}
	}
	return true
}

// field is one of a struct type: its place, and the step to it in a path.
type field struct {
	index int
	step  string
}

// fields remembers those of each type.
var fields sync.Map // reflect.Type to []field

func fieldsOf(t reflect.Type) []field {
	if known, ok := fields.Load(t); ok {
		out, _ := known.([]field)
		return out
	}
	var out []field
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || t == podSpecType && ignores(f.Name) {
			continue
		}
		step, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if step != "" { // not embedded
			step = "." + step
		}
		out = append(out, field{i, step})
	}
	fields.Store(t, out)
	return out
}

// maps compares the kinds of maps that a spec has.
func (d *differ) maps(a, b reflect.Value) bool {
	switch x := a.Addr().Interface().(type) {
	case *corev1.ResourceList:
		return mapsDiffer(d, *x, *as[corev1.ResourceList](b), ".%", func(k corev1.ResourceName, x, y resource.Quantity) bool {
			return k == corev1.ResourceCPU && (d.idle || d.boosted && d.inLimits()) || x.Cmp(y) == 0
		})
	case *map[string]string:
		y := *as[map[string]string](b)
		return mapsDiffer(d, *x, y, "[%]", func(k, v, w string) bool {
			_, inX := (*x)[k]
			_, inY := y[k]
			return inX == inY && d.sameText(v, w)
		})
	default:
		return reflect.DeepEqual(a.Interface(), b.Interface()) || d.differs("")
	}
}

// inLimits says that what is being compared are limits.
func (d *differ) inLimits() bool { return len(d.at) > 0 && d.at[len(d.at)-1] == ".limits" }

// mapsDiffer compares two maps in the order of the alphabet. A key that one of
// them lacks has the zero value there.
func mapsDiffer[K ~string, V any](d *differ, a, b map[K]V, step string, same func(k K, x, y V) bool) bool {
	var differing []K
	for _, m := range []map[K]V{a, b} {
		for k := range m {
			if !same(k, a[k], b[k]) && !slices.Contains(differing, k) {
				differing = append(differing, k)
			}
		}
	}
	slices.Sort(differing)
	for _, k := range differing {
		if !d.differs(strings.Replace(step, "%", string(k), 1)) {
			return false
		}
	}
	return true
}

// lists compares two lists, what is to be skipped left out: item by item, or by
// the names of the items where they have any.
func (d *differ) lists(a, b reflect.Value) bool {
	next := 0
	for i := range a.Len() {
		x := a.Index(i)
		if d.skips(x.Addr().Interface()) {
			continue
		}
		for next < b.Len() && d.skips(b.Index(next).Addr().Interface()) {
			next++
		}
		at := partner(x, b, next)
		next++
		if at < 0 {
			if !d.differs(strings.Join(into(nil, x, i), "")) {
				return false
			}
			continue
		}
		deep := len(d.at)
		d.at = into(d.at, x, i)
		on := d.values(x, b.Index(at))
		d.at = d.at[:deep]
		if !on {
			return false
		}
	}
	return d.more(a, b, next)
}

// more compares what the second list has and the first has not.
func (d *differ) more(a, b reflect.Value, next int) bool {
	for j := range b.Len() {
		y := b.Index(j)
		if d.skips(y.Addr().Interface()) {
			continue
		}
		_, named := nameOf(y)
		if (named && partner(y, a, j) < 0 || !named && j >= next) && !d.differs(strings.Join(into(nil, y, j), "")) {
			return false
		}
	}
	return true
}

// partner returns where a list has the item that is to be compared with x: the
// one of its name, or the next one; -1 if there is none.
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

// into adds the step to an item of a list: its name, or its place.
func into(at []string, v reflect.Value, place int) []string {
	name, named := nameOf(v)
	if !named {
		name = strconv.Itoa(place)
	}
	return append(at, "[", name, "]")
}
