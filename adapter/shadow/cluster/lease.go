package cluster

import "github.com/foreshadow-dev/foreshadow/adapter/lease"

// metricsLease knows whether the metrics role is alive.
type metricsLease struct{ *lease.Watch }

// NeedLeaderElection says that who writes looks.
func (metricsLease) NeedLeaderElection() bool { return true }
