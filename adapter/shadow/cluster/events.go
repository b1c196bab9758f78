package cluster

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// noteMost is how long the note of an Event may be.
const noteMost = 1024

// announcer tells those who look at a workload what was done to it.
type announcer struct{ recorder events.EventRecorder }

// activated says how many shadows went live, and why.
func (a announcer) activated(w *observe.World, n int, why string) {
	var workload client.Object
	switch {
	case w.Deployment != nil:
		workload = w.Deployment
	case w.ReplicaSet != nil:
		workload = w.ReplicaSet
	case w.Rollout != nil:
		workload = w.Rollout
	default:
		return
	}
	what := "1 shadow"
	if n != 1 {
		what = fmt.Sprintf("%d shadows", n)
	}
	note := fmt.Sprintf("%s of ShadowPool %s went live: %s", what, w.Pool.Name, why)
	if len(note) > noteMost {
		note = note[:noteMost]
	}
	a.recorder.Eventf(workload, w.Pool, corev1.EventTypeNormal, "ShadowsActivated", "Activate", "%s", note)
}
