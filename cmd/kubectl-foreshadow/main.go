// Command kubectl-foreshadow is a plugin of kubectl: it asks for shadows beside
// a workload and shows what becomes of them.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // where the image has no zones

	"github.com/go-logr/logr"
	"github.com/prometheus/common/version"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // the clusters of cloud providers
	"k8s.io/utils/clock"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/foreshadow-dev/foreshadow/adapter/cli"
)

func main() {
	ctrllog.SetLogger(logr.Discard()) // what a person is to know, the verbs print
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := cli.New(cli.Config{
		Streams: genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr},
		Clock:   clock.RealClock{},
		Version: version.Print("kubectl-foreshadow"),
	}).ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "kubectl foreshadow:", err)
		os.Exit(1)
	}
}
