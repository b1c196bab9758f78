//go:build e2e

package e2e

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	auditv1 "k8s.io/apiserver/pkg/apis/audit/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/invariant"
)

// audited is a write as the API server noted it.
type audited struct {
	invariant.Write
	ended time.Time
}

// kinds are those that the role under test writes, by their resource.
var kinds = map[string]string{
	"pods": "Pod", "shadowpools": "ShadowPool", "services": "Service", "events": "Event", "leases": "Lease", "deployments": "Deployment",
}

// auditedSince returns the writes of the shadows role since an instant, but those
// of its lease. Preconditions are no part of an audit at this level: the
// checker's rules on them are judged where the log of writes has them.
func (r *rig) auditedSince(t *testing.T, from time.Time) []audited {
	t.Helper()
	f, err := os.Open(r.AuditLog())
	require.NoError(t, err)
	defer f.Close()
	var out []audited
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e auditv1.Event
		require.NoError(t, json.Unmarshal(lines.Bytes(), &e), lines.Text())
		if e.Stage != "ResponseComplete" || e.User.Username != shadowsUser || e.ObjectRef == nil || e.ObjectRef.Resource == "leases" ||
			e.RequestReceivedTimestamp.Time.Before(from) {
			continue
		}
		code := int32(0)
		if e.ResponseStatus != nil {
			code = e.ResponseStatus.Code
		}
		kind := kinds[e.ObjectRef.Resource]
		require.NotEmpty(t, kind, "the shadows role wrote %s", e.ObjectRef.Resource)
		out = append(out, audited{ended: e.StageTimestamp.Time, Write: invariant.Write{
			Time: e.RequestReceivedTimestamp.Time, By: e.User.Username, Verb: e.Verb, Kind: kind,
			Namespace: e.ObjectRef.Namespace, Name: e.ObjectRef.Name, Subresource: e.ObjectRef.Subresource,
			Changed: code >= 200 && code < 300,
		}})
	}
	require.NoError(t, lines.Err())
	return out
}

// lifecycleWrites leaves out what tells people about the lifecycle.
func lifecycleWrites(all []audited, namespace string) []audited {
	var out []audited
	for _, w := range all {
		if w.Namespace == namespace && w.Kind != "Event" && !strings.HasPrefix(w.Kind, "Lease") {
			out = append(out, w)
		}
	}
	return out
}
