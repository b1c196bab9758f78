//go:build e2e && linux

package history_test

import "syscall"

// childAttributes end the child with this process, however that ends.
func childAttributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
