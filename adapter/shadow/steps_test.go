package shadow

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"
	gocmp "github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// step plays one part of the world around the planner:
//
//	apply    the last decision is done: its status is written, then its actions
//	status   only its status is written
//	hpa      the autoscaler takes the published value
//	rs       each ReplicaSet makes the pods that it lacks, and deletes those that
//	         are too many, in the order of the real one: Pending, not Ready, by
//	         cost, the youngest
//	run      Pending pods run
//	ready    Running pods are Ready
//	warm     the warm-ups are complete
//	forget   pods that are being deleted are gone
//	raise=n  the (first) ReplicaSet and its workload ask for n
func (s *script) step(t *testing.T, arg datadriven.CmdArg) {
	t.Helper()
	switch arg.Key {
	case "now":
	case "apply":
		s.in.Pool.Status = s.last.Status
		for i := range s.last.Actions {
			s.act(t, &s.last.Actions[i])
		}
	case "status":
		s.in.Pool.Status = s.last.Status
	case "hpa":
		s.order(s.in.Published.Value)
	case "raise":
		n, err := strconv.ParseInt(arg.SingleVal(t), 10, 32)
		if err != nil {
			t.Fatal(err)
		}
		s.order(int32(n))
	case "rs":
		for i := range s.in.ReplicaSets {
			s.manage(&s.in.ReplicaSets[i])
		}
	case "run":
		s.each(func(p *Pod) {
			if p.Phase == PhasePending {
				p.Phase, p.Node, p.Zone = PhaseRunning, cmp.Or(p.Node, "node-a"), cmp.Or(p.Zone, "a")
			}
		})
	case "ready":
		s.each(func(p *Pod) {
			if p.Phase == PhaseRunning && !p.Ready() {
				p.ReadyAt = s.now
			}
		})
	case "warm":
		s.each(func(p *Pod) { p.WarmUp = Progress{Ratio: 1, Done: true} })
	case "forget":
		s.in.Pods = slices.DeleteFunc(slices.Clone(s.in.Pods), func(p Pod) bool { return p.Deleting })
	default:
		t.Fatalf("unknown step %s", arg.Key)
	}
}

func (s *script) each(f func(*Pod)) {
	for i := range s.in.Pods {
		f(&s.in.Pods[i])
	}
}

func (s *script) order(n int32) {
	s.in.Workload.Replicas = n
	s.in.ReplicaSets[0].Replicas = n
	s.in.ReplicaSets[0].Generation++
}

// manage is the ReplicaSet controller.
func (s *script) manage(rs *ReplicaSet) {
	rs.ObservedGeneration = rs.Generation
	var mine []*Pod
	s.each(func(p *Pod) {
		if p.Owner == OwnerReplicaSet && p.ReplicaSetUID == rs.UID && p.Active() {
			mine = append(mine, p)
		}
	})
	slices.SortStableFunc(mine, func(a, b *Pod) int {
		return cmp.Or(-boolCompare(a.Phase == PhasePending, b.Phase == PhasePending), boolCompare(a.Ready(), b.Ready()),
			-boolCompare(a.Costed, b.Costed), b.CreatedAt.Compare(a.CreatedAt))
	})
	surplus := max(0, len(mine)-int(rs.Replicas))
	for _, p := range mine[:surplus] {
		p.Deleting = true
	}
	for range int(rs.Replicas) - len(mine) {
		s.addLive(rs, "unscheduled", s.now, "")
	}
}

