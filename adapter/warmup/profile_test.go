package warmup

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseProfile(t *testing.T) {
	p, err := ParseProfile([]byte(`{"version":1,"requestsPerSecond":40,"loadRatio":1.5,"routes":{"*":{"p50":0.01,"p90":0.02,"classes":{"2xx":1}},"GET /a":{"p50":0.1}},"ofANewerController":1}`))
	require.NoError(t, err)
	require.Equal(t, "GET /a", p.groupOf("GET /a"))
	require.Equal(t, AnyRoute, p.groupOf("GET /b"))
	require.Equal(t, "GET /b", (*Profile)(nil).groupOf("GET /b"))
	require.Equal(t, 12.0, DefaultSettings().rateFor(p))
	require.Equal(t, 10.0, DefaultSettings().rateFor(nil))

	p, err = ParseProfile([]byte("\n"))
	require.NoError(t, err)
	require.Nil(t, p)

	for raw, want := range map[string]string{
		`{`:                            "read profile: unexpected end of JSON input",
		`{"version":2}`:                `version: Unsupported value: "2": supported values: "1"`,
		`{"version":1,"loadRatio":-1}`: "loadRatio: Invalid value: -1: write a number from 0",
		`{"version":1,"routes":{"*":{"p90":-1,"p50":1}}}`:              "routes[*].p90: Invalid value: -1: write a number from 0",
		`{"version":1,"routes":{"*":{"p50":1,"classes":{"2xx":100}}}}`: "routes[*].classes[2xx]: Invalid value: 100: write a share from 0 to 1",
		`{"version":1,"routes":{"*":{"p99":-1}}}`:                      "routes[*].p99: Invalid value: -1: write a number from 0",
		`{"version":1,"routes":{"*":{"errorRatio":2}}}`:                "routes[*].errorRatio: Invalid value: 2: write a share from 0 to 1",
	} {
		_, err := ParseProfile([]byte(raw))
		require.EqualError(t, err, want)
	}
}
