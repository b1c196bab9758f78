package shadow

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const (
	// decisionListed is how many actions, and how many holds, a status lists.
	decisionListed = 10
	// lineRoom is how long a line of them may be, so that the whole decision
	// stays below 4 KiB.
	lineRoom = 160
)

// lastDecision returns the decision for the status: this one if it does, or
// withholds, something else than the one that stands there; that one else, so
// that its time and its numbers stay those of when it was made.
func (p *plan) lastDecision() *v1alpha1.LastDecision {
	was := p.was.LastDecision
	actions, held := p.listActions(), p.listHeld()
	reason, message := p.sum()
	message = cut(message, 3*lineRoom)
	if was != nil && sameHeld(was.Held, held) && (len(actions) == 0 && (len(held) > 0 || reason == ReasonSteady || reason == was.Reason) ||
		len(actions) > 0 && reason == was.Reason && slices.Equal(was.Actions, actions)) {
		return was
	}
	t := &p.out.Terms
	return &v1alpha1.LastDecision{
		Time: metav1.NewTime(p.now.Truncate(time.Second)), Reason: reason, Message: message,
		Terms: &v1alpha1.DecisionTerms{
			Want: t.Want, Budget: t.Budget, Desired: t.Desired, Live: t.Live,
			Missing: t.Missing, Pending: t.Pending, Ahead: t.Ahead, Grants: t.Grants,
		},
		Actions: actions, Held: held,
	}
}

func (p *plan) listActions() []string {
	return list(len(p.out.Actions), func(i int) string {
		a := &p.out.Actions[i]
		if a.Kind == KindScale {
			return fmt.Sprintf("%s to %d: %s", a.Kind, a.Replicas, a.Reason)
		}
		return cut(string(a.Kind)+" "+a.Pod+": "+a.Reason, lineRoom)
	})
}

func (p *plan) listHeld() []string {
	return list(len(p.out.Held), func(i int) string {
		h := &p.out.Held[i]
		return cut(heldKey(h)+": "+h.Message, lineRoom)
	})
}

func heldKey(h *Held) string {
	if h.Pod == "" {
		return string(h.Kind) + ": " + h.Reason.Reason
	}
	return string(h.Kind) + " " + h.Pod + ": " + h.Reason.Reason
}

// list returns at most decisionListed lines; the last one counts the rest.
func list(n int, line func(int) string) []string {
	if n == 0 {
		return nil
	}
	out := make([]string, 0, min(n, decisionListed))
	for i := range n {
		if len(out) == decisionListed-1 && n > decisionListed {
			return append(out, fmt.Sprintf("and %d more", n-i))
		}
		out = append(out, line(i))
	}
	return out
}

// cut shortens a text to n bytes and leaves its letters whole.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	s = s[:n-len("…")]
	for !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + "…"
}

// sameHeld compares two lists of holds by what is held and why; the sentences
// have numbers in them that change with every pod.
func sameHeld(a, b []string) bool {
	return slices.EqualFunc(a, b, func(a, b string) bool { return keyOf(a) == keyOf(b) })
}

// keyOf cuts the sentence off a line of listHeld.
func keyOf(line string) string {
	what, rest, _ := strings.Cut(line, ": ")
	reason, _, _ := strings.Cut(rest, ": ")
	return what + ": " + reason
}

// sum says in a word and a sentence what the decision does next, and why.
func (p *plan) sum() (reason, message string) {
	switch {
	case len(p.out.Actions) > 0:
		first := &p.out.Actions[0]
		reason, message = first.Reason, p.doing()+", because "+strings.TrimSuffix(first.Message, ".")
	case len(p.out.Held) > 0:
		return p.out.Held[0].Reason.Reason, "waits: " + p.out.Held[0].Message
	case p.held.Reason != "":
		return p.held.Reason, p.held.Message
	default:
		return ReasonSteady, "there are as many shadows as wanted"
	}
	if len(p.out.Held) > 0 {
		message += "; what waits: " + p.out.Held[0].Message
	}
	return reason, message
}

// doing counts the actions by kind, in their order.
func (p *plan) doing() string {
	var parts []string
	for i := 0; i < len(p.out.Actions); {
		kind, n := p.out.Actions[i].Kind, 0
		for i < len(p.out.Actions) && p.out.Actions[i].Kind == kind {
			i, n = i+1, n+1
		}
		parts = append(parts, phrase(kind, n))
	}
	return strings.Join(parts, ", ")
}

func phrase(kind Kind, n int) string {
	switch kind {
	case KindActivate:
		return "activates " + count(n, "shadow")
	case KindBridge:
		return "bridges with " + count(n, "shadow")
	case KindScale:
		return "scales the workload"
	case KindDetach:
		return "takes " + count(n, "pod") + " back"
	case KindWithdraw:
		return "withdraws " + count(n, "bridge")
	case KindHide:
		return "hides " + count(n, "shadow")
	case KindResize:
		return "resizes " + count(n, "pod")
	case KindUnboost:
		return "takes the higher CPU limit from " + count(n, "shadow")
	case KindSettle:
		return "settles " + count(n, "pod")
	case KindDelete:
		return "deletes " + count(n, "shadow")
	case KindCreate:
		return "creates " + count(n, "shadow")
	case KindMarkWarming:
		return "warms " + count(n, "shadow") + " up"
	case KindMarkReady:
		return "makes " + count(n, "shadow") + " ready"
	case KindRewarm:
		return "warms " + count(n, "drained pod") + " up again"
	}
	return string(kind)
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
