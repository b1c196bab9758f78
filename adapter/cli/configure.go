package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

// configureOptions are the flags of configure.
type configureOptions struct {
	*factory
	algorithm string
	set       []string
	fields    specFlags
	calendar  calendarFlags
	dryRun    dryRun
	output    output
}

func newConfigureCommand(f *factory) *cobra.Command {
	o := &configureOptions{factory: f}
	names, meanings := client.ParameterNames()
	own, ranges := client.OwnParameterNames()
	list := func(names []string, meanings map[string]string) string {
		var b strings.Builder
		for _, name := range names {
			fmt.Fprintf(&b, "\n  %-17s %s", name, meanings[name])
		}
		return b.String()
	}
	cmd := &cobra.Command{
		Use:   "configure POOL",
		Short: "Choose how the load of a pool is forecast, and how many shadows it may have.",
		Long: "Choose how the load of a pool is forecast, and how many shadows it may have. What is not named stays as it is.\n\n" +
			"The parameters of --set; one without a value (--set cap=) takes its default again:" + list(names, meanings) +
			"\n\nAnd those that the type itself takes:" + list(own, ranges),
		Example: "  kubectl foreshadow configure web --type Auto --set quantile=0.95 --set shadowQuantile=0.995\n" +
			"  kubectl foreshadow configure web --min-shadows 0 --max-shadows 20\n" +
			"  kubectl foreshadow configure web --time-zone Europe/Berlin --calendar holidays.ics --dry-run",
		Args: exactlyOne("the name of a pool"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return o.run(cmd.Context(), cmd, args[0])
		},
		ValidArgsFunction: f.completeOnePool,
	}
	cmd.Flags().StringVar(&o.algorithm, "type", "", "How the load is forecast. One of: "+strings.Join(client.AlgorithmTypes(), ", ")+".")
	complete(cmd, "type", client.AlgorithmTypes()...)
	cmd.Flags().StringArrayVar(&o.set, "set", nil, "A parameter as name=value; may be written several times.")
	mustComplete(cmd, "set", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		var out []string
		for _, name := range names {
			out = append(out, cobra.CompletionWithDesc(name+"=", meanings[name]))
		}
		for _, name := range own {
			out = append(out, cobra.CompletionWithDesc(name+"=", ranges[name]))
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
	o.fields.install(cmd)
	o.calendar.install(cmd)
	o.dryRun.install(cmd)
	o.output.install(cmd)
	return cmd
}

func (o *configureOptions) run(ctx context.Context, cmd *cobra.Command, arg string) error {
	name, err := parsePool(arg)
	if err != nil {
		return err
	}
	s := client.Settings{Algorithm: o.algorithm, Parameters: map[string]string{}, Spec: o.fields.spec(cmd)}
	for _, pair := range o.set {
		key, value, found := strings.Cut(pair, "=")
		if !found || key == "" {
			return fmt.Errorf("--set: %q: write name=value, such as quantile=0.95", pair)
		}
		s.Parameters[key] = value
	}
	if o.algorithm == "" && len(o.set) == 0 && !o.fields.changed(cmd) {
		return errors.New("write what is to change: --type, --set or one of the fields (see --help)")
	}
	ns, err := o.namespace()
	if err != nil {
		return err
	}
	pool := types.NamespacedName{Namespace: ns, Name: name}
	if err := s.CheckGiven(pool); err != nil {
		return withFlags(err)
	}
	if s.Spec.Calendar, err = o.yearAhead(cmd); err != nil {
		return err
	}
	c, err := o.client(o.dryRun)
	if err != nil {
		return err
	}
	r, err := c.Configure(ctx, pool, s)
	if err != nil {
		return withFlags(err)
	}
	return o.showPool(&o.output, r.Pool, string(r.Change), o.dryRun.suffix())
}

// specFlags are flags of single fields of the spec.
type specFlags struct {
	mode, background, policy string
	percentage, least, most  int32
}

// specFields are the flags, and the field that each sets.
var specFields = map[string]string{
	"mode": "spec.mode", "background-work": "spec.backgroundWork", "policy": "spec.activation.policy",
	"percentage": "spec.shadowPercentage", "min-shadows": "spec.minShadows", "max-shadows": "spec.maxShadows",
	"query": "spec.load.query", "capacity": "spec.load.capacityPerReplica", "source": "spec.load.source",
	"type": "spec.algorithm.type", "set": "spec.algorithm.parameters",
	"time-zone": "spec.calendar.timeZone", "calendar": "spec.calendar.days", "pool": "metadata",
}

func (s *specFlags) install(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&s.mode, "mode", "", "How far Foreshadow may go. One of: Observe, Predict, Active.")
	complete(cmd, "mode", string(v1alpha1.ModeObserve), string(v1alpha1.ModePredict), string(v1alpha1.ModeActive))
	fs.StringVar(&s.policy, "policy", "", "How many shadows a raise takes. One of: All, Proportional.")
	complete(cmd, "policy", string(v1alpha1.ActivationPolicyAll), string(v1alpha1.ActivationPolicyProportional))
	fs.Int32Var(&s.percentage, "percentage", 0, "Shadows in percent of the active replicas, rounded up.")
	fs.Int32Var(&s.least, "min-shadows", 0, "Shadows that are kept whatever the forecast says.")
	s.installShared(cmd)
}

// installShared adds the flags that create has, too.
func (s *specFlags) installShared(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&s.background, "background-work", "", "Whether the app works without requests (queues, cron jobs, leader election). None: it does not; Gated: it does, and keeps that back while it is a shadow.")
	complete(cmd, "background-work", string(v1alpha1.BackgroundWorkNone), string(v1alpha1.BackgroundWorkGated))
	fs.Int32Var(&s.most, "max-shadows", 0, "Shadows that are never exceeded.")
}

