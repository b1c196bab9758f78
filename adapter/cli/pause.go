package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

// pauseOptions are the flags of pause and resume.
type pauseOptions struct {
	*factory
	what          string
	all, anywhere bool
	dryRun        dryRun
	output        output
}

func newPauseCommand(f *factory) *cobra.Command {
	o := &pauseOptions{factory: f}
	cmd := &cobra.Command{
		Use:   "pause (POOL ... | --all)",
		Short: "Hold the forecast, the shadows, or both of a pool.",
		Long: "Hold the forecast, the shadows, or both of a pool, by the annotation " + v1alpha1.PauseAnnotation + ".\n\n" +
			"forecast: an autoscaler gets what the load needs now. shadows: none is made, warmed, activated or ended. all: both.\n" +
			"Nothing that serves is touched.",
		Example: "  kubectl foreshadow pause web -n shop\n  kubectl foreshadow pause --all -A --what=shadows",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch v1alpha1.Pause(o.what) {
			case v1alpha1.PauseForecast, v1alpha1.PauseShadows, v1alpha1.PauseAll:
				return o.run(cmd.Context(), args, o.what)
			}
			return fmt.Errorf("--what: %q: write forecast, shadows or all", o.what)
		},
		ValidArgsFunction: f.completePools(),
	}
	cmd.Flags().StringVar(&o.what, "what", string(v1alpha1.PauseAll), "What is held. One of: forecast, shadows, all.")
	complete(cmd, "what", string(v1alpha1.PauseForecast), string(v1alpha1.PauseShadows), string(v1alpha1.PauseAll))
	o.install(cmd)
	return cmd
}

func newResumeCommand(f *factory) *cobra.Command {
	o := &pauseOptions{factory: f}
	cmd := &cobra.Command{
		Use:               "resume (POOL ... | --all)",
		Short:             "Let a paused pool go on.",
		Example:           "  kubectl foreshadow resume web -n shop",
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), args, "") },
		ValidArgsFunction: f.completePools(),
	}
	o.install(cmd)
	return cmd
}

func (o *pauseOptions) install(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&o.all, "all", false, "All pools of the namespace, or with -A of the cluster.")
	cmd.Flags().BoolVarP(&o.anywhere, "all-namespaces", "A", false, "With --all, in every namespace.")
	o.dryRun.install(cmd)
	o.output.install(cmd)
}

// run writes the annotation, or removes it where the value is empty.
func (o *pauseOptions) run(ctx context.Context, args []string, value string) error {
	names, err := parsePools(args)
	switch {
	case err != nil:
		return err
	case o.all && len(names) > 0:
		return errors.New("--all: leave it out, or the names of pools")
	case !o.all && len(names) == 0 && o.anywhere:
		return errors.New("--all-namespaces: write --all with it")
	case !o.all && len(names) == 0:
		return errors.New("write the pools, or --all")
	case o.anywhere && !o.all:
		return errors.New("--all-namespaces: write --all with it: a name alone is not told apart between namespaces")
	}
	ns, err := o.namespace()
	if err != nil {
		return err
	}
	if o.anywhere {
		ns = ""
	}
	kube, err := o.kube()
	if err != nil {
		return err
	}
	pools, err := o.pools(ctx, kube, ns, names)
	if err != nil {
		return err
	}
	if len(pools) == 0 {
		return o.none(ns)
	}
	c := client.New(o.dryRun.wrap(kube), o.Clock)
	for _, p := range pools {
		if err := o.annotate(ctx, c, p, value); err != nil {
			return err
		}
	}
	return nil
}

func (o *pauseOptions) annotate(ctx context.Context, c *client.Client, p *v1alpha1.ShadowPool, value string) error {
	r, err := c.Annotate(ctx, p.Key(), v1alpha1.PauseAnnotation, value)
	if err != nil {
		return err
	}
	operation := "resumed"
	switch {
	case value != "":
		operation = "paused (" + value + ")"
	case r.Change == client.Unchanged:
		operation = "was not paused"
	}
	return o.showPool(&o.output, r.Pool, operation, o.dryRun.suffix())
}

// showPool prints a pool that was written: the object, or what became of it.
func (f *factory) showPool(o *output, p *v1alpha1.ShadowPool, operation, suffix string) error {
	printer, err := o.printer(operation, suffix)
	if err != nil {
		return err
	}
	obj, err := poolObject(p)
	if err != nil {
		return err
	}
	return f.show(printer, obj)
}

// none says that there is no pool, in the words of kubectl.
func (f *factory) none(namespace string) error {
	text := "No pools found.\n"
	if namespace != "" {
		text = "No pools found in namespace " + namespace + ".\n"
	}
	_, err := f.Streams.ErrOut.Write([]byte(text))
	return err
}
