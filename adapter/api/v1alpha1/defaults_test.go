package v1alpha1_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/ptr"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// TestDefaultsAgreeWithTheCRD sets defaults twice: as the API server does, and
// as pools from files get them.
func TestDefaultsAgreeWithTheCRD(t *testing.T) {
	server := newAPIServer(t)
	for name, raw := range map[string]string{
		"a pool that leaves out all it can":   `{"metadata":{"name":"web"},"spec":{"scaleTargetRef":{"name":"web"},"load":{"query":"up"}}}`,
		"an empty spec":                       `{"metadata":{"name":"web"},"spec":{"mode":"Observe"}}`,
		"no spec":                             `{"metadata":{"name":"web"}}`,
		"zeros stay":                          `{"metadata":{"name":"web"},"spec":{"scaleTargetRef":{"name":"web"},"load":{"query":"up","headroomPercent":0},"maxShadows":0,"shadowPercentage":0}}`,
		"structs that say one thing of many":  `{"metadata":{"name":"web"},"spec":{"prediction":{"cap":"2"},"history":{"step":"5m"},"scaleIn":{"drain":"1m"},"warmUp":{"timeout":"2m"},"activation":{"mode":"Bridge"}}}`,
		"nulls are taken as what is left out": `{"metadata":{"name":"web"},"spec":{"mode":null,"idle":null,"scaleTargetRef":{"name":"web"},"load":{"query":"up","source":null}}}`,
	} {
		t.Run(name, func(t *testing.T) {
			object := decodeObject(t, []byte(raw))
			server.admit(t.Context(), object)
			byServer, err := json.Marshal(object)
			require.NoError(t, err)
			var want v1alpha1.ShadowPool
			require.NoError(t, json.Unmarshal(byServer, &want))

			got, _ := decodePool(t, []byte(raw))
			got.Default()
			if diff := cmp.Diff(want.Spec, got.Spec); diff != "" {
				t.Errorf("(-API server +Default):\n%s", diff)
			}
			again := got.DeepCopy()
			again.Default()
			require.Equal(t, got, again, "Default is idempotent")
		})
	}
}

func TestEveryFieldWithoutAnExampleHasADefault(t *testing.T) {
	pool := &v1alpha1.ShadowPool{}
	pool.Name, pool.Spec.ScaleTargetRef.Name, pool.Spec.Load.Query = "web", "web", "up"
	pool.Default()
	require.Empty(t, pool.Validate(), "the defaults are valid")
	want := v1alpha1.ShadowPoolSpec{
		ScaleTargetRef:   v1alpha1.ScaleTargetRef{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
		Mode:             v1alpha1.ModeObserve,
		Replicas:         ptr.To[int32](0),
		ShadowPercentage: ptr.To[int32](20),
		MinShadows:       ptr.To[int32](0),
		MaxShadows:       ptr.To[int32](10),
		Load:             v1alpha1.Load{Source: "default", Query: "up", HeadroomPercent: ptr.To[int32](10)},
		Profile:          v1alpha1.Profile{Window: "1h", MinAge: "10m"},
		History:          v1alpha1.History{Window: "28d", Step: "1m"},
		Algorithm:        v1alpha1.Algorithm{Type: "Auto"},
		Prediction:       v1alpha1.Prediction{Quantile: "0.9", ShadowQuantile: "0.99", ColdStartLead: "Auto", ActivationLead: "60s", MaxAge: "15m", Cap: "1.5"},
		Idle:             v1alpha1.Idle{CPUPercent: ptr.To[int32](100)},
		WarmUp:           v1alpha1.WarmUp{MinReady: "10s", Timeout: "5m"},
		Activation:       v1alpha1.Activation{Policy: "All", Mode: "Adopt"},
		ScaleIn:          v1alpha1.ScaleIn{Policy: "Terminate", Drain: "30s"},
	}
	if diff := cmp.Diff(want, pool.Spec); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
