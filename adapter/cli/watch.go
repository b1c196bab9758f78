package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/cli-runtime/pkg/printers"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

// rewatch is how long a watch rests that broke off.
const rewatch = time.Second

// watcher prints pools, and then what changes of them.
type watcher struct {
	*lookOptions
	kube      ctrlclient.WithWatch
	namespace string
	names     []string
	printer   printers.ResourcePrinter

	seen map[types.NamespacedName]*client.Status
	buf  bytes.Buffer
	// table writes to buf and keeps its column widths, so that rows of different
	// moments stand below each other.
	table interface {
		io.Writer
		Flush() error
	}
}

func (o *lookOptions) newWatcher(kube ctrlclient.WithWatch, namespace string, names []string, printer printers.ResourcePrinter) *watcher {
	w := &watcher{lookOptions: o, kube: kube, namespace: namespace, names: names, printer: printer, seen: map[types.NamespacedName]*client.Status{}}
	w.table = printers.GetNewTabWriter(&w.buf)
	return w
}

// run goes on until ctx is done, which is no error. A connection that breaks is
// made anew, unless --request-timeout bounds it.
func (w *watcher) run(ctx context.Context) error {
	// Names that are not there, and a cluster without ShadowPools, are said as
	// without --watch.
	if _, err := w.pools(ctx, w.kube, w.namespace, w.names); err != nil {
		return err
	}
	version, err := w.look(ctx)
	if err != nil {
		return err
	}
	if len(w.seen) == 0 {
		if err := w.none(w.namespace); err != nil {
			return err
		}
	}
	for {
		if version != "" {
			if err := w.follow(ctx, version); err != nil {
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
		version = w.lookAgain(ctx)
	}
}

// lookAgain looks after a watch broke off. A cluster that does not answer now
// may do so later: what is wrong is said, and there is no version to go on from.
func (w *watcher) lookAgain(ctx context.Context) (version string) {
	version, err := w.look(ctx)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(w.Streams.ErrOut, "watch pools: %v; trying again\n", err) //nolint:errcheck // nowhere to say so
	}
	return version
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

// look lists the pools, prints what is new of them, and returns the version to
// go on from.
func (w *watcher) look(ctx context.Context) (version string, err error) {
	var list v1alpha1.ShadowPoolList
	if err := w.kube.List(ctx, &list, w.options("")...); err != nil {
		return "", err
	}
	there := map[types.NamespacedName]bool{}
	for i := range list.Items {
		p := &list.Items[i]
		there[p.Key()] = true
		if err := w.update(ctx, p); err != nil {
			return "", err
		}
	}
	for key := range w.seen {
		if !there[key] {
			if err := w.gone(key); err != nil {
				return "", err
			}
		}
	}
	return list.ResourceVersion, nil
}

// follow prints changes until the watch ends.
func (w *watcher) follow(ctx context.Context, version string) error {
	changes, err := w.kube.Watch(ctx, &v1alpha1.ShadowPoolList{}, w.options(version)...)
	if err != nil {
		return nil // the next look says what is wrong, if it still is
	}
	defer changes.Stop()
	for event := range changes.ResultChan() {
		p, ok := event.Object.(*v1alpha1.ShadowPool)
		if !ok {
			return nil // an error, such as a version that is too old: look again
		}
		switch event.Type {
		case watch.Added, watch.Modified:
			err = w.update(ctx, p)
		case watch.Deleted:
			err = w.gone(p.Key())
		case watch.Bookmark, watch.Error:
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// update prints a pool that is new, or what has changed of one.
func (w *watcher) update(ctx context.Context, p *v1alpha1.ShadowPool) error {
	if len(w.names) > 0 && !slices.Contains(w.names, p.Name) {
		return nil
	}
	p.Default()
	client.New(w.kube, w.Clock).Refresh(ctx, p)
	now := w.Clock.Now()
	is := client.StatusOf(p, now)
	was := w.seen[p.Key()]
	w.seen[p.Key()] = is
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

// first prints a pool whole.
func (w *watcher) first(p *v1alpha1.ShadowPool, s *client.Status, now time.Time) error {
	text, err := w.text(p, now, w.output.format == wide)
	if err != nil {
		return err
	}
	if len(w.seen) > 1 {
		text = "\n" + text
	}
	// The rows that follow stand in the columns of this table.
	if _, err := w.tableText(shadowTable(s.Shadows, now), false); err != nil {
		return err
	}
	return w.write(text)
}

// changes prints the lines of the head and the rows that are not as they were.
func (w *watcher) changes(was, is *client.Status, now time.Time) error {
	t := shadowTable(nil, now)
	for i := range is.Shadows {
		s := &is.Shadows[i]
		if at := slices.IndexFunc(was.Shadows, func(o client.Shadow) bool { return o.Name == s.Name }); at < 0 || ageless(was.Shadows[at]) != ageless(*s) {
			t.Rows = append(t.Rows, shadowRow(s, now))
		}
	}
	for i := range was.Shadows {
		s := was.Shadows[i]
		if slices.ContainsFunc(is.Shadows, func(o client.Shadow) bool { return o.Name == s.Name }) {
			continue
		}
		s.State, s.Progress, s.Reason = v1alpha1.ShadowDeactivated, 0, endReason(is, s.Name)
		t.Rows = append(t.Rows, shadowRow(&s, now))
	}
	rows, err := w.tableText(t, true)
	if err != nil {
		return err
	}
	text := headChanges(was, is, now) + rows
	if was.Next != is.Next {
		text += "Next: " + printers.EscapeTerminal(is.Next) + "\n"
	}
	if text != "" && len(w.seen) > 1 {
		text = is.Namespace + "/" + is.Name + ":\n" + text
	}
	return w.write(text)
}

// tableText prints a table in the columns of the earlier ones.
func (w *watcher) tableText(t *metav1.Table, bare bool) (string, error) {
	w.buf.Reset()
	p := printers.NewTablePrinter(printers.PrintOptions{NoHeaders: bare, Wide: w.output.format == wide})
	if err := p.PrintObj(t, w.table); err != nil {
		return "", err
	}
	if err := w.table.Flush(); err != nil {
		return "", err
	}
	return w.buf.String(), nil
}

// gone says that a pool is deleted.
func (w *watcher) gone(key types.NamespacedName) error {
	if w.seen[key] == nil {
		return nil
	}
	delete(w.seen, key)
	if w.printer != nil {
		return nil
	}
	return w.write("Pool " + key.String() + " is deleted, and its shadows with it.\n")
}

// headChanges are the lines of the head that say something else now; the load,
// which changes with each look at it, is none of them.
func headChanges(was, is *client.Status, now time.Time) string {
	var b bytes.Buffer
	if a, c := countsText(&was.Counts), countsText(&is.Counts); a != c {
		field(&b, "Shadows", "%s", c)
	}
	if a, c := replicasText(was.Capacity, was.Cover), replicasText(is.Capacity, is.Cover); a != c {
		field(&b, "Replicas", "%s", c)
	}
	if d := is.LastDecision; d != nil && (was.LastDecision == nil || !was.LastDecision.Time.Equal(&d.Time)) {
		field(&b, "Decided", "%s ago, %s", age(d.Time.Time, now), d.Message)
	}
	before := notable(was.Conditions)
	for _, c := range notable(is.Conditions) {
		if !slices.ContainsFunc(before, func(o metav1.Condition) bool { return o.Type == c.Type && orReason(o) == orReason(c) }) {
			field(&b, "Note", "%s: %s", c.Type, orReason(c))
		}
	}
	return b.String()
}

func endReason(s *client.Status, name string) string {
	for _, e := range s.Deactivated {
		if e.Name == name {
			return e.Reason
		}
	}
	return ""
}

func ageless(s client.Shadow) client.Shadow {
	s.Age, s.AgeSeconds = 0, 0
	return s
}

// same says that two looks at a pool tell the same, ages apart.
func same(was, is *client.Status) bool {
	a, b := *was, *is
	a.Shadows, b.Shadows = slices.Clone(a.Shadows), slices.Clone(b.Shadows)
	for _, shadows := range [][]client.Shadow{a.Shadows, b.Shadows} {
		for i := range shadows {
			shadows[i] = ageless(shadows[i])
		}
	}
	return equality.Semantic.DeepEqual(a, b)
}
