// Command foreshadow-sidecar warms up the app of the pod that it runs in, and
// says how far that is. In front of an active pod it samples the app's requests
// for those that warm up.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"os"
	"os/signal"
	"syscall"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/common/version"
	"github.com/spf13/pflag"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := execute(ctx, os.Args[1:], os.Stdout, os.Stderr, nil)
	stop()
	if err != nil && !errors.Is(err, pflag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "foreshadow-sidecar:", err)
		os.Exit(1)
	}
}

// execute is the program; listening is told the addresses once they are open.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer, listening func(addresses)) error {
	var o options
	fs := pflag.NewFlagSet("foreshadow-sidecar", pflag.ContinueOnError)
	fs.SetOutput(stderr)
	o.install(fs)
	shows := fs.Bool("version", false, "Print the version and exit.")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *shows {
		_, err := fmt.Fprintln(stdout, version.Print("foreshadow-sidecar"))
		return err
	}
	logger, err := newLogger(stderr, o.logLevel, o.logFormat)
	if err != nil {
		return err
	}
	// The standard library logs there what it cannot return.
	stdlog.SetFlags(0)
	stdlog.SetOutput(log.NewStdlibAdapter(level.Debug(logger)))
	s, err := newSidecar(o, logger)
	if err != nil {
		return err
	}
	return s.run(ctx, listening)
}
