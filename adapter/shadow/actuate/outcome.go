package actuate

import (
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// Pool names a pool.
type Pool = types.NamespacedName

// Result is what became of an action or a write, a label of metrics.
type Result string

// The results.
const (
	// ResultDone: the server has it as it was asked for.
	ResultDone Result = "done"
	// ResultAlready: a live read found that it was so before.
	ResultAlready Result = "already"
	// ResultRefused: a guard failed on the object as it was read last.
	ResultRefused Result = "refused"
	// ResultConflict: somebody else wrote the object again and again.
	ResultConflict Result = "conflict"
	// ResultGone: the object is not there any more.
	ResultGone Result = "gone"
	// ResultFailed: anything else.
	ResultFailed Result = "failed"
	// ResultPending: it was not tried, because something else came first.
	ResultPending Result = "pending"
)

// Results lists them all.
func Results() []Result {
	return []Result{ResultDone, ResultAlready, ResultRefused, ResultConflict, ResultGone, ResultFailed, ResultPending}
}

// Outcome is what became of one action.
type Outcome struct {
	shadow.Action
	Result Result
	// Why says what refused it; Err what went wrong.
	Why shadow.Reason
	Err error
	// Object is the pod as the last write returned it; nil if none did.
	Object *corev1.Pod
	// Began and Ended bound it.
	Began, Ended time.Time
}

// Done says that the action's effect is there.
func (o *Outcome) Done() bool { return o.Result == ResultDone || o.Result == ResultAlready }

// Report is what became of a decision.
type Report struct {
	// Outcomes stand in the order of the actions.
	Outcomes []Outcome
	// Status is what became of the status; empty if there was none to write.
	Status Result
	// Requeue is when to look again although nothing changes; 0: not at all.
	Requeue time.Duration
}

// settled says that the activations have all come to what was decided, so that
// the status of the decision is true. If not, it is decided again first.
func (r Report) settled() bool {
	for i := range r.Outcomes {
		switch o := &r.Outcomes[i]; o.Result {
		case ResultPending:
			if o.Why.Reason != shadow.ReasonActivationUnderWay {
				return false
			}
		case ResultConflict:
			return false
		case ResultRefused, ResultGone:
			if o.Kind == shadow.KindActivate || o.Kind == shadow.KindBridge {
				return false
			}
		case ResultDone, ResultAlready, ResultFailed:
		}
	}
	return true
}
