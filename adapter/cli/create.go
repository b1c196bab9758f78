package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/cli/derive"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

const createHelp = `Ask for shadows beside a workload: warm copies of its pods that take no traffic until its autoscaler raises its replicas.

The workload's ShadowPool is made if there is none; one that is there gets the percentage and mode Active and keeps all else.
minShadows is set to the percentage of the workload's replicas now, so that shadows appear at once.

A new pool needs to know the load, as a PromQL query, and whether the app works without requests. --from-hpa takes the query and
what one replica carries from a HorizontalPodAutoscaler or a ScaledObject of KEDA where they are in it; it changes neither, and prints
what either should have besides.`

const createExamples = `  kubectl foreshadow create web -n shop --percentage 20 --background-work=None \
    --query 'sum(rate(http_requests_total{service="web"}[2m]))' --capacity 120
  kubectl foreshadow create --from-hpa web -n shop --background-work=None --dry-run=client -o yaml
  kubectl foreshadow create web -n shop --print-policies | kubectl apply -f -`

// createOptions are the flags of create.
type createOptions struct {
	*factory
	percentage                    int32
	pool, query, source, capacity string
	fromHPA                       string
	ownScale, printPolicies       bool
	fields                        specFlags
	dryRun                        dryRun
	output                        output
}

func newCreateCommand(f *factory) *cobra.Command {
	o := &createOptions{factory: f}
	cmd := &cobra.Command{
		Use:               "create (WORKLOAD | pool/POOL | --from-hpa NAME)",
		Short:             "Ask for shadows beside a workload.",
		Long:              createHelp,
		Example:           createExamples,
		Args:              atMostOne("the name of a workload"),
		RunE:              func(cmd *cobra.Command, args []string) error { return o.run(cmd.Context(), cmd, args) },
		ValidArgsFunction: f.completeTargets,
	}
	fs := cmd.Flags()
	fs.Int32Var(&o.percentage, "percentage", 20, "Shadows in percent of the active replicas, rounded up.")
	fs.StringVar(&o.query, "query", "", "The workload's load in PromQL: one series that grows with the replicas that are needed.")
	fs.StringVar(&o.capacity, "capacity", "", "The load that one warm replica carries, in the unit of the query; learnt where it is left out.")
	fs.StringVar(&o.source, "source", "", "The Prometheus that is asked: a source that the operator configured.")
	fs.StringVar(&o.pool, "pool", "", "The name of a new pool; the workload's where it is left out.")
	fs.StringVar(&o.fromHPA, "from-hpa", "", "The HorizontalPodAutoscaler or ScaledObject to derive the pool from.")
	mustComplete(cmd, "from-hpa", f.completeAutoscalers)
	fs.BoolVar(&o.ownScale, "own-scale", false, "Let an autoscaler target the scale of the pool, which then owns the order of scaling. While Foreshadow is down, that scaling stops.")
	fs.BoolVar(&o.printPolicies, "print-policies", false, "Print the NetworkPolicies and AuthorizationPolicies that shadows need beside the workload's own, and write nothing.")
	o.fields.installShared(cmd)
	o.dryRun.install(cmd)
	o.output.install(cmd)
	return cmd
}

// completeAutoscalers completes with HPAs and ScaledObjects.
func (f *factory) completeAutoscalers(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	var names []string
	for _, gvk := range []schema.GroupVersionKind{derive.HPAKind(), derive.ScaledObjectKind()} {
		found, _ := f.completeFrom(gvk, "")(cmd, nil, toComplete)
		names = append(names, found...)
	}
	slices.Sort(names)
	return slices.Compact(names), cobra.ShellCompDirectiveNoFileComp
}

func (o *createOptions) run(ctx context.Context, cmd *cobra.Command, args []string) error {
	if len(args) == 0 && o.fromHPA == "" {
		return errors.New("write the name of a workload, pool/NAME, or --from-hpa NAME")
	}
	if o.query != "" {
		if err := history.CheckQuery(o.query); err != nil {
			return fmt.Errorf("--query: %w", err)
		}
	}
	ns, err := o.namespace()
	if err != nil {
		return err
	}
	target, err := o.target(ns, args)
	if err != nil {
		return err
	}
	target.Spec = o.fields.spec(cmd)
	target.Spec.ShadowPercentage = nil // it comes by itself
	if err := o.checkGiven(target); err != nil {
		return err
	}
	if o.needsNoServer(target) {
		return o.draft(target)
	}
	kube, err := o.kube()
	if err != nil {
		return err
	}
	from, err := o.derive(ctx, kube, &target)
	if err != nil {
		return err
	}
	o.load(&target.Spec.Load)
	c := client.New(o.dryRun.wrap(kube), o.Clock)
	if o.printPolicies {
		return o.policies(ctx, kube, c, target)
	}
	return o.create(ctx, c, target, from)
}

// target reads the argument, if there is one.
func (o *createOptions) target(ns string, args []string) (client.Target, error) {
	t := client.Target{Namespace: ns}
	if len(args) > 0 {
		var err error
		if t, err = parseTarget(ns, args[0]); err != nil {
			return t, err
		}
	}
	if o.pool != "" {
		if t.Pool != "" && t.Pool != o.pool {
			return t, fmt.Errorf("--pool: %s and the argument name two pools: leave one of them out", o.pool)
		}
		t.Pool = o.pool
	}
	return t, nil
}

