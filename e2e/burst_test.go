//go:build e2e

package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// burstOf is how many shadows go live in one raise.
const burstOf = 100

// burst lets a hundred shadows go live at once, and counts what they cost until
// they have settled. The ReplicaSet makes its own pods, and deletes them again,
// at 20 in a second: an app that starts faster than it works would win over them.
func burst(t *testing.T) {
	s := opening{namespace: "burst", replicas: 4, shadows: burstOf, cold: coldStart}.open(t)
	before, shadows := s.live(t), s.shadows(t)
	var m handOvers
	m.raise(t, s, 4, burstOf)
	m.report(t, burstOf)
	require.Zero(t, m.liveDeleted, "pods that served before were deleted")
	s.awaitSettled(t, 4+burstOf)
	m.reportLaterWrites(t, s, "_k100")
	require.Empty(t, s.rec.deletedOf(before), "pods that served before are gone")
	require.Empty(t, s.rec.deletedOf(shadows), "shadows that went live are gone")
	s.rec.judge(t)
	p, err := s.pool(t.Context())
	require.NoError(t, err)
	s.lower(t, 1) // a hundred pods cost the tests that follow
	require.NoError(t, s.workload.Client.Delete(t.Context(), p))
}
