package shadow

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// worlds draws observations: most of them could be met, and some could not.
type worlds struct{ *rapid.T }

func pick[V any](w worlds, label string, options ...V) V {
	return rapid.SampledFrom(options).Draw(w.T, label)
}

func (w worlds) n(label string, most int) int32 {
	return int32(rapid.IntRange(0, most).Draw(w.T, label))
}

// rare is true once in eight times.
func (w worlds) rare(label string) bool { return rapid.IntRange(0, 7).Draw(w.T, label) == 7 }

// ago is an instant before t0, often one at which something is due.
func (w worlds) ago(label string) time.Time {
	return t0.Add(-pick(w, label, 0, time.Second, 2*time.Second, 9*time.Second, 10*time.Second, 30*time.Second,
		time.Minute, 5*time.Minute, 10*time.Minute, time.Hour, 25*time.Hour))
}

func (w worlds) observed() Observed {
	var s script
	s.reset()
	in := s.in
	w.pool(in.Pool)
	in.Epoch = 3
	in.Paused = w.rare("installation paused")
	w.workload(&in)
	for i := range w.n("ReplicaSets", 3) {
		in.ReplicaSets = append(in.ReplicaSets, w.replicaSet(i))
	}
	for i := range w.n("pods", 14) {
		in.Pods = append(in.Pods, w.pod(&in, i))
	}
	in.Published = Published{Known: !w.rare("unknown"), Value: w.n("value", 12), NowTerm: w.n("nowTerm", 10), ShadowNeed: w.n("need", 16)}
	in.Room = Room{Pods: pick[int32](w, "room", -1, 0, 3, 9), By: "ResourceQuota/team"}
	if w.rare("caps") {
		in.Room.Caps, in.Room.CapsBy = w.n("caps left", 4), "--shadows.max"
	}
	if w.rare("refused") {
		in.Refusals = []Reason{{Condition: v1alpha1.ConditionPolicyGap, Reason: "PolicyGap", Message: "add the twin"}}
	}
	w.status(&in)
	return in
}

func (w worlds) pool(p *v1alpha1.ShadowPool) {
	s := &p.Spec
	s.Mode = pick(w, "mode", v1alpha1.ModeActive, v1alpha1.ModeActive, v1alpha1.ModeActive, v1alpha1.ModePredict)
	s.Activation.Mode = pick(w, "activation", v1alpha1.ActivationModeAdopt, v1alpha1.ActivationModeAdopt, v1alpha1.ActivationModeBridge)
	s.Activation.Policy = pick(w, "policy", v1alpha1.ActivationPolicyAll, v1alpha1.ActivationPolicyProportional)
	s.ScaleIn.Policy = pick(w, "scaleIn", v1alpha1.ScaleInTerminate, v1alpha1.ScaleInRecycle)
	*s.ShadowPercentage = pick[int32](w, "percentage", 0, 1, 20, 50, 100)
	*s.MaxShadows = w.n("max", 8)
	*s.MinShadows = min(*s.MaxShadows, w.n("min", 3))
	if w.rare("own scale") {
		*s.Replicas = 1 + w.n("replicas", 8)
	}
	if w.rare("pool paused") {
		p.Annotations = map[string]string{v1alpha1.PauseAnnotation: "shadows"}
	}
}

func (w worlds) workload(in *Observed) {
	l := &in.Workload
	l.Kind = pick(w, "kind", "Deployment", "Deployment", "ReplicaSet", "Rollout")
	l.Replicas, l.MaxSurge = w.n("workload replicas", 8), w.n("surge", 2)
	l.Exists, l.Deleting = !w.rare("gone"), w.rare("deleting")
	l.Stable, l.OursAsked = !w.rare("unstable"), rapid.Bool().Draw(w.T, "ours")
	l.CurrentUID = pick(w, "current", types.UID(""), "rs0", "rs1", "elsewhere")
}

func (w worlds) replicaSet(i int32) ReplicaSet {
	rs := ReplicaSet{Name: fmt.Sprintf("rs%d", i), Template: "t", Generation: 2, ObservedGeneration: 2}
	rs.UID = types.UID(rs.Name)
	if i == 0 || w.rare("active, too") {
		rs.Replicas = w.n("RS replicas", 8)
	}
	if w.rare("unseen spec") {
		rs.ObservedGeneration = 1
	}
	rs.Deleting = w.rare("RS deleting")
	if w.rare("failing") {
		rs.Failing = "exceeded quota"
	}
	return rs
}

