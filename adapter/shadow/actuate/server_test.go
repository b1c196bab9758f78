package actuate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// recorder is an API server as far as the actuator needs one: it checks UIDs and
// resourceVersions, merges patches, and writes down what it was asked.
type recorder struct {
	// arrive, if not nil, is called before a write is looked at, by many at once.
	arrive func(Write)
	// answer, if not nil, decides what becomes of the n-th write, counted from 1:
	// whether it is done, and what is answered.
	answer func(n int, w Write) (do bool, err error)
	// admit changes a new or patched object.
	admit func(client.Object)
	// fail is what reads of objects end with.
	fail map[string]error

	mu      sync.Mutex
	version int
	objects map[string]client.Object
	writes  []Write
	reads   []string
}

var (
	_ Server = (*recorder)(nil)
	_ Reader = (*recorder)(nil)
)

func newRecorder(objects ...client.Object) *recorder {
	r := &recorder{version: 100, objects: map[string]client.Object{}}
	for _, o := range objects {
		r.objects[keyOf(o)] = copyOf(o)
	}
	return r
}

func keyOf(o client.Object) string {
	return reflect.TypeOf(o).Elem().Name() + "/" + o.GetName()
}

func copyOf(o client.Object) client.Object {
	c, ok := o.DeepCopyObject().(client.Object)
	if !ok {
		panic(fmt.Sprintf("%T is no object", o))
	}
	return c
}

// change changes an object as somebody else does.
func change[T client.Object](r *recorder, o T, f func(T)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	live, ok := copyOf(r.objects[keyOf(o)]).(T)
	if !ok {
		panic("no such object")
	}
	f(live)
	r.store(live)
}

// remove deletes an object as somebody else does.
func (r *recorder) remove(o client.Object) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.objects, keyOf(o))
}

// find returns an object as it is now; nil if it is gone.
func find[T client.Object](r *recorder, o T) (live T) {
	r.mu.Lock()
	defer r.mu.Unlock()
	live, _ = r.objects[keyOf(o)].(T)
	return live
}

func (r *recorder) store(o client.Object) {
	r.version++
	o.SetResourceVersion(strconv.Itoa(r.version))
	r.objects[keyOf(o)] = o
}

// Get reads an object as it is now.
func (r *recorder) Get(ctx context.Context, key client.ObjectKey, o client.Object, _ ...client.GetOption) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	o.SetName(key.Name)
	r.reads = append(r.reads, keyOf(o))
	if err := r.fail[keyOf(o)]; err != nil {
		return err
	}
	live, ok := r.objects[keyOf(o)]
	if !ok {
		return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
	}
	reflect.ValueOf(o).Elem().Set(reflect.ValueOf(copyOf(live)).Elem())
	return nil
}

// Do does a write.
func (r *recorder) Do(ctx context.Context, w Write) (client.Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if r.arrive != nil {
		r.arrive(w)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes = append(r.writes, w)
	do, answer := true, error(nil)
	if r.answer != nil {
		do, answer = r.answer(len(r.writes), w)
	}
	if !do {
		return nil, answer
	}
	o, err := r.do(w)
	if answer != nil {
		return nil, answer
	}
	return o, err
}

func (r *recorder) do(w Write) (client.Object, error) {
	live, there := r.objects[keyOf(w.Object)]
	if w.Verb == VerbCreate || w.Verb == VerbApply && !there {
		if there {
			return nil, apierrors.NewAlreadyExists(schema.GroupResource{}, w.Object.GetName())
		}
		o := copyOf(w.Object)
		o.SetUID(types.UID("uid-of-" + o.GetName()))
		o.SetCreationTimestamp(metav1.NewTime(started))
		if r.admit != nil {
			r.admit(o)
		}
		r.store(o)
		return copyOf(o), nil
	}
	if !there {
		return nil, apierrors.NewNotFound(schema.GroupResource{}, w.Object.GetName())
	}
	uid, version, next := r.next(w, live)
	switch {
	case uid != "" && uid != live.GetUID():
		return nil, apierrors.NewInvalid(schema.GroupKind{}, w.Object.GetName(), nil)
	case version != "" && version != live.GetResourceVersion():
		return nil, apierrors.NewConflict(schema.GroupResource{}, w.Object.GetName(), errors.New("the object has been modified"))
	case w.Verb == VerbDelete:
		delete(r.objects, keyOf(live))
		return nil, nil
	}
	if r.admit != nil {
		r.admit(next)
	}
	r.store(next)
	return copyOf(next), nil
}

// next returns what a write depends on, and what it makes of an object.
func (r *recorder) next(w Write, live client.Object) (types.UID, string, client.Object) {
	if w.Verb == VerbDelete {
		return w.UID, w.ResourceVersion, nil
	}
	if w.Verb == VerbApply {
		o := copyOf(live)
		switch o := o.(type) {
		case *v1alpha1.ShadowPool:
			was := o.Status
			o.Status = w.Object.(*v1alpha1.ShadowPool).Status //nolint:forcetypeassert // the same kind
			o.Status.ObservedGeneration, o.Status.Forecast, o.Status.Capacity, o.Status.Profile = was.ObservedGeneration, was.Forecast, was.Capacity, was.Profile
		case *corev1.Service:
			o.Spec = w.Object.(*corev1.Service).Spec //nolint:forcetypeassert // the same kind
		}
		return w.Object.GetUID(), w.Object.GetResourceVersion(), o
	}
	doc, patch := document(live), map[string]any{}
	if err := json.Unmarshal(w.Patch, &patch); err != nil {
		panic(err)
	}
	meta, _ := patch["metadata"].(map[string]any)
	uid, _ := meta["uid"].(string)
	version, _ := meta["resourceVersion"].(string)
	raw, err := json.Marshal(merged(doc, patch))
	if err != nil {
		panic(err)
	}
	next, ok := reflect.TypeAssert[client.Object](reflect.New(reflect.TypeOf(live).Elem()))
	if !ok || json.Unmarshal(raw, next) != nil {
		panic("a patch made no object")
	}
	return types.UID(uid), version, next
}

func document(o any) map[string]any {
	raw, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		panic(err)
	}
	return doc
}

// merged applies a JSON merge patch.
func merged(doc, patch map[string]any) map[string]any {
	out := maps.Clone(doc)
	if out == nil {
		out = map[string]any{}
	}
	for k, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(out, k)
		case map[string]any:
			below, _ := out[k].(map[string]any)
			out[k] = merged(below, v)
		default:
			out[k] = v
		}
	}
	return out
}

// of returns the writes of a kind, of the status and the Service those without.
func (r *recorder) of(match func(Write) bool) []Write {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.writes), func(w Write) bool { return !match(w) })
}

// pods returns the writes on pods.
func (r *recorder) pods() []Write {
	return r.of(func(w Write) bool {
		_, ok := w.Object.(*corev1.Pod)
		return ok
	})
}

// statuses returns the writes on the status of the pool.
func (r *recorder) statuses() []Write {
	return r.of(func(w Write) bool { return w.Verb == VerbApply && w.Subresource == "status" })
}
