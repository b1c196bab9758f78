package refresh

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/detail"
)

func TestTheDetailOfAForecast(t *testing.T) {
	src := &source{load: restless, since: monday.AddDate(0, 0, -30)}
	l := newTestLoop(t, pool(every5m), src)
	r := looked(t, l, at(0, "12:00"))
	raw, err := json.Marshal(r.Published().Detail)
	require.NoError(t, err)
	require.Less(t, len(raw), detail.MaxBytes/4, "a status page may ask often")

	whole, err := json.Marshal(r.detailOf())
	require.NoError(t, err)
	require.Equal(t, string(whole), string(raw), "what is kept is whole")

	var d detail.Forecast
	require.NoError(t, json.Unmarshal(raw, &d))
	require.Equal(t, "shop/web", d.Namespace+"/"+d.Pool)
	require.Equal(t, "Auto", d.Algorithm)
	require.True(t, d.Daily.Used)
	require.Equal(t, 14*288+1, d.History.Values)
	require.Len(t, d.Horizons, 4)
	first, last := d.Horizons[0], d.Horizons[3]
	require.NotNil(t, first.Point)
	require.Len(t, first.Bands, 3)
	require.Nil(t, last.Point, "a forecast does not reach a day")
	require.NotEmpty(t, last.Weights)
	require.InDelta(t, r.Observed, *d.Expected+*d.Deviation, 0.1, "kept values are rounded")
	require.Len(t, d.Quality, 4)
	require.Len(t, d.Quality[0].Quantiles, 3)
	require.NotNil(t, d.Skill)
	require.False(t, d.Fallback)
}

func TestThereIsNoDetailWithoutAForecast(t *testing.T) {
	require.Nil(t, Report{}.detailOf())
}
