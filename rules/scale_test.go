package rules

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestQuickened(t *testing.T) {
	all := All()
	quick, err := Quickened(all, 60)
	require.NoError(t, err)
	require.Equal(t, All(), all, "what ships stays as it is")
	for i, g := range quick {
		require.Equal(t, all[i].Records, g.Records)
		require.Len(t, g.Alerts, len(all[i].Alerts))
		for j, a := range g.Alerts {
			was := all[i].Alerts[j]
			if was.Name == "ForeshadowAdapterDown" {
				require.Equal(t, "5s", a.For)
			}
			a.For, a.KeepFiring = was.For, was.KeepFiring
			require.Equal(t, was, a)
		}
	}
	_, err = Quickened([]Group{{Alerts: []Alert{{Name: "A", For: "soon"}}}}, 60)
	require.EqualError(t, err, `alert A: not a valid duration string: "soon"`)
}
