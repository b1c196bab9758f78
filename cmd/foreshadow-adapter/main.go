// Command foreshadow-adapter reads the history of workloads with PromQL,
// forecasts their load and serves the predicted capacity to autoscalers.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // where the image has no zones

	"github.com/prometheus/common/version"
	"github.com/spf13/cobra"
	_ "golang.org/x/crypto/x509roots/fallback" // where the image has no certificates
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := newRootCommand(loggers.capture).ExecuteContext(ctx)
	stop()
	if err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "foreshadow-adapter:", err)
		os.Exit(1)
	}
}

// newRootCommand returns the program; capture is given its loggers once it has
// them.
func newRootCommand(capture func(loggers)) *cobra.Command {
	root := &cobra.Command{
		Use:           "foreshadow-adapter",
		Short:         "Serve the predicted capacity of workloads to HorizontalPodAutoscalers.",
		Version:       version.Print("foreshadow-adapter"),
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	demo := newDemoCommand(capture)
	demo.SetHelpFunc(root.HelpFunc()) // cobra's own, before serve changes it
	root.AddCommand(demo)
	installServe(root, capture)
	return root
}
