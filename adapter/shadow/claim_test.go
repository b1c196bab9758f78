package shadow

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// shadowPod is a ready shadow.
func shadowPod(rs *ReplicaSet, i int) Pod {
	name := fmt.Sprintf("%s-shadow%04d", rs.Name, i)
	return Pod{
		Name: name, UID: types.UID(name), Owner: OwnerPool, ReplicaSetUID: rs.UID, Template: rs.Template, Label: v1alpha1.ShadowReady,
		Phase: PhaseRunning, Node: fmt.Sprintf("node%d", i%50), Zone: string(rune('a' + i%3)),
		CreatedAt: t0.Add(-time.Hour), ReadyAt: t0.Add(-50 * time.Minute), WarmedAt: t0.Add(-time.Duration(i%40+5) * time.Minute),
		WarmUp: Progress{Ratio: 1, Done: true},
	}
}

// claimOf is a claim that every guard of a kind lets pass, where there is one.
func claimOf(kind Kind) Claim {
	rs := &ReplicaSet{Name: "web", UID: "web", Template: "t", Replicas: 3}
	p := shadowPod(rs, 1)
	switch kind {
	case KindDetach, KindSettle, KindResize:
		p.Owner, p.Live, p.Label, p.ActivatedAt, p.Costed = OwnerReplicaSet, true, v1alpha1.ShadowActive, t0.Add(-time.Hour), true
	case KindWithdraw:
		p.Live, p.Label = true, v1alpha1.ShadowBridged
	case KindRewarm:
		p.Label, p.DrainingSince = v1alpha1.ShadowDraining, t0.Add(-time.Minute)
	case KindMarkWarming, KindMarkReady:
		p.Label, p.WarmedAt = v1alpha1.ShadowWarming, time.Time{}
	case KindUnboost:
		p.Label, p.WarmedAt, p.Boost = v1alpha1.ShadowWarming, time.Time{}, BoostOn
	case KindActivate, KindBridge, KindHide, KindDelete, KindCreate, KindScale:
	}
	pool := &v1alpha1.ShadowPool{}
	pool.Name = "web"
	pool.Status.Intent = &v1alpha1.Intent{ReplicaSetUID: rs.UID, PodUIDs: []types.UID{p.UID}}
	return Claim{Now: t0, Epoch: 2, Pool: pool, Pod: &p, ReplicaSet: rs}
}

// everyKind are the kinds of actions on a pod that is there.
var everyKind = []Kind{
	KindActivate, KindBridge, KindDetach, KindWithdraw, KindHide, KindResize, KindSettle, KindDelete, KindMarkWarming, KindMarkReady, KindRewarm,
	KindUnboost,
}

func TestJudgeLetsPass(t *testing.T) {
	for _, kind := range everyKind {
		c := claimOf(kind)
		why, ok := c.Judge(kind)
		require.True(t, ok, "%s: %+v", kind, why)
	}
}

