package process

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// pollInterval is how often a condition is looked at.
const pollInterval = 50 * time.Millisecond

// Probe looks at the world once. It returns what it saw, in words for the error
// of a wait that runs out, and whether that is what was waited for.
type Probe func(ctx context.Context) (state string, ok bool)

// Until polls probe until it says ok. After the timeout, or when ctx ends, the
// error names what was waited for and the last state.
func Until(ctx context.Context, timeout time.Duration, what string, probe Probe) error {
	var last string
	err := wait.PollUntilContextTimeout(ctx, pollInterval, timeout, true, func(ctx context.Context) (bool, error) {
		state, ok := probe(ctx)
		// A probe cut off by the deadline saw nothing: the state before it says more.
		if ok || ctx.Err() == nil || last == "" {
			last = state
		}
		return ok, nil
	})
	if err != nil {
		return fmt.Errorf("wait %v for %s: %w; last state: %s", timeout, what, err, last)
	}
	return nil
}

// Await polls probe as Until does, for something that depends on the child: it
// gives up as soon as the child ends, and its error carries the end of the
// child's log.
func (p *Process) Await(ctx context.Context, timeout time.Duration, what string, probe Probe) error {
	err := Until(ctx, timeout, what, func(ctx context.Context) (string, bool) {
		if p.Ended() {
			return "", true
		}
		return probe(ctx)
	})
	if p.Ended() {
		err = fmt.Errorf("wait for %s: %s ended: %s", what, p.name, p.cmd.ProcessState)
	}
	if err != nil {
		return fmt.Errorf("%w\nend of %s:\n%s", err, p.log, p.Tail())
	}
	return nil
}
