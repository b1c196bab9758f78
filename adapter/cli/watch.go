package cli

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/cli-runtime/pkg/printers"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

const (
	// rewatch is how long a watch rests that broke off.
	rewatch = time.Second
	// gather is how long changes are gathered before they are printed: an
	// activation is one change of each of its pods.
	gather = 250 * time.Millisecond
)

// watcher prints pools, and then what changes of them and of their shadows.
type watcher struct {
	*lookOptions
	kube      ctrlclient.WithWatch
	namespace string
	names     []string
	printer   printers.ResourcePrinter

	// pools and pods are as the cluster had them last; pods is nil where they may
	// not be read.
	pools map[types.NamespacedName]*v1alpha1.ShadowPool
	pods  map[types.NamespacedName]*corev1.Pod
	seen  map[types.NamespacedName]*client.Status
	buf   bytes.Buffer
	// table writes to buf and keeps its column widths, so that rows of different
	// moments stand below each other.
	table interface {
		io.Writer
		Flush() error
	}
}

func (o *lookOptions) newWatcher(kube ctrlclient.WithWatch, namespace string, names []string, printer printers.ResourcePrinter) *watcher {
	w := &watcher{
		lookOptions: o, kube: kube, namespace: namespace, names: names, printer: printer,
		pools: map[types.NamespacedName]*v1alpha1.ShadowPool{}, seen: map[types.NamespacedName]*client.Status{},
	}
	w.table = printers.GetNewTabWriter(&w.buf)
	return w
}

// versions are those of the lists to go on from; empty where there is none.
type versions struct{ pools, pods string }

// run goes on until ctx is done, which is no error. A connection that breaks is
// made anew, unless --request-timeout bounds it.
func (w *watcher) run(ctx context.Context) error {
	// Names that are not there, and a cluster without ShadowPools, are said as
	// without --watch.
	if _, err := w.lookOptions.pools(ctx, w.kube, w.namespace, w.names); err != nil {
		return err
	}
	from, err := w.look(ctx)
	if err != nil {
		return err
	}
	if len(w.seen) == 0 {
		if err := w.none(w.namespace); err != nil {
			return err
		}
	}
	for {
		if from.pools != "" {
			if err := w.follow(ctx, from); err != nil {
				return err
			}
		}
		if w.bounded() {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-w.Clock.After(rewatch):
		}
		from = w.lookAgain(ctx)
	}
}

// lookAgain looks after a watch broke off. A cluster that does not answer now
// may do so later: what is wrong is said, and there is no version to go on from.
func (w *watcher) lookAgain(ctx context.Context) versions {
	from, err := w.look(ctx)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(w.Streams.ErrOut, "watch pools: %v; trying again\n", err) //nolint:errcheck // nowhere to say so
	}
	return from
}

// bounded says that the user gave the requests a time.
func (w *watcher) bounded() bool {
	t := w.flags.Timeout
	return t != nil && *t != "" && *t != "0"
}

// options selects what is watched.
func (w *watcher) options(version string) []ctrlclient.ListOption {
	raw := &metav1.ListOptions{ResourceVersion: version}
	if len(w.names) == 1 {
		raw.FieldSelector = fields.OneTermEqualSelector("metadata.name", w.names[0]).String()
	}
	return []ctrlclient.ListOption{&ctrlclient.ListOptions{Namespace: w.namespace, Raw: raw}}
}

// look lists pods and pools and prints what is new of them.
func (w *watcher) look(ctx context.Context) (versions, error) {
	var from versions
	from.pods = w.lookAtPods(ctx)
	var list v1alpha1.ShadowPoolList
	if err := w.kube.List(ctx, &list, w.options("")...); err != nil {
		return versions{}, err
	}
	there := map[types.NamespacedName]bool{}
	for i := range list.Items {
		p := &list.Items[i]
		there[p.Key()] = true
		if err := w.update(p); err != nil {
			return versions{}, err
		}
	}
	for key := range w.seen {
		if !there[key] {
			if err := w.gone(key); err != nil {
				return versions{}, err
			}
		}
	}
	from.pools = list.ResourceVersion
	return from, nil
}