// load puts the flags over what was derived.
func (o *createOptions) load(l *v1alpha1.Load) {
	if o.query != "" {
		l.Query = o.query
	}
	if o.source != "" {
		l.Source = o.source
	}
	if o.capacity != "" {
		l.CapacityPerReplica = new(v1alpha1.Decimal(o.capacity))
	}
}

// derive fills the target from an autoscaler; nil where none is named.
func (o *createOptions) derive(ctx context.Context, kube ctrlclient.Client, t *client.Target) (*derive.Derived, error) {
	if o.fromHPA == "" {
		return nil, nil //nolint:nilnil // nothing to derive from is no failure
	}
	a, err := derive.Find(ctx, kube, t.Namespace, o.fromHPA)
	if err != nil {
		return nil, err
	}
	d, err := a.Derive(ctx, kube, derive.Given{Query: o.query, Capacity: o.capacity})
	if err != nil {
		return nil, err
	}
	if t.Workload.Name != "" && (t.Workload.Kind != d.Workload.Kind || t.Workload.Name != d.Workload.Name) {
		return nil, fmt.Errorf("--from-hpa: %s scales %s %s, not %s %s", a, d.Workload.Kind, d.Workload.Name, t.Workload.Kind, t.Workload.Name)
	}
	if o.ownScale && d.Observe != "" {
		return nil, fmt.Errorf("--own-scale: leave it out: %s gets a pool that only observes", a)
	}
	t.Workload, t.Spec.Load = d.Workload, d.Load
	return d, nil
}

// create writes the pool and says what came of it.
func (o *createOptions) create(ctx context.Context, c *client.Client, t client.Target, from *derive.Derived) error {
	t.OwnScale = o.ownScale
	var r client.Result
	var err error
	if from != nil && from.Observe != "" {
		r, err = c.Observe(ctx, t)
	} else {
		r, err = c.CreateShadowInstances(ctx, t, o.percentage)
	}
	if apierrors.IsNotFound(err) && t.Workload.Name == "" {
		return fmt.Errorf("%w: write the name of its workload to make a pool", err)
	}
	if err != nil {
		return withFlags(err)
	}
	if err := o.showPool(&o.output, r.Pool, string(r.Change), o.dryRun.suffix()); err != nil {
		return err
	}
	return o.say(r, from)
}

// say explains what was done: behind the result where a person reads it, apart
// from it where a program does.
func (o *createOptions) say(r client.Result, from *derive.Derived) error {
	var b strings.Builder
	o.sayShadows(&b, r.Pool, from)
	if from != nil {
		text, err := from.Text(r.Pool)
		if err != nil {
			return err
		}
		b.WriteString("\n" + text)
	}
	if o.ownScale {
		o.sayOwnScale(&b, r.Pool)
	}
	if r.Change != client.Unchanged && o.dryRun == dryRunNone {
		fmt.Fprintf(&b, "\nSee what becomes of it: kubectl foreshadow status %s -n %s --watch\n", r.Pool.Name, r.Pool.Namespace)
	}
	if o.output.human() {
		return o.write("\n" + b.String())
	}
	_, err := o.Streams.ErrOut.Write([]byte(b.String()))
	return err
}

func (o *createOptions) sayShadows(b *strings.Builder, p *v1alpha1.ShadowPool, from *derive.Derived) {
	p = p.DeepCopy()
	p.Default()
	ref := &p.Spec.ScaleTargetRef
	if from != nil && from.Observe != "" {
		mode := "Mode Observe: the forecast is shown, no shadow is made and no autoscaler gets more than the load needs now."
		if p.Spec.Mode != v1alpha1.ModeObserve {
			mode = fmt.Sprintf("Mode %s stays, which the pool has; a new one would only observe.", p.Spec.Mode)
		}
		fmt.Fprintf(b, "%s\n%s\n", mode, from.Observe)
		return
	}
	fmt.Fprintf(b, "Shadows: %d at least, %d%% of the replicas of %s %s at most, never more than %d.\n",
		*p.Spec.MinShadows, *p.Spec.ShadowPercentage, ref.Kind, ref.Name, *p.Spec.MaxShadows)
	if *p.Spec.MinShadows > 0 {
		fmt.Fprintf(b, "They stay whatever the forecast says; to leave their number to it: kubectl foreshadow configure %s -n %s --min-shadows 0\n", p.Name, p.Namespace)
	}
}

func (o *createOptions) sayOwnScale(b *strings.Builder, p *v1alpha1.ShadowPool) {
	ref := &p.Spec.ScaleTargetRef
	fmt.Fprintf(b, "\nThe pool owns the scale of %s %s from now on, beginning with the %d replicas that it has: scale the pool, never the %s.\n"+
		"While Foreshadow is down, scaling stops. Let the autoscaler target the pool:\n\n"+
		"  scaleTargetRef: {apiVersion: %s, kind: %s, name: %s}\n",
		ref.Kind, ref.Name, *p.Spec.Replicas, ref.Kind, v1alpha1.GroupVersion(), v1alpha1.Kind, p.Name)
}

// atMostOne refuses more arguments, and says what is wanted.
func atMostOne(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return fmt.Errorf("%d arguments: write %s", len(args), what)
		}
		return nil
	}
}
