package shadow

import (
	"fmt"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// settleAfter is how long the low deletion cost stays at least: clearing it
// earlier would make a pod that served before the next victim of a raise that is
// taken back.
const settleAfter = 30 * time.Second

// settle ends hand-overs (T7): the ReplicaSet has what it asks for, and nothing
// of it has yet to run.
func (p *plan) settle() {
	for i := range p.members {
		m := &p.members[i]
		if m.state != v1alpha1.ShadowActive || !m.Costed || m.fate != fateNone {
			continue
		}
		rs := find(p.sets, m.ReplicaSetUID)
		if rs.Deleting || !rs.settled() {
			continue
		}
		if due := m.ActivatedAt.Add(settleAfter); p.now.Before(due) {
			p.wake(due)
			continue
		}
		p.do(KindSettle, m, ReasonSettled, fmt.Sprintf("ReplicaSet %s has the %d pods that it asks for", rs.Name, rs.Replicas))
	}
}
