//go:build !linux

package process

import "syscall"

// attributes is empty where the kernel cannot end a child with its parent.
func attributes() *syscall.SysProcAttr { return nil }