// lookAtPods lists the pods that are or were shadows.
func (w *watcher) lookAtPods(ctx context.Context) (version string) {
	var list corev1.PodList
	if err := w.kube.List(ctx, &list, ctrlclient.InNamespace(w.namespace), ctrlclient.HasLabels{v1alpha1.PoolLabel}); err != nil {
		w.pods = nil
		return ""
	}
	w.pods = make(map[types.NamespacedName]*corev1.Pod, len(list.Items))
	for i := range list.Items {
		w.pods[ctrlclient.ObjectKeyFromObject(&list.Items[i])] = &list.Items[i]
	}
	return list.ResourceVersion
}

// follow prints changes until a watch ends. What is wrong then, the next look
// says, if it still is.
func (w *watcher) follow(ctx context.Context, from versions) error {
	pools, err := w.kube.Watch(ctx, &v1alpha1.ShadowPoolList{}, w.options(from.pools)...)
	if err != nil {
		return nil
	}
	defer pools.Stop()
	var pods <-chan watch.Event // without the right to it, nothing comes
	if from.pods != "" {
		selected := &ctrlclient.ListOptions{Namespace: w.namespace, Raw: &metav1.ListOptions{ResourceVersion: from.pods}}
		ctrlclient.HasLabels{v1alpha1.PoolLabel}.ApplyToList(selected)
		if changes, err := w.kube.Watch(ctx, &corev1.PodList{}, selected); err == nil {
			defer changes.Stop()
			pods = changes.ResultChan()
		}
	}
	changed := map[types.NamespacedName]bool{}
	var due <-chan time.Time
	for {
		var event watch.Event
		var open bool
		select {
		case event, open = <-pools.ResultChan():
		case event, open = <-pods:
		case <-due:
			if err := w.flush(changed); err != nil {
				return err
			}
			due = nil
			continue
		}
		key, on := w.take(event)
		if !open || !on {
			return w.flush(changed)
		}
		if changed[key] = true; due == nil {
			due = w.Clock.After(gather)
		}
	}
}

// take notes what an event changes, and returns the pool that it is about. It is
// false for an error of the watch, such as a version that is too old.
func (w *watcher) take(event watch.Event) (pool types.NamespacedName, on bool) {
	deleted := event.Type == watch.Deleted
	switch o := event.Object.(type) {
	case *v1alpha1.ShadowPool:
		if w.pools[o.Key()] = o; deleted {
			delete(w.pools, o.Key())
		}
		return o.Key(), true
	case *corev1.Pod:
		key := ctrlclient.ObjectKeyFromObject(o)
		if w.pods[key] = o; deleted {
			delete(w.pods, key)
		}
		return types.NamespacedName{Namespace: o.Namespace, Name: o.Labels[v1alpha1.PoolLabel]}, true
	}
	return types.NamespacedName{}, false
}

// flush prints the pools that changed.
func (w *watcher) flush(changed map[types.NamespacedName]bool) error {
	keys := slices.SortedFunc(maps.Keys(changed), func(a, b types.NamespacedName) int { return cmp.Compare(a.String(), b.String()) })
	clear(changed)
	for _, key := range keys {
		show := func() error { return w.gone(key) }
		if p := w.pools[key]; p != nil {
			show = func() error { return w.update(p) }
		}
		if err := show(); err != nil {
			return err
		}
	}
	return nil
}

// update prints a pool that is new, or what has changed of one or its pods.
func (w *watcher) update(written *v1alpha1.ShadowPool) error {
	if len(w.names) > 0 && !slices.Contains(w.names, written.Name) {
		return nil
	}
	now, key := w.Clock.Now(), written.Key()
	w.pools[key] = written
	p := written.DeepCopy()
	p.Default()
	if w.pods != nil {
		client.RefreshFrom(p, w.podsOf(key), now)
	}
	is, was := client.StatusOf(p, now), w.seen[key]
	w.seen[key] = is
	if was != nil && same(was, is) {
		return nil
	}
	switch {
	case w.printer != nil:
		u, err := w.object(p)
		if err != nil {
			return err
		}
		return w.show(w.printer, u)
	case was == nil:
		return w.first(p, is, now)
	}
	return w.changes(was, is, now)
}

// podsOf returns the pods of a pool.
func (w *watcher) podsOf(pool types.NamespacedName) []*corev1.Pod {
	var out []*corev1.Pod
	for key, p := range w.pods {
		if key.Namespace == pool.Namespace && p.Labels[v1alpha1.PoolLabel] == pool.Name {
			out = append(out, p)
		}
	}
	return out
}
