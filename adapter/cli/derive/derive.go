package derive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// Given is what the caller knows already; it wins over what is derived.
type Given struct{ Query, Capacity string }

// Derived is what a pool for an autoscaler's workload is to say.
type Derived struct {
	Workload v1alpha1.ScaleTargetRef
	// Load lacks what has to be learnt.
	Load v1alpha1.Load
	// Observe is why the workload may only be observed, as sentences; empty if
	// it may have shadows.
	Observe string

	from     *Autoscaler
	capacity string   // how the capacity was found
	unused   []string // metrics that are not the load, and why
	reactive bool     // there is a metric of the workload itself
	ours     bool
}

// signal is one metric or trigger of an autoscaler.
type signal struct {
	// at names it, such as "spec.metrics[0] (Resource cpu)".
	at string
	// query is its value in PromQL, where it is known; else unknown says why
	// not.
	query, unknown string
	// capacity is the part of it that one replica carries, with how that was
	// found; empty where its target says nothing of one replica.
	capacity v1alpha1.Decimal
	how      string
	// queue says that it is the backlog of a queue.
	queue bool
	// rank orders what could be the load: the lowest comes first.
	rank int
	// ours says that it is our own value, unrelated that it is no load at all,
	// such as a time of day.
	ours, unrelated bool
}

// The ranks of signals: what the owner wrote as PromQL is a better load than
// CPU, and a backlog is none but as a last resort.
const (
	rankPromQL = iota
	rankCPU
	rankOther
	rankQueue
)

// Derive makes the load of the autoscaler. That there is no query in it is an
// error which names each of its metrics.
func (a *Autoscaler) Derive(ctx context.Context, kube ctrlclient.Reader, given Given) (*Derived, error) {
	if a.workload.Kind == v1alpha1.Kind {
		return nil, fmt.Errorf("%s scales ShadowPool %s: a pool owns the scale already: change that one", a, a.workload.Name)
	}
	d := &Derived{Workload: a.workload, from: a}
	if !supported(a.workload) {
		return d, nil // the rules of the API refuse it, with what to write
	}
	t, err := templateOf(ctx, kube, a.namespace, a.workload)
	if err != nil {
		return nil, err
	}
	signals := a.signals(t)
	slices.SortStableFunc(signals, func(x, y signal) int { return x.rank - y.rank })
	for _, s := range signals {
		d.ours = d.ours || s.ours
		d.reactive = d.reactive || !s.ours && !s.unrelated
		if s.queue && d.Observe == "" {
			d.Observe = observe(s)
		}
	}
	return d, d.choose(signals, given)
}

// choose takes the load from what is given, or from the best signal.
func (d *Derived) choose(signals []signal, given Given) error {
	best := slices.IndexFunc(signals, func(s signal) bool { return s.query != "" })
	switch {
	case given.Query != "":
		d.Load.Query = given.Query
		// A metric that the query stands for has its target in the same unit. No
		// query for a load is a backlog.
		best = slices.IndexFunc(signals, func(s signal) bool { return s.query == "" && s.capacity != "" && !s.queue })
	case best < 0:
		return d.noQuery(signals)
	default:
		d.Load.Query = signals[best].query
	}
	for i, s := range signals {
		switch {
		case i == best || s.ours:
		case s.query != "":
			d.unused = append(d.unused, s.at+": a pool has one load")
		case s.unknown != "":
			d.unused = append(d.unused, s.at+": "+s.unknown)
		}
	}
	switch {
	case given.Capacity != "":
		d.Load.CapacityPerReplica = new(v1alpha1.Decimal(given.Capacity))
		d.capacity = "as given"
	case best >= 0 && signals[best].capacity != "":
		d.Load.CapacityPerReplica = new(signals[best].capacity)
		d.Load.HeadroomPercent = new(int32(0))
		d.capacity = signals[best].how
	}
	return nil
}

// noQuery says of each signal why it has no query.
func (d *Derived) noQuery(signals []signal) error {
	lines := []string{fmt.Sprintf("derive load of %s: no query is in it: write --query, the workload's load in PromQL", d.from)}
	for _, s := range signals {
		switch {
		case s.ours:
			lines = append(lines, s.at+": it is Foreshadow's own value")
		case s.unknown != "":
			lines = append(lines, s.at+": "+s.unknown)
		}
	}
	return errors.New(strings.Join(lines, "\n  "))
}

// observe is why a consumer of a queue has no shadows.
func observe(s signal) string {
	return fmt.Sprintf("Why: %s is the backlog of a queue. A consumer takes work by itself, not from a Service: a shadow would take it\n"+
		"as soon as it runs, and a backlog depends on how many replicas there are, which a load does not. Write mode Active\n"+
		"yourself once the app leaves the queue alone while its pod is a shadow (backgroundWork: Gated).", s.at)
}

// supported says that shadows can join the workload.
func supported(ref v1alpha1.ScaleTargetRef) bool {
	return ref.APIVersion == "apps/v1" && (ref.Kind == "Deployment" || ref.Kind == "ReplicaSet") ||
		ref.APIVersion == "argoproj.io/v1alpha1" && ref.Kind == "Rollout"
}
