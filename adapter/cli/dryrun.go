package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"
)

// dryRun is the value of --dry-run, as kubectl has it.
type dryRun string

const (
	dryRunNone   dryRun = "none"
	dryRunClient dryRun = "client"
	dryRunServer dryRun = "server"
)

func (d *dryRun) install(cmd *cobra.Command) {
	*d = dryRunNone
	cmd.Flags().Var(d, "dry-run", `Must be "none", "server" or "client". client: print the object that would be sent and send nothing. server: have it checked and defaulted by the server, which keeps nothing.`)
	cmd.Flags().Lookup("dry-run").NoOptDefVal = string(dryRunClient)
	complete(cmd, "dry-run", string(dryRunNone), string(dryRunServer), string(dryRunClient))
}

// String implements pflag.Value.
func (d *dryRun) String() string { return string(*d) }

// Type implements pflag.Value.
func (d *dryRun) Type() string { return "string" }

// Set implements pflag.Value.
func (d *dryRun) Set(s string) error {
	switch v := dryRun(s); v {
	case dryRunNone, dryRunClient, dryRunServer:
		*d = v
		return nil
	}
	return errors.New("write none, client or server")
}

// wrap returns a client whose writes are as dry as asked for.
func (d *dryRun) wrap(kube ctrlclient.Client) ctrlclient.Client {
	c := ctrlclient.WithFieldValidation(ctrlclient.WithFieldOwner(kube, fieldOwner), "Strict")
	switch *d {
	case dryRunClient:
		return unwritten{c}
	case dryRunServer:
		return ctrlclient.NewDryRunClient(c)
	case dryRunNone:
	}
	return c
}

// suffix is what kubectl says behind a verb.
func (d *dryRun) suffix() string {
	switch *d {
	case dryRunClient:
		return " (dry run)"
	case dryRunServer:
		return " (server dry run)"
	case dryRunNone:
	}
	return ""
}

// unwritten takes creates and patches for done. Its objects stay as they were
// to be sent.
type unwritten struct{ ctrlclient.Client }

// Create sends nothing.
func (unwritten) Create(context.Context, ctrlclient.Object, ...ctrlclient.CreateOption) error {
	return nil
}

// Patch sends nothing.
func (unwritten) Patch(context.Context, ctrlclient.Object, ctrlclient.Patch, ...ctrlclient.PatchOption) error {
	return nil
}
