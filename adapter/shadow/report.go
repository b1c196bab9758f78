package shadow

import (
	"cmp"
	"math"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const (
	// activeListed bounds the pods that serve in the list of shadows: in time
	// all pods of a workload may have been shadows.
	activeListed = 100
	// deactivatedListed is how many shadows that ended are remembered.
	deactivatedListed = 10
	// progressStep is by how much a warm-up has to go on to be written, and
	// progressEvery how often that is looked at.
	progressStep  = 0.05
	progressEvery = 5 * time.Second
)

// report writes the status, and when to look again. Nothing in it changes only
// because time goes by but the progress of a warm-up, and that by steps.
func (p *plan) report() {
	s := &p.out.Status
	was := p.was
	s.Selector, s.Leads = was.Selector, was.Leads
	s.Epoch = p.in.Epoch
	s.Replicas = p.replicas()
	s.Counts = p.counts()
	s.Intent = p.intend()
	shadows := p.listShadows()
	s.Shadows = shadows.entries
	s.Cover = p.cover()
	s.Conditions = p.conditions()
	s.LastDecision = p.lastDecision()
	if shadows.changed || p.changed() {
		shadows.refresh(p)
	}
	if !p.due.IsZero() {
		p.out.Requeue = p.due.Sub(p.now)
	}
}

// changed says that the status differs from what stands there, its shadows
// apart.
func (p *plan) changed() bool {
	s, was := p.out.Status, *p.was
	s.Shadows, was.Shadows = nil, nil
	s.ObservedGeneration, s.Forecast, s.Capacity, s.Profile = was.ObservedGeneration, was.Forecast, was.Capacity, was.Profile
	was.Conditions = ours(was.Conditions)
	if s.Intent == was.Intent {
		s.Intent, was.Intent = nil, nil // it may be long
	}
	return !equality.Semantic.DeepEqual(s, was)
}

// replicas is the number of live pods as an autoscaler of this pool is to see
// it: without the surplus of an activation or a rollout, which it would take for
// a target.
func (p *plan) replicas() (n int32) {
	for i := range p.sets {
		n += p.sets[i].live
	}
	return min(n, p.in.Workload.Replicas)
}

func (p *plan) counts() *v1alpha1.ShadowCounts {
	c := v1alpha1.ShadowCounts{HeldBack: p.out.Terms.HeldBack}
	for i := range p.members {
		switch p.becomes(&p.members[i]) {
		case v1alpha1.ShadowCreating:
			c.Creating++
		case v1alpha1.ShadowWarming:
			c.Warming++
		case v1alpha1.ShadowReady:
			c.Ready++
		case v1alpha1.ShadowBridged:
			c.Bridged++
		case v1alpha1.ShadowDraining:
			c.Draining++
		case v1alpha1.ShadowActive:
			c.Active++
		case v1alpha1.ShadowDeactivated:
		}
	}
	return &c
}

// shadowList is the list of shadows in the making.
type shadowList struct {
	entries []v1alpha1.ShadowStatus
	of      []*member
	changed bool
}

// listShadows lists the shadows that exist, by name, each with the progress that
// was written last.
func (p *plan) listShadows() shadowList {
	list := shadowList{of: p.listed()}
	list.entries = make([]v1alpha1.ShadowStatus, len(list.of))
	created := make([]metav1.Time, len(list.of))
	written := p.was.Shadows
	list.changed = len(written) != len(list.of)
	next := 0
	for i, m := range list.of {
		e := &list.entries[i]
		created[i] = metav1.NewTime(m.CreatedAt)
		*e = v1alpha1.ShadowStatus{Name: m.Name, State: p.becomes(m), CreatedAt: &created[i], Node: m.Node}
		was := wasListed(written, m.Name, &next)
		e.Reason = p.reasonOf(m, was)
		warms := e.State == v1alpha1.ShadowWarming && m.fate == fateNone
		if warms {
			p.wake(p.now.Add(progressEvery))
		}
		if was == nil || !sameEntry(was, e) {
			list.changed = true
			continue
		}
		e.Progress = was.Progress
		list.changed = list.changed || warms && advanced(was.Progress, m.WarmUp.Ratio)
	}
	return list
}

// advanced says that a warm-up has gone on, or fallen back, since its progress
// was written.
func advanced(written v1alpha1.Decimal, ratio float64) bool {
	was, err := written.Parse()
	return err != nil || math.Abs(min(1, max(0, ratio))-was) >= progressStep
}

// refresh writes the progress of now.
func (l *shadowList) refresh(p *plan) {
	for i, m := range l.of {
		if l.entries[i].State == v1alpha1.ShadowWarming {
			l.entries[i].Progress = v1alpha1.DecimalOf(min(1, max(0, m.WarmUp.Ratio)))
		}
	}
	p.out.Status.Shadows = l.entries
}

// listed returns the shadows that the status lists: all that the pool owns, and
// of those that serve the newest.
func (p *plan) listed() []*member {
	out := make([]*member, 0, len(p.members))
	var active []*member
	for i := range p.members {
		m := &p.members[i]
		switch {
		case p.becomes(m) == v1alpha1.ShadowActive:
			active = append(active, m)
		case hidden(p.becomes(m)) || p.becomes(m) == v1alpha1.ShadowBridged:
			out = append(out, m)
		}
	}
	if len(active) > activeListed {
		slices.SortStableFunc(active, func(a, b *member) int {
			return cmp.Or(-boolCompare(a.fate == fateGranted, b.fate == fateGranted), b.ActivatedAt.Compare(a.ActivatedAt))
		})
		active = active[:activeListed]
	}
	if len(active) > 0 {
		out = append(out, active...)
		slices.SortFunc(out, func(a, b *member) int { return cmp.Compare(a.Name, b.Name) })
	}
	return out
}

// reasonOf says why a shadow is not further, in one word.
func (p *plan) reasonOf(m *member, was *v1alpha1.ShadowStatus) string {
	switch p.becomes(m) {
	case v1alpha1.ShadowActive:
		if m.Resize != "" {
			return "Resize" + m.Resize
		}
		if m.Costed || m.fate == fateGranted {
			return "Settling"
		}
		return ""
	case v1alpha1.ShadowReady:
		if m.Drift != "" {
			return ReasonAdmissionDrift
		}
		if m.TimedOut || was != nil && was.Reason == ReasonTimedOut {
			return ReasonTimedOut
		}
		return ""
	case v1alpha1.ShadowWarming:
		if m.timedOut {
			return ReasonTimedOut
		}
		if m.Boost == BoostEnding {
			return ReasonBoostEnding
		}
		return m.WarmUp.Stage
	case v1alpha1.ShadowCreating:
		if m.Node == "" {
			return "Unscheduled"
		}
		return ReasonNotReady
	case v1alpha1.ShadowBridged, v1alpha1.ShadowDraining, v1alpha1.ShadowDeactivated:
	}
	return ""
}

// wasListed returns the entry of a name in a list that is sorted by name, as we
// write it; nil if there is none. Names are looked up in their order, and next
// is how far it has come.
func wasListed(list []v1alpha1.ShadowStatus, name string, next *int) *v1alpha1.ShadowStatus {
	for *next < len(list) && list[*next].Name < name {
		*next++
	}
	if *next == len(list) || list[*next].Name != name {
		return nil
	}
	return &list[*next]
}

// sameEntry compares what two entries say, progress apart.
func sameEntry(a, b *v1alpha1.ShadowStatus) bool {
	return a.Name == b.Name && a.State == b.State && a.Node == b.Node && a.Reason == b.Reason && a.CreatedAt.Equal(b.CreatedAt)
}

// remember lists the shadows that ended last: those that this decision deletes,
// and those that the last status had and that are gone.
func (p *plan) remember() {
	var ended []v1alpha1.DeactivatedShadow
	at := metav1.NewTime(p.now.Truncate(time.Second))
	next := 0
	for i := range p.was.Shadows {
		e := &p.was.Shadows[i]
		var reason string
		if reason, next = p.endOf(e, next); reason == "" {
			continue
		}
		ended = append(ended, v1alpha1.DeactivatedShadow{Name: e.Name, Reason: reason, Time: at})
		if covered(e.State) && lossy(reason) {
			p.lost++
		}
	}
	p.out.Status.Deactivated = p.was.Deactivated
	if len(ended) > 0 {
		ended = append(ended, p.was.Deactivated...)
		p.out.Status.Deactivated = ended[:min(len(ended), deactivatedListed)]
	}
}

// endOf says why a shadow that was listed ends or is gone; empty if it is not.
// It begins to look for it at from, and returns where the next one may be.
func (p *plan) endOf(e *v1alpha1.ShadowStatus, from int) (reason string, next int) {
	i, found := p.named(e.Name, from)
	if !found {
		if e.State == v1alpha1.ShadowActive {
			return ReasonScaledIn, i
		}
		return ReasonEnded, i
	}
	m := &p.members[i]
	switch {
	case m.fate == fateDeleted:
		return m.doom, i + 1
	case m.Active():
		return "", i + 1
	case m.Evicted:
		return ReasonEvicted, i + 1
	case m.NodeGone:
		return ReasonNodeGone, i + 1
	case m.Phase == PhaseFinished:
		return ReasonFailed, i + 1
	case m.Owner == OwnerReplicaSet:
		return ReasonScaledIn, i + 1
	}
	return ReasonEnded, i + 1
}
