//go:build e2e && !linux

package history_test

import "syscall"

// childAttributes is empty where the kernel cannot end a child with its parent.
func childAttributes() *syscall.SysProcAttr { return nil }
