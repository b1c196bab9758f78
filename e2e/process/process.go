package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// stopGrace is how long a killed child may take to be reaped.
const stopGrace = 10 * time.Second

// Config says what to run.
type Config struct {
	// Name names the log file, NAME.log.
	Name string
	// Path is the program, as exec.Command takes it.
	Path string
	// Args are its arguments, without the program's own name.
	Args []string
	// LogDir is an existing folder. A second start under the same name appends.
	LogDir string
}

// Process is a running child.
type Process struct {
	name string
	log  string
	cmd  *exec.Cmd
	done chan struct{}
}

// Start runs a program with both outputs in its log file.
func Start(cfg Config) (*Process, error) {
	log := filepath.Join(cfg.LogDir, cfg.Name+".log")
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log of %s: %w", cfg.Name, err)
	}
	defer out.Close()
	cmd := exec.Command(cfg.Path, cfg.Args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = attributes()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cfg.Name, err)
	}
	p := &Process{name: cfg.Name, log: log, cmd: cmd, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // the state is read from cmd.ProcessState
	}()
	return p, nil
}

// PID returns the child's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Log returns the path of the child's log.
func (p *Process) Log() string { return p.log }

// Done is closed when the child has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Ended reports whether the child has ended.
func (p *Process) Ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// CPU returns the processor time that a child took, once it has ended; 0 before.
func (p *Process) CPU() time.Duration {
	if !p.Ended() {
		return 0
	}
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}

// Terminate asks the child to end and does not wait.
func (p *Process) Terminate() { _ = p.signal(syscall.SIGTERM) }

// Stop asks the child to end, kills it after the grace, and returns when it is
// gone. Having to kill it is an error.
func (p *Process) Stop(grace time.Duration) error {
	p.Terminate()
	if p.endsWithin(grace) {
		return nil
	}
	if err := p.Kill(); err != nil {
		return err
	}
	return fmt.Errorf("stop %s: killed, because it ran on %v after SIGTERM", p.name, grace)
}

// Kill ends the child at once, as a crash would.
func (p *Process) Kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return fmt.Errorf("kill %s: %w", p.name, err)
	}
	if !p.endsWithin(stopGrace) {
		return fmt.Errorf("kill %s: process %d is still there after %v", p.name, p.PID(), stopGrace)
	}
	return nil
}

func (p *Process) signal(s syscall.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

func (p *Process) endsWithin(d time.Duration) bool {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	select {
	case <-p.done:
		return true
	case <-ctx.Done():
		return p.Ended()
	}
}