// TestJudgeRefuses spoils a claim in one respect and expects the reason, of the
// kinds that must not pass then.
func TestJudgeRefuses(t *testing.T) {
	joins := []Kind{KindActivate, KindBridge}
	for _, c := range []struct {
		name  string
		spoil func(*Claim)
		kinds []Kind
		want  string
	}{
		{"a later leader wrote the pod", func(c *Claim) { c.Pod.Epoch = 3 }, everyKind, ReasonFenced},
		{"somebody else owns the pod", func(c *Claim) { c.Pod.Owner = OwnerOther }, everyKind, ReasonNotOwned},
		{"nobody owns the pod", func(c *Claim) { c.Pod.Owner = OwnerNone }, everyKind, ReasonNotOwned},
		{"the pod is being deleted", func(c *Claim) { c.Pod.Deleting = true }, []Kind{KindActivate, KindBridge, KindDetach, KindSettle, KindDelete, KindRewarm, KindMarkReady}, ReasonDeleting},
		{"the pod has ended", func(c *Claim) { c.Pod.Phase = PhaseFinished }, []Kind{KindActivate, KindBridge, KindDetach, KindRewarm, KindMarkWarming}, ReasonFailed},
		{"somebody evicts the pod", func(c *Claim) { c.Pod.Evicted = true }, []Kind{KindActivate, KindBridge, KindDetach, KindRewarm}, ReasonEvicted},
		{"its node is gone", func(c *Claim) { c.Pod.NodeGone = true }, []Kind{KindActivate, KindBridge, KindDetach, KindRewarm}, ReasonNodeGone},
		{"the pod is not Ready", func(c *Claim) { c.Pod.ReadyAt = time.Time{} }, []Kind{KindActivate, KindBridge, KindDetach, KindRewarm, KindMarkWarming, KindMarkReady}, ReasonNotReady},
		{"the pod is not warm", func(c *Claim) { c.Pod.WarmedAt = time.Time{} }, joins, ReasonNotWarm},
		{"its label is that of the warm-up", func(c *Claim) { c.Pod.Label = v1alpha1.ShadowWarming }, joins, ReasonNotWarm},
		{"it has just become warm", func(c *Claim) { c.Pod.WarmedAt = t0.Add(-warmRest + time.Millisecond) }, joins, ReasonJustWarmed},
		{"it has the higher limit of its warm-up", func(c *Claim) { c.Pod.Boost = BoostOn }, append(joins, KindMarkReady), ReasonBoosted},
		{"its node has yet to take that limit back", func(c *Claim) { c.Pod.Boost = BoostEnding }, append(joins, KindMarkReady), ReasonBoosted},
		{"it has no higher limit", func(c *Claim) { c.Pod.Boost = BoostNone }, []Kind{KindUnboost}, ReasonNotBoosted},
		{"its limit has been taken back", func(c *Claim) { c.Pod.Boost = BoostEnding }, []Kind{KindUnboost}, ReasonNotBoosted},
		{"it is for another ReplicaSet", func(c *Claim) { c.Pod.ReplicaSetUID = "old" }, append(joins, KindRewarm), ReasonStale},
		{"it is of another template", func(c *Claim) { c.Pod.Template = "old" }, append(joins, KindRewarm, KindDetach), ReasonStale},
		{"its ReplicaSet is not there", func(c *Claim) { c.ReplicaSet = nil }, append(joins, KindRewarm), ReasonStale},
		{"admission changed it", func(c *Claim) { c.Pod.Drift = "spec" }, joins, ReasonAdmissionDrift},
		{"the ReplicaSet is being deleted", func(c *Claim) { c.ReplicaSet.Deleting = true }, append(joins, KindDetach), ReasonReplicaSetDeleting},
		{"the ReplicaSet asks for nothing", func(c *Claim) { c.ReplicaSet.Replicas = 0 }, joins, ReasonReplicaSetLowered},
		{"the intent does not list it", func(c *Claim) { c.Pool.Status.Intent.PodUIDs = nil }, []Kind{KindActivate}, ReasonNotInIntent},
		{"the intent is of another ReplicaSet", func(c *Claim) { c.Pool.Status.Intent.ReplicaSetUID = "old" }, []Kind{KindActivate}, ReasonNotInIntent},
		{"there is no intent", func(c *Claim) { c.Pool.Status.Intent = nil }, []Kind{KindActivate}, ReasonNotInIntent},
		{"it serves as a bridge", func(c *Claim) { c.Pod.Label, c.Pod.Live = v1alpha1.ShadowBridged, true }, []Kind{KindHide, KindMarkWarming}, ReasonNotBridged},
		{"it is no bridge any more", func(c *Claim) { c.Pod.Label = v1alpha1.ShadowDraining }, []Kind{KindWithdraw}, ReasonNotBridged},
		{"it was never a shadow", func(c *Claim) { c.Pod.ActivatedAt = time.Time{} }, []Kind{KindDetach}, ReasonNotReused},
		{"it was restarted", func(c *Claim) { c.Pod.Restarts = 1 }, []Kind{KindDetach, KindRewarm}, ReasonNotReused},
		{"it is too old", func(c *Claim) { c.Pod.CreatedAt = t0.Add(-recycleAge) }, []Kind{KindDetach, KindRewarm}, ReasonNotReused},
		{"its cost is gone", func(c *Claim) { c.Pod.Costed = false }, []Kind{KindSettle}, ReasonNotSettling},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, kind := range c.kinds {
				claim := claimOf(kind)
				c.spoil(&claim)
				why, ok := claim.Judge(kind)
				require.False(t, ok, "%s passes", kind)
				require.Equal(t, c.want, why.Reason, "%s: %s", kind, why.Message)
				require.NotEmpty(t, why.Message)
			}
		})
	}
}

// TestGrantsAt holds that a raise that is taken back in part takes its grants
// with it.
func TestGrantsAt(t *testing.T) {
	terms := Terms{Desired: 10, Grants: 3}
	for replicas, want := range map[int32]int32{12: 3, 10: 3, 9: 2, 7: 0, 0: 0} {
		require.Equal(t, want, terms.GrantsAt(replicas), "at %d replicas", replicas)
	}
}

// TestSlotNames holds that names differ by slot, ReplicaSet and pool, and are
// names of pods.
func TestSlotNames(t *testing.T) {
	rs := &ReplicaSet{Name: "web-6d4b75cb6d", UID: "a"}
	seen := map[string]bool{}
	for slot := range 2000 {
		seen[slotName("pool", rs, slot)] = true
	}
	require.Greater(t, len(seen), 1995, "they collide")
	require.Equal(t, "web-6d4b75cb6d-c7wdf", slotName("pool", rs, 7), "names must not change from release to release: a new leader would make the same shadows again")
	require.NotEqual(t, slotName("pool", rs, 7), slotName("other", rs, 7))
	require.NotEqual(t, slotName("pool", rs, 7), slotName("pool", &ReplicaSet{Name: rs.Name, UID: "b"}, 7))
	require.Regexp(t, `^web-6d4b75cb6d-[a-z0-9]{5}$`, slotName("pool", rs, 0))
}