func (w worlds) pod(in *Observed, i int32) Pod {
	p := Pod{
		Name: fmt.Sprintf("p%02d", i), Template: pick(w, "template", "t", "t", "t", "t", "old"), Phase: PhaseRunning,
		Zone: pick(w, "zone", "", "a", "b", "c"), Node: pick(w, "node", "n1", "n1", ""),
		CreatedAt: w.ago("created"), ReadyAt: w.ago("ready"), Label: pick(w, "label", "",
			v1alpha1.ShadowCreating, v1alpha1.ShadowWarming, v1alpha1.ShadowReady, v1alpha1.ShadowReady, v1alpha1.ShadowReady,
			v1alpha1.ShadowBridged, v1alpha1.ShadowDraining, v1alpha1.ShadowActive),
		Live: rapid.Bool().Draw(w.T, "live labels"), Deleting: w.rare("deleting"), Evicted: w.rare("evicted"), NodeGone: w.rare("node gone"),
		Costed: rapid.Bool().Draw(w.T, "costed"), Shrunk: w.rare("shrunk"), Epoch: int64(w.n("epoch", 3)),
		WarmUp: Progress{Ratio: 0.5, Done: rapid.Bool().Draw(w.T, "warmed up"), Stage: "MinReady"},
	}
	p.UID = types.UID("uid-" + p.Name)
	p.Owner = pick(w, "owner", OwnerPool, OwnerPool, OwnerPool, OwnerReplicaSet, OwnerReplicaSet, OwnerReplicaSet, OwnerNone, OwnerOther)
	if w.rare("not Ready") {
		p.ReadyAt, p.UnreadyAt = time.Time{}, w.ago("unready")
	}
	if !w.rare("cold") {
		p.WarmedAt = w.ago("warmed")
	}
	if rapid.Bool().Draw(w.T, "activated") {
		p.ActivatedAt = w.ago("activated at")
	}
	if p.Label == v1alpha1.ShadowDraining {
		p.DrainingSince = w.ago("draining since")
	}
	p.Phase = pick(w, "phase", PhaseRunning, PhaseRunning, PhaseRunning, PhasePending, PhaseFinished)
	if p.Phase == PhasePending && p.Owner == OwnerReplicaSet {
		p.ActivatedAt, p.Label = time.Time{}, "" // what was handed over ran
	}
	if w.rare("boosted") {
		p.Boost = pick(w, "boost", BoostOn, BoostOn, BoostEnding)
		p.Resize = pick(w, "resize", "", "", "Deferred", ResizeRefused, ResizePostponed)
	}
	if w.rare("drifted") {
		p.Drift = "spec"
	}
	if w.rare("exposed") {
		p.Exposed, p.HideKeys = []string{"Service/x"}, pick(w, "keys", []string{"app"}, nil)
	}
	p.Restarts = pick[int32](w, "restarts", 0, 0, 0, 1, 4)
	if len(in.ReplicaSets) == 0 {
		if p.Owner == OwnerReplicaSet {
			p.Owner = OwnerOther
		}
		return p
	}
	p.ReplicaSetUID = rapid.SampledFrom(in.ReplicaSets).Draw(w.T, "of").UID
	if p.Owner == OwnerPool && w.rare("of another workload") {
		p.ReplicaSetUID = "elsewhere"
	}
	return p
}

// status draws what earlier decisions may have left.
func (w worlds) status(in *Observed) {
	st := &in.Pool.Status
	st.Epoch = int64(w.n("status epoch", 3))
	if !w.rare("no intent") && len(in.ReplicaSets) > 0 {
		st.Intent = &v1alpha1.Intent{ReplicaSetUID: "rs0", Epoch: 7, PodUIDs: []types.UID{}}
		for i := range in.Pods {
			if !w.rare("unlisted") {
				st.Intent.PodUIDs = append(st.Intent.PodUIDs, in.Pods[i].UID)
			}
		}
		if w.rare("listed twice") && len(in.Pods) > 0 {
			st.Intent.PodUIDs = append(st.Intent.PodUIDs, in.Pods[0].UID, "uid-nobody")
		}
		slices.Reverse(st.Intent.PodUIDs)
	}
	if rapid.Bool().Draw(w.T, "excess") {
		since := metav1.NewTime(w.ago("excess since"))
		st.ExcessSince = &since
	}
	for i := range w.n("deactivated", 4) {
		st.Deactivated = append(st.Deactivated, v1alpha1.DeactivatedShadow{
			Name: fmt.Sprintf("gone%d", i), Reason: pick(w, "why", ReasonEvicted, ReasonStale, ReasonNotStarting), Time: metav1.NewTime(w.ago("ended")),
		})
	}
	for i := range in.Pods {
		if rapid.Bool().Draw(w.T, "listed") {
			st.Shadows = append(st.Shadows, v1alpha1.ShadowStatus{Name: in.Pods[i].Name, State: pick(w, "was", v1alpha1.ShadowReady, v1alpha1.ShadowCreating)})
		}
	}
	if rapid.Bool().Draw(w.T, "covered") {
		until := metav1.NewTime(w.ago("lost").Add(time.Minute))
		st.Cover = &v1alpha1.CoverStatus{Replicas: w.n("cover", 5), Lost: w.n("lost", 3), LostUntil: &until}
	}
}
