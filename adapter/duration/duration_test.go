package duration

import (
	"testing"
	"time"

	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

func TestVar(t *testing.T) {
	var got time.Duration
	fs := pflag.NewFlagSet("", pflag.ContinueOnError)
	Var(fs, &got, "range", 28*24*time.Hour, "How much.")
	require.Equal(t, "28d", fs.Lookup("range").DefValue)
	require.NoError(t, fs.Parse([]string{"--range=1h30m"}))
	require.Equal(t, 90*time.Minute, got)
	require.ErrorContains(t, fs.Parse([]string{"--range=soon"}), `"soon": write a duration such as 28d, 24h or 90s`)
}

func TestFormatIsWhatParseReads(t *testing.T) {
	for text, d := range map[string]time.Duration{"0s": 0, "14d": 14 * 24 * time.Hour, "36h": 36 * time.Hour, "1m30s": 90 * time.Second, "5ms": 5 * time.Millisecond} {
		parsed, err := Parse(text)
		require.NoError(t, err)
		require.Equal(t, d, parsed)
		back, err := Parse(Format(d))
		require.NoError(t, err)
		require.Equal(t, d, back)
	}
	require.Equal(t, "14d", Format(14*24*time.Hour))
}
