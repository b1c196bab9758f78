//go:build e2e && linux

package node

import "testing"

// The rig stands only if there is a node; TestMain has waited for it.
func TestNodeBecomesReady(t *testing.T) {
	t.Logf("control plane after %v, node Ready after %v more", shared.StartDuration, shared.startup)
}
