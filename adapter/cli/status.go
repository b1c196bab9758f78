package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

// statusKind is the kind of what status prints for programs.
const statusKind = "ShadowInstanceStatus"

// lookOptions are the flags of the verbs that only look: status and explain.
type lookOptions struct {
	*factory
	anywhere, watch bool
	output          output
	// kind names the view, of builds it, text is what a person reads.
	kind string
	of   func(p *v1alpha1.ShadowPool, now time.Time) any
	text func(p *v1alpha1.ShadowPool, now time.Time, wide bool) (string, error)
	// prepare, where it is set, looks up what both of them need besides.
	prepare func(ctx context.Context, pools []*v1alpha1.ShadowPool) error
}

func newStatusCommand(f *factory) *cobra.Command {
	o := &lookOptions{
		factory: f, kind: statusKind,
		of:   func(p *v1alpha1.ShadowPool, now time.Time) any { return client.StatusOf(p, now) },
		text: statusText,
	}
	cmd := &cobra.Command{
		Use:   "status [POOL ...]",
		Short: "Show the shadows of pools, and what happens next and why.",
		Long: "Show the shadows of pools: creating, warming, ready, active and deactivated ones, each with its age, progress and node,\n" +
			"and in one sentence what happens next and why.\n\n" +
			"With --watch, what changes is printed as it changes. -o json, yaml and the like print a " + statusKind + ".",
		Example: "  kubectl foreshadow status -n shop\n  kubectl foreshadow status web --watch\n" +
			"  kubectl foreshadow status web -o jsonpath='{.counts.ready}'",
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args) },
		ValidArgsFunction: f.completePools(),
	}
	o.install(cmd)
	cmd.Flags().BoolVarP(&o.watch, "watch", "w", false, "After the first look, print what changes until interrupted.")
	return cmd
}

func (o *lookOptions) install(cmd *cobra.Command) {
	cmd.Flags().BoolVarP(&o.anywhere, "all-namespaces", "A", false, "The pools of every namespace.")
	o.output.install(cmd, wide)
}

func (o *lookOptions) run(ctx context.Context, args []string) error {
	names, err := parsePools(args)
	if err != nil {
		return err
	}
	if o.anywhere && len(names) > 0 {
		return errors.New("--all-namespaces: leave the names out: a name alone is not told apart between namespaces")
	}
	ns, err := o.namespace()
	if err != nil {
		return err
	}
	if o.anywhere {
		ns = ""
	}
	printer, err := o.output.printer("", "")
	if err != nil {
		return err
	}
	kube, err := o.kube()
	if err != nil {
		return err
	}
	if o.watch {
		return o.newWatcher(kube, ns, names, printer).run(ctx)
	}
	pools, err := o.pools(ctx, kube, ns, names)
	if err != nil {
		return err
	}
	c := client.New(kube, o.Clock)
	for _, p := range pools {
		c.Refresh(ctx, p)
	}
	if o.prepare != nil {
		if err := o.prepare(ctx, pools); err != nil {
			return err
		}
	}
	if printer == nil {
		return o.showTexts(pools, ns)
	}
	return o.showObjects(printer, pools, len(names) == 1)
}

// showTexts prints pools for a person, an empty line between two.
func (o *lookOptions) showTexts(pools []*v1alpha1.ShadowPool, ns string) error {
	if len(pools) == 0 {
		return o.none(ns)
	}
	texts, now := make([]string, 0, len(pools)), o.Clock.Now()
	for _, p := range pools {
		text, err := o.text(p, now, o.output.format == wide)
		if err != nil {
			return err
		}
		texts = append(texts, text)
	}
	return o.write(strings.Join(texts, "\n"))
}

// showObjects prints pools for a program: the one that was named, else a list.
func (o *lookOptions) showObjects(printer printers.ResourcePrinter, pools []*v1alpha1.ShadowPool, single bool) error {
	objects := make([]*unstructured.Unstructured, 0, len(pools))
	for _, p := range pools {
		u, err := o.object(p)
		if err != nil {
			return err
		}
		objects = append(objects, u)
	}
	var obj runtime.Object = list(objects)
	if single {
		obj = objects[0]
	}
	return o.show(printer, obj)
}

// object is the view of a pool; for -o name the pool, which other verbs take.
func (o *lookOptions) object(p *v1alpha1.ShadowPool) (*unstructured.Unstructured, error) {
	if o.output.format == nameFormat {
		return poolObject(p)
	}
	return view(o.kind, p.Namespace, p.Name, o.of(p, o.Clock.Now()))
}