// act does an action as the API server would show it.
func (s *script) act(t *testing.T, a *Action) {
	t.Helper()
	if a.Kind == KindScale {
		s.order(a.Replicas)
		return
	}
	if a.Kind == KindCreate {
		rs := s.in.ReplicaSets[slices.IndexFunc(s.in.ReplicaSets, func(r ReplicaSet) bool { return r.UID == a.ReplicaSetUID })]
		s.in.Pods = append(s.in.Pods, Pod{
			Name: a.Pod, UID: types.UID(a.Pod), Owner: OwnerPool, ReplicaSetUID: rs.UID, Template: rs.Template,
			Label: v1alpha1.ShadowCreating, Phase: PhasePending, CreatedAt: s.now, Epoch: s.in.Epoch,
		})
		return
	}
	p := s.pod(a.Pod)
	if p == nil {
		t.Fatalf("%s %s: there is no such pod", a.Kind, a.Pod)
	}
	s.write(p, a)
}

func (s *script) write(p *Pod, a *Action) {
	p.Epoch = s.in.Epoch
	switch a.Kind {
	case KindActivate:
		p.Owner, p.Live, p.Label, p.Costed, p.ActivatedAt = OwnerReplicaSet, true, v1alpha1.ShadowActive, true, s.now
	case KindBridge:
		p.Live, p.Label, p.ActivatedAt = true, v1alpha1.ShadowBridged, s.now
	case KindDetach:
		p.Owner, p.Live, p.Label, p.DrainingSince, p.Costed = OwnerPool, false, v1alpha1.ShadowDraining, s.now, false
	case KindWithdraw:
		p.Live, p.Label, p.DrainingSince = false, v1alpha1.ShadowDraining, s.now
	case KindHide:
		p.Exposed, p.HideKeys = nil, nil
	case KindResize:
		p.Shrunk = false
	case KindUnboost:
		p.Boost = BoostEnding
	case KindSettle:
		p.Costed = false
	case KindDelete:
		p.Deleting = true
	case KindMarkWarming:
		p.Label = v1alpha1.ShadowWarming
	case KindMarkReady:
		p.Label = v1alpha1.ShadowReady
		if p.WarmedAt.IsZero() {
			p.WarmedAt = s.now
		}
	case KindRewarm:
		p.Label, p.WarmedAt, p.WarmUp = v1alpha1.ShadowWarming, time.Time{}, Progress{Stage: "MinReady"}
	case KindScale, KindCreate:
	}
}

// look prints the world in a few lines.
func (s *script) look(out *strings.Builder) {
	for i := range s.in.ReplicaSets {
		rs := &s.in.ReplicaSets[i]
		var live, ready, pending, ours int
		s.each(func(p *Pod) {
			if p.Owner != OwnerReplicaSet || p.ReplicaSetUID != rs.UID || !p.Active() {
				return
			}
			live++
			if p.Ready() {
				ready++
			}
			if p.Phase == PhasePending {
				pending++
			}
			if p.State() == v1alpha1.ShadowActive {
				ours++
			}
		})
		fmt.Fprintf(out, "rs %s: asks for %d, has %d (%d Ready, %d Pending, %d were shadows)\n", rs.Name, rs.Replicas, live, ready, pending, ours)
	}
	counts := map[v1alpha1.ShadowState]int{}
	s.each(func(p *Pod) {
		if p.Owner == OwnerPool {
			counts[p.State()]++
		}
	})
	for _, state := range []v1alpha1.ShadowState{
		v1alpha1.ShadowCreating, v1alpha1.ShadowWarming, v1alpha1.ShadowReady, v1alpha1.ShadowBridged, v1alpha1.ShadowDraining, v1alpha1.ShadowDeactivated,
	} {
		if counts[state] > 0 {
			fmt.Fprintf(out, "shadows %s: %d\n", state, counts[state])
		}
	}
}