// changed says that one of the flags was written.
func (s *specFlags) changed(cmd *cobra.Command) bool {
	for flag := range specFields {
		if flag != "type" && flag != "set" && cmd.Flags().Changed(flag) {
			return true
		}
	}
	return false
}

// spec holds the fields whose flags were written.
func (s *specFlags) spec(cmd *cobra.Command) v1alpha1.ShadowPoolSpec {
	var out v1alpha1.ShadowPoolSpec
	out.Mode = v1alpha1.Mode(s.mode)
	out.BackgroundWork = v1alpha1.BackgroundWork(s.background)
	out.Activation.Policy = v1alpha1.ActivationPolicy(s.policy)
	number := func(flag string, v int32) *int32 {
		if !cmd.Flags().Changed(flag) {
			return nil
		}
		return &v
	}
	out.ShadowPercentage = number("percentage", s.percentage)
	out.MinShadows = number("min-shadows", s.least)
	out.MaxShadows = number("max-shadows", s.most)
	return out
}

// withFlags writes the refusals of a pool one a line, each with the flag that
// sets the field, if there is one.
func withFlags(err error) error {
	var invalid *client.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	lines := []string{fmt.Sprintf("pool %s would not be valid", invalid.Pool)}
	for _, e := range invalid.Fields {
		lines = append(lines, flagOf(e.Field)+e.Error())
	}
	if len(lines) == 2 {
		return fmt.Errorf("%s: %s", lines[0], lines[1])
	}
	return errors.New(strings.Join(lines, "\n  "))
}

// flagOf is the flag that sets a field, as a prefix; empty if there is none.
func flagOf(path string) string {
	if path == "spec.load" {
		path = "spec.load.query" // all that is required of it
	}
	for flag, of := range specFields {
		if of == path {
			return "--" + flag + ": "
		}
	}
	return ""
}

// exactlyOne refuses any other number of arguments, and says what is wanted.
func exactlyOne(what string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		return fmt.Errorf("%d arguments: write %s", len(args), what)
	}
}
