//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/api/errors"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// TestCommandLine goes from nothing to an activation as a person would.
func TestCommandLine(t *testing.T) {
	binary := os.Getenv("FORESHADOW_E2E_KUBECTL")
	require.NotEmpty(t, binary, "run make e2e, or set FORESHADOW_E2E_KUBECTL to the path of a kubectl-foreshadow binary")
	const namespace = "cli"
	w := shared.deploy(t, namespace, 4, 300*time.Millisecond, 500*time.Millisecond)
	require.NoError(t, shared.Apply(t.Context(), fmt.Sprintf(shopService, namespace)))
	s := &shop{workload: w, controller: shared.newController(t, namespace)}
	s.await(t, time.Minute, "live pods", func(sc scale) bool { return sc.ready == 4 })
	s.rec = shared.recordHistory(t, namespace)
	s.start(t)
	config, err := shared.CreateUser("person", "system:masters")
	require.NoError(t, err)
	kubectl := func(args ...string) string {
		c := exec.CommandContext(t.Context(), binary, append(args, "--kubeconfig="+config, "-n", namespace)...)
		out, err := c.CombinedOutput()
		require.NoError(t, err, "%v: %s", args, out)
		t.Logf("kubectl foreshadow %v\n%s", args, out)
		return string(out)
	}
	create := []string{
		"create", "web", "--percentage=50", "--background-work=None",
		"--query=sum(rate(http_requests_total[2m]))", "--capacity=100",
	}
	kubectl(append(create, "--dry-run=server")...)
	_, err = s.pool(t.Context())
	require.True(t, errors.IsNotFound(err), "a dry run made a pool: %v", err)
	kubectl(create...)
	s.awaitWarm(t, 2)
	require.Contains(t, kubectl("status", "web"), "ready")
	s.scaleTo(t, 6)
	s.awaitSettled(t, 6)
	s.awaitPool(t, time.Minute, "2 active pods", func(p *v1alpha1.ShadowPool) bool { return p.Status.Counts != nil && p.Status.Counts.Active == 2 })
	kubectl("status", "web")
	require.Contains(t, kubectl("explain", "web"), "web")
	kubectl("pause", "web", "--what=shadows")
	p, err := s.pool(t.Context())
	require.NoError(t, err)
	require.True(t, p.ShadowsPaused())
	kubectl("resume", "web")
	kubectl("status", "web", "-o", "json")
	s.rec.judge(t)
}