// show prints a decision.
func (s *script) show(out *strings.Builder, d *datadriven.TestData) {
	p := &s.last
	switch {
	case p.Broken != "":
		fmt.Fprintf(out, "broken: %s\n", p.Broken)
		return
	case p.Fenced:
		out.WriteString("fenced\n")
		return
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		subject := a.Pod
		if a.Kind == KindScale {
			subject = fmt.Sprintf("to %d", a.Replicas)
		}
		if len(a.Keys) > 0 {
			subject += " " + strings.Join(a.Keys, ",")
		}
		if a.Whole {
			subject += " whole"
		}
		fmt.Fprintf(out, "%s %s: %s: %s\n", a.Kind, subject, a.Reason, a.Message)
	}
	for i := range p.Held {
		h := &p.Held[i]
		fmt.Fprintf(out, "hold %s: %s\n", heldKey(h), h.Message)
	}
	s.showIntent(out)
	if d.HasArg("show") {
		for _, what := range d.CmdArgs {
			if what.Key == "show" {
				for _, v := range what.Vals {
					s.showMore(out, v)
				}
			}
		}
	}
	if p.Requeue > 0 {
		fmt.Fprintf(out, "requeue %s\n", p.Requeue)
	}
	if len(p.Actions) == 0 && out.Len() == 0 {
		out.WriteString("nothing\n")
	}
}

func (s *script) showIntent(out *strings.Builder) {
	i := s.last.Status.Intent
	if i == nil || i == s.in.Pool.Status.Intent {
		return
	}
	fmt.Fprintf(out, "intent %d for %s:", i.Epoch, i.ReplicaSetUID)
	for _, uid := range i.PodUIDs {
		fmt.Fprintf(out, " %s", uid)
	}
	out.WriteByte('\n')
}

func (s *script) showMore(out *strings.Builder, what string) {
	st, t := &s.last.Status, s.last.Terms
	switch what {
	case "terms":
		fmt.Fprintf(out, "terms: want %d of budget %d, have %d, held back %d; desired %d, live %d, missing %d, pending %d, ahead %d, warm %d, grants %d\n",
			t.Want, t.Budget, t.Have, t.HeldBack, t.Desired, t.Live, t.Missing, t.Pending, t.Ahead, t.Warm, t.Grants)
	case "cover":
		fmt.Fprintf(out, "cover: %d", st.Cover.Replicas)
		if st.Cover.LostUntil != nil {
			fmt.Fprintf(out, ", of them %d lost, until %s", st.Cover.Lost, clock(st.Cover.LostUntil.Time))
		}
		out.WriteByte('\n')
	case "conditions":
		for _, c := range st.Conditions {
			fmt.Fprintf(out, "condition %s=%s: %s: %s\n", c.Type, c.Status, c.Reason, c.Message)
		}
	case "since":
		for _, c := range st.Conditions {
			fmt.Fprintf(out, "condition %s=%s since %s\n", c.Type, c.Status, clock(c.LastTransitionTime.Time))
		}
	case "shadows":
		for _, e := range st.Shadows {
			fmt.Fprintf(out, "shadow %s %s progress=%s reason=%s\n", e.Name, e.State, e.Progress, e.Reason)
		}
	case "counts":
		fmt.Fprintf(out, "counts: %+v replicas=%d\n", *st.Counts, st.Replicas)
	case "deactivated":
		for _, e := range st.Deactivated {
			fmt.Fprintf(out, "deactivated %s at %s: %s\n", e.Name, clock(e.Time.Time), e.Reason)
		}
	case "decision":
		l := st.LastDecision
		fmt.Fprintf(out, "decided at %s: %s: %s\n", clock(l.Time.Time), l.Reason, l.Message)
	case "lines":
		for _, line := range st.LastDecision.Actions {
			fmt.Fprintf(out, "did: %s\n", line)
		}
		for _, line := range st.LastDecision.Held {
			fmt.Fprintf(out, "held: %s\n", line)
		}
	case "rest":
		if diff := gocmp.Diff(s.in.Pool.Status, *st); diff != "" {
			fmt.Fprintf(out, "the status changes: %s\n", diff)
		} else {
			out.WriteString("the status stays as it is\n")
		}
	case "excess":
		if st.ExcessSince == nil {
			out.WriteString("no excess\n")
		} else {
			fmt.Fprintf(out, "excess since %s\n", clock(st.ExcessSince.Time))
		}
	}
}
