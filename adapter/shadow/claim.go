package shadow

import (
	"fmt"
	"slices"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// warmRest is how long a shadow rests between its warm-up and its activation, so
// that nothing of the warm-up reaches a pod that serves.
const warmRest = 2 * time.Second

// Claim is one pod about to be written, with all that the write depends on, each
// as it was read last.
type Claim struct {
	Now   time.Time
	Epoch int64
	// Pool is defaulted; its status holds the intent as it was written.
	Pool *v1alpha1.ShadowPool
	Pod  *Pod
	// ReplicaSet is the one that the pod belongs to or is made for; nil if there
	// is none.
	ReplicaSet *ReplicaSet
}

// Judge says whether an action of a kind may be done to the pod; if not, why:
// the first guard of the kind that fails. Plan asks the same guards.
func (c *Claim) Judge(kind Kind) (Reason, bool) { return judge(guards(kind), c) }

// guard is one named check of a claim.
type guard struct {
	reason string
	holds  func(*Claim) bool
	say    func(*Claim) string
}

func judge(list []guard, c *Claim) (Reason, bool) {
	if i := failing(list, c); i >= 0 {
		return Reason{Reason: list[i].reason, Message: list[i].say(c)}, false
	}
	return Reason{}, true
}

// failing returns the first guard that fails, or -1.
func failing(list []guard, c *Claim) int {
	return slices.IndexFunc(list, func(g guard) bool { return !g.holds(c) })
}

// guards lists what an action of a kind needs, in order.
func guards(kind Kind) []guard {
	switch kind {
	case KindActivate:
		return activateGuards
	case KindBridge:
		return bridgeGuards
	case KindDelete:
		return deleteGuards
	case KindHide:
		return hideGuards
	case KindWithdraw:
		return withdrawGuards
	case KindMarkWarming:
		return markGuards
	case KindMarkReady:
		return readyGuards
	case KindUnboost:
		return unboostGuards
	case KindRewarm:
		return rewarmGuards
	case KindDetach:
		return detachGuards
	case KindSettle:
		return settleGuards
	case KindResize:
		return resizeGuards
	case KindCreate, KindScale:
	}
	return nil
}

var (
	// candidateGuards are those of a shadow that an intent lists.
	candidateGuards = []guard{notFenced, ownedByPool, notDeleting, notFinished, notEvicted, nodeThere, isReady, isWarm, forReplicaSet, sameTemplate, noDrift, notBoosted}
	bridgeGuards    = append(slices.Clip(candidateGuards), replicaSetStays, restedSinceWarm, replicaSetActive)
	activateGuards  = append(slices.Clip(bridgeGuards), inIntent)
	deleteGuards    = []guard{notFenced, ownedByPool, notDeleting}
	hideGuards      = []guard{notFenced, ownedByPool, notDeleting, notBridged}
	withdrawGuards  = []guard{notFenced, ownedByPool, notDeleting, isBridged}
	markGuards      = []guard{notFenced, ownedByPool, notDeleting, notFinished, notBridged, isReady}
	readyGuards     = append(slices.Clip(markGuards), notBoosted)
	unboostGuards   = []guard{notFenced, ownedByPool, notDeleting, notFinished, isBoosted}
	rewarmGuards    = []guard{notFenced, ownedByPool, notDeleting, notFinished, notEvicted, nodeThere, isReady, forReplicaSet, sameTemplate, noRestart, youngEnough}
	detachGuards    = []guard{notFenced, ownedByReplicaSet, notDeleting, notFinished, notEvicted, nodeThere, isReady, wasShadow, replicaSetStays, sameTemplate, noRestart, youngEnough}
	settleGuards    = []guard{notFenced, ownedByReplicaSet, notDeleting, isCosted}
	resizeGuards    = []guard{notFenced, serving, notDeleting, notFinished}
)

var (
	notFenced = guard{
		ReasonFenced,
		func(c *Claim) bool { return c.Pod.Epoch <= c.Epoch },
		func(c *Claim) string {
			return fmt.Sprintf("pod %s was written by the leader of epoch %d, this one is of epoch %d", c.Pod.Name, c.Pod.Epoch, c.Epoch)
		},
	}
	ownedByPool = guard{
		ReasonNotOwned,
		func(c *Claim) bool { return c.Pod.Owner == OwnerPool },
		func(c *Claim) string {
			return fmt.Sprintf("pod %s does not belong to pool %s", c.Pod.Name, c.Pool.Name)
		},
	}
	ownedByReplicaSet = guard{
		ReasonNotOwned,
		func(c *Claim) bool {
			return c.Pod.Owner == OwnerReplicaSet && c.ReplicaSet != nil && c.ReplicaSet.UID == c.Pod.ReplicaSetUID
		},
		func(c *Claim) string { return fmt.Sprintf("pod %s does not belong to its ReplicaSet", c.Pod.Name) },
	}
	serving = guard{
		ReasonNotOwned,
		func(c *Claim) bool {
			s := c.Pod.State()
			return s == v1alpha1.ShadowActive || s == v1alpha1.ShadowBridged
		},
		func(c *Claim) string { return fmt.Sprintf("pod %s does not serve", c.Pod.Name) },
	}
	notDeleting = guard{
		ReasonDeleting,
		func(c *Claim) bool { return !c.Pod.Deleting },
		func(c *Claim) string { return fmt.Sprintf("pod %s is being deleted", c.Pod.Name) },
	}
	notFinished = guard{
		ReasonFailed,
		func(c *Claim) bool { return c.Pod.Phase != PhaseFinished },
		func(c *Claim) string { return fmt.Sprintf("pod %s has ended", c.Pod.Name) },
	}
	notEvicted = guard{
		ReasonEvicted,
		func(c *Claim) bool { return !c.Pod.Evicted },
		func(c *Claim) string { return fmt.Sprintf("pod %s is being evicted", c.Pod.Name) },
	}
	nodeThere = guard{
		ReasonNodeGone,
		func(c *Claim) bool { return !c.Pod.NodeGone },
		func(c *Claim) string { return fmt.Sprintf("node %s of pod %s is not Ready", c.Pod.Node, c.Pod.Name) },
	}
	isReady = guard{
		ReasonNotReady,
		func(c *Claim) bool { return c.Pod.Phase == PhaseRunning && c.Pod.Ready() },
		func(c *Claim) string { return fmt.Sprintf("pod %s is not Ready", c.Pod.Name) },
	}
	isWarm = guard{
		ReasonNotWarm,
		func(c *Claim) bool {
			s := c.Pod.State()
			return s == v1alpha1.ShadowReady || s == v1alpha1.ShadowBridged && !c.Pod.WarmedAt.IsZero()
		},
		func(c *Claim) string { return fmt.Sprintf("pod %s is not warm yet", c.Pod.Name) },
	}
	restedSinceWarm = guard{
		ReasonJustWarmed,
		func(c *Claim) bool { return c.Now.Sub(c.Pod.WarmedAt) >= warmRest },
		func(c *Claim) string {
			return fmt.Sprintf("pod %s became warm less than %s ago", c.Pod.Name, warmRest)
		},
	}
	forReplicaSet = guard{
		ReasonStale,
		func(c *Claim) bool { return c.ReplicaSet != nil && c.Pod.ReplicaSetUID == c.ReplicaSet.UID },
		func(c *Claim) string {
			return fmt.Sprintf("pod %s was made for a ReplicaSet that is not the one to join", c.Pod.Name)
		},
	}
	sameTemplate = guard{
		ReasonStale,
		func(c *Claim) bool { return c.ReplicaSet != nil && c.Pod.Template == c.ReplicaSet.Template },
		func(c *Claim) string {
			return fmt.Sprintf("pod %s was made from another template than that of its ReplicaSet", c.Pod.Name)
		},
	}
	noDrift = guard{
		ReasonAdmissionDrift,
		func(c *Claim) bool { return c.Pod.Drift == "" },
		func(c *Claim) string {
			return fmt.Sprintf("admission made pod %s differ from a live pod in %s", c.Pod.Name, c.Pod.Drift)
		},
	}
	replicaSetStays = guard{
		ReasonReplicaSetDeleting,
		func(c *Claim) bool { return c.ReplicaSet != nil && !c.ReplicaSet.Deleting },
		func(c *Claim) string { return fmt.Sprintf("the ReplicaSet of pod %s is being deleted", c.Pod.Name) },
	}
	replicaSetActive = guard{
		ReasonReplicaSetLowered,
		func(c *Claim) bool { return c.ReplicaSet != nil && c.ReplicaSet.Active() },
		func(c *Claim) string {
			return fmt.Sprintf("the ReplicaSet of pod %s asks for no pods any more", c.Pod.Name)
		},
	}
	inIntent = guard{
		ReasonNotInIntent,
		func(c *Claim) bool {
			i := c.Pool.Status.Intent
			return i != nil && c.ReplicaSet != nil && i.ReplicaSetUID == c.ReplicaSet.UID && slices.Contains(i.PodUIDs, c.Pod.UID)
		},
		func(c *Claim) string {
			return fmt.Sprintf("pod %s is not in the intent of pool %s yet", c.Pod.Name, c.Pool.Name)
		},
	}
	notBridged = guard{
		ReasonNotBridged,
		func(c *Claim) bool { return c.Pod.State() != v1alpha1.ShadowBridged },
		func(c *Claim) string { return fmt.Sprintf("pod %s serves as a bridge", c.Pod.Name) },
	}
	isBridged = guard{
		ReasonNotBridged,
		func(c *Claim) bool { return c.Pod.State() == v1alpha1.ShadowBridged },
		func(c *Claim) string { return fmt.Sprintf("pod %s is no bridge any more", c.Pod.Name) },
	}
	wasShadow = guard{
		ReasonNotReused,
		func(c *Claim) bool { return !c.Pod.ActivatedAt.IsZero() },
		func(c *Claim) string { return fmt.Sprintf("pod %s was never a shadow", c.Pod.Name) },
	}
	noRestart = guard{
		ReasonNotReused,
		func(c *Claim) bool { return c.Pod.Restarts == 0 },
		func(c *Claim) string { return fmt.Sprintf("pod %s has been restarted", c.Pod.Name) },
	}
	youngEnough = guard{
		ReasonNotReused,
		func(c *Claim) bool { return c.Now.Sub(c.Pod.CreatedAt) < recycleAge },
		func(c *Claim) string { return fmt.Sprintf("pod %s is older than %s", c.Pod.Name, recycleAge) },
	}
	notBoosted = guard{
		ReasonBoosted,
		func(c *Claim) bool { return c.Pod.Boost == BoostNone },
		func(c *Claim) string {
			return fmt.Sprintf("pod %s still has the higher CPU limit of its warm-up", c.Pod.Name)
		},
	}
	isBoosted = guard{
		ReasonNotBoosted,
		func(c *Claim) bool { return c.Pod.Boost == BoostOn },
		func(c *Claim) string {
			return fmt.Sprintf("pod %s has the CPU limit of its template already", c.Pod.Name)
		},
	}
	isCosted = guard{
		ReasonNotSettling,
		func(c *Claim) bool { return c.Pod.Costed },
		func(c *Claim) string {
			return fmt.Sprintf("pod %s bears no deletion cost of ours any more", c.Pod.Name)
		},
	}
)
