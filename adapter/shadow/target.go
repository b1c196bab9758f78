package shadow

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"
)

// tally counts the pods of one ReplicaSet.
type tally struct {
	*ReplicaSet
	// live are its active pods, ready those of them that are Ready.
	live, ready int32
	// pending are those that it made and that do not run, young the ones among
	// them that cannot be Ready any moment.
	pending, young int32
	// unplaced are those that have no node, waiting the ones among them that have
	// had none for a while.
	unplaced, waiting int32
	// booting are those that it made of late and that do not serve yet, or only
	// since a moment.
	booting int32
	// settling are those that were handed over and still bear their cost.
	settling int32
	// joined is how many pods it made since the burst that settles began.
	joined int32
}

// sortedSets returns the ReplicaSets by name.
func sortedSets(in *Observed) []tally {
	out := make([]tally, len(in.ReplicaSets))
	for i := range in.ReplicaSets {
		out[i].ReplicaSet = &in.ReplicaSets[i]
	}
	slices.SortFunc(out, func(a, b tally) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.UID, b.UID))
	})
	return out
}

// find returns the ReplicaSet of a UID, nil if there is none.
func find(sets []tally, uid types.UID) *tally {
	for i := range sets {
		if sets[i].UID == uid {
			return &sets[i]
		}
	}
	return nil
}

// findTarget returns the ReplicaSet that shadows are made for and join, or why
// there is none: the only active one, whatever the workload's template says by
// now (a paused Deployment scales the old one); without any active one the
// newest, so that shadows can wait for a scale from zero.
func findTarget(w *Workload, sets []tally) (*tally, Reason) {
	var active []string
	var only *tally
	for i := range sets {
		if sets[i].Active() {
			active = append(active, sets[i].Name)
			only = &sets[i]
		}
	}
	switch {
	case !w.Exists || w.Deleting:
		return nil, Reason{Reason: ReasonWorkloadGone, Message: fmt.Sprintf("%s %s is gone: its shadows go with it", w.Kind, w.Name)}
	case len(active) > 1:
		return nil, Reason{Reason: ReasonRolloutInProgress, Message: fmt.Sprintf(
			"%d active ReplicaSets (%s): it goes on when the rollout is done", len(active), strings.Join(active, ", "))}
	case w.Kind == "Rollout" && !w.Stable:
		return nil, Reason{Reason: ReasonRolloutNotHealthy, Message: fmt.Sprintf("Rollout %s is not Healthy: it goes on when it is", w.Name)}
	case only == nil:
		only = newest(w, sets)
	}
	switch {
	case only == nil:
		return nil, Reason{Reason: ReasonNoReplicaSet, Message: fmt.Sprintf("%s %s has no ReplicaSet to make shadows for yet", w.Kind, w.Name)}
	case only.Deleting:
		return nil, Reason{Reason: ReasonReplicaSetDeleting, Message: fmt.Sprintf("ReplicaSet %s is being deleted", only.Name)}
	}
	return only, Reason{}
}

// newest returns the ReplicaSet of the newest template, nil if it is not known.
func newest(w *Workload, sets []tally) *tally {
	if len(sets) == 1 && w.CurrentUID == "" {
		return &sets[0]
	}
	return find(sets, w.CurrentUID)
}

// stale says that a pod is of a ReplicaSet, or of a template, that the workload
// has left or is leaving. It goes by the ReplicaSet's UID: after a rollback the
// shadows of the old one are good again.
func (p *plan) stale(pod *Pod) bool {
	rs := find(p.sets, pod.ReplicaSetUID)
	switch {
	case rs == nil || rs.Deleting || rs.Template != pod.Template:
		return true
	case p.target != nil:
		return rs.UID != p.target.UID
	case rs.UID == p.in.Workload.CurrentUID:
		return false
	case p.in.Workload.CurrentUID == "" || p.bridges():
		return !rs.Active() && slices.ContainsFunc(p.sets, func(t tally) bool { return t.Active() })
	}
	return true
}
