package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	cliflag "k8s.io/component-base/cli/flag"
)

// groupFlags makes the help of the commands show our flags before those of the
// aggregated API server, which are many and seldom needed.
func groupFlags(ours, metricsAPI *pflag.FlagSet, commands ...*cobra.Command) {
	sections := cliflag.NamedFlagSets{}
	sections.FlagSet("foreshadow").AddFlagSet(ours)
	sections.FlagSet("metrics API in a cluster").AddFlagSet(metricsAPI)
	for _, c := range commands {
		c.SetHelpFunc(func(c *cobra.Command, _ []string) {
			w := c.OutOrStdout()
			_, _ = fmt.Fprintf(w, "%s\n\nUsage:\n  %s\n", c.Short, c.UseLine())
			for _, sub := range c.Commands() {
				if sub.IsAvailableCommand() {
					_, _ = fmt.Fprintf(w, "  %-26s %s\n", sub.CommandPath(), sub.Short)
				}
			}
			cliflag.PrintSections(w, sections, 0)
		})
	}
}
