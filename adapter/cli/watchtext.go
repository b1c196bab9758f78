package cli

import (
	"bytes"
	"math"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

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
	delete(w.pools, key)
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
	if a, c := decidedText(was.LastDecision, now), decidedText(is.LastDecision, now); a != c && c != "" {
		field(&b, "Decided", "%s", c)
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

// ageless is what of a shadow is worth a line when it changes: neither its age
// nor less than a step of its bar.
func ageless(s client.Shadow) client.Shadow {
	s.Age, s.AgeSeconds, s.Progress = 0, 0, math.Floor(s.Progress*barWidth)
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
