//go:build unix

package process

import (
	"fmt"
	"syscall"
)

// Pause stops the child where it is, as a machine that hangs does: it keeps its
// connections and all that it knows, and nothing else goes on.
func (p *Process) Pause() error {
	if err := p.signal(syscall.SIGSTOP); err != nil {
		return fmt.Errorf("pause %s: %w", p.name, err)
	}
	return nil
}

// Resume lets a paused child go on. It does nothing to one that runs or has
// ended.
func (p *Process) Resume() error {
	if err := p.signal(syscall.SIGCONT); err != nil {
		return fmt.Errorf("resume %s: %w", p.name, err)
	}
	return nil
}
