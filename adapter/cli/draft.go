package cli

import (
	"fmt"

	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

// checkGiven refuses what the flags break by themselves, before a server is
// asked.
func (o *createOptions) checkGiven(t client.Target) error {
	o.load(&t.Spec.Load)
	return withFlags(client.CheckGiven(t, o.percentage))
}

// needsNoServer says that all is written that a new pool says: as with kubectl,
// a client's dry run of it asks no server.
func (o *createOptions) needsNoServer(t client.Target) bool {
	return o.dryRun == dryRunClient && t.Workload.Name != "" && o.fromHPA == "" && !o.ownScale && !o.printPolicies
}

// draft prints the pool that create would make, and says what only a cluster
// can tell.
func (o *createOptions) draft(t client.Target) error {
	o.load(&t.Spec.Load)
	p, err := client.Draft(t, o.percentage)
	if err != nil {
		return withFlags(err)
	}
	if err := o.showPool(&o.output, p, string(client.Created), o.dryRun.suffix()); err != nil {
		return err
	}
	ref := &p.Spec.ScaleTargetRef
	_, _ = fmt.Fprintf(o.Streams.ErrOut, "No server was asked. Not checked: that %s %s/%s is there, and that it has no pool yet; --dry-run=server does.\n"+
		"spec.minShadows is left out: create sets it to %d%% of the replicas, so that shadows stay whatever the forecast says; without it the forecast decides.\n",
		ref.Kind, p.Namespace, ref.Name, o.percentage)
	return nil
}
