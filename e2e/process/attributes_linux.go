package process

import "syscall"

// attributes ties the child's life to ours and keeps the terminal's interrupt
// from it: what is stopped in order must not get a signal of its own first.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
