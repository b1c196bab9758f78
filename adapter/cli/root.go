package cli

import (
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/utils/clock"
)

// Config is what the command needs of the process.
type Config struct {
	Streams genericiooptions.IOStreams
	Clock   clock.WithTicker
	Version string
}

// newVersionCommand prints what --version does, for those who look for a verb.
func newVersionCommand(f *factory) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of this plugin.", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return f.write(f.Version + "\n") },
	}
}

// New returns the command with its verbs.
func New(c Config) *cobra.Command {
	f := &factory{Config: c, flags: genericclioptions.NewConfigFlags(true)}
	root := &cobra.Command{
		Use:   "kubectl-foreshadow",
		Short: "Keep warm copies of a workload's pods and see what becomes of them.",
		Long: "Keep warm copies of a workload's pods, shadows, out of traffic until its autoscaler scales it out, and see what becomes of them.\n\n" +
			"A shadow belongs to a ShadowPool. These verbs read and write ShadowPools; the foreshadow-adapter in the cluster does the rest.\n\n" +
			"forecast and backtest need no cluster: they tell from a file or a Prometheus what a load will be, and how good such forecasts are;\n" +
			"nor does warmup from-log, which makes a list of requests for warm-ups of an access log.",
		Version:       c.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Annotations:   map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl foreshadow"},
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetIn(c.Streams.In)
	root.SetOut(c.Streams.Out)
	root.SetErr(c.Streams.ErrOut)
	root.SetFlagErrorFunc(explainFlag)
	f.flags.AddFlags(root.PersistentFlags())
	f.completeFlags(root)
	root.AddCommand(
		newCreateCommand(f), newStatusCommand(f), newConfigureCommand(f),
		newPauseCommand(f), newResumeCommand(f), newExplainCommand(f),
	)
	root.AddCommand(withoutCluster(
		newForecastCommand(f), newBacktestCommand(f), newWarmupCommand(f), newVersionCommand(f),
	)...)
	root.InitDefaultCompletionCmd()
	explainCompletion(root)
	return root
}

// withoutCluster leaves the flags of kubectl, which say where a cluster is, out of
// the help of commands that ask none. They are taken all the same.
func withoutCluster(commands ...*cobra.Command) []*cobra.Command {
	for _, cmd := range commands {
		help := cmd.HelpFunc()
		cmd.SetHelpFunc(func(c *cobra.Command, args []string) {
			c.InheritedFlags().VisitAll(func(f *pflag.Flag) { f.Hidden = true })
			help(c, args)
		})
	}
	return commands
}
