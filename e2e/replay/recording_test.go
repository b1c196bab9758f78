package replay_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/e2e/replay"
)

const page = `# TYPE foreshadow_pools gauge
foreshadow_pools 2
# TYPE foreshadow_shadow_info gauge
foreshadow_shadow_info{namespace="shop",pod="s1"} 1
# TYPE foreshadow_refresh_duration_seconds histogram
foreshadow_refresh_duration_seconds_bucket{le="1"} 3
foreshadow_refresh_duration_seconds_bucket{le="+Inf"} 4
foreshadow_refresh_duration_seconds_sum 2.5
foreshadow_refresh_duration_seconds_count 4
`

func TestRecordingIsReadAsItWasWritten(t *testing.T) {
	r := &replay.Recording{Start: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC), Interval: 2 * time.Second}
	require.NoError(t, r.Add(r.Start, map[string]string{}))
	require.NoError(t, r.Add(r.Start.Add(r.Interval), map[string]string{"adapter": page}))
	require.NoError(t, r.Add(r.Start.Add(3*r.Interval+time.Second), map[string]string{"adapter": page}), "late by a scrape")
	var b strings.Builder
	_, err := r.WriteTo(&b)
	require.NoError(t, err)
	require.Equal(t, `2026-11-26T12:00:00Z 2s
foreshadow_pools{instance="adapter:9402", job="adapter"} _ 2 _ 2
foreshadow_refresh_duration_seconds_bucket{instance="adapter:9402", job="adapter", le="+Inf"} _ 4 _ 4
foreshadow_refresh_duration_seconds_bucket{instance="adapter:9402", job="adapter", le="1"} _ 3 _ 3
foreshadow_refresh_duration_seconds_count{instance="adapter:9402", job="adapter"} _ 4 _ 4
foreshadow_refresh_duration_seconds_sum{instance="adapter:9402", job="adapter"} _ 2.5 _ 2.5
foreshadow_shadow_info{instance="adapter:9402", job="adapter", namespace="shop", pod="s1"} _ 1 _ 1
`, b.String())
	got, err := replay.Read(strings.NewReader(b.String()))
	require.NoError(t, err)
	require.Equal(t, r.Scrapes, got.Scrapes)
	for series, want := range r.Series {
		require.Len(t, got.Series[series], len(want))
		for i, v := range want {
			require.True(t, v == got.Series[series][i] || math.IsNaN(v) && math.IsNaN(got.Series[series][i]), series)
		}
	}
}

func TestReadRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"yesterday 2s\n":                                    `read start of recording: parsing time "yesterday"`,
		"2026-11-26T12:00:00Z often\n":                      `read interval of recording: time: invalid duration "often"`,
		"2026-11-26T12:00:00Z 2s\nforeshadow_pools 1\n":     `read recording: "foreshadow_pools 1": write a series and its values`,
		"2026-11-26T12:00:00Z 2s\nforeshadow_pools{} one\n": `read recording: foreshadow_pools{: strconv.ParseFloat`,
	} {
		_, err := replay.Read(strings.NewReader(text))
		require.ErrorContains(t, err, want)
	}
}
