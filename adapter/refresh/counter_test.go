package refresh

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// A counter without rate() is named where a person looks, and logged once.
func TestTickNamesACounter(t *testing.T) {
	src := &source{load: func(t time.Time) float64 { return 10 * t.Sub(monday.AddDate(0, 0, -3)).Seconds() }, since: monday.AddDate(0, 0, -3)}
	l := newTestLoop(t, pool(nil), src)
	var out bytes.Buffer
	var last *Report
	for _, now := range []time.Time{at(0, "08:30"), at(0, "08:31")} {
		r := l.Tick(t.Context(), now)
		require.NoError(t, r.Refused)
		logReport(log.NewLogfmtLogger(&out), r, last)
		last = &r
	}
	const want = "spec.load.query: it only rises, as a counter does: put rate(...[2m]) around it"
	status := last.Status()
	require.Equal(t, want, status.Forecast.Note)
	require.Equal(t, metav1.Condition{Type: v1alpha1.ConditionForecastReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonLoadOnlyRises, Message: want}, status.Conditions[0])
	require.Equal(t, 1, strings.Count(out.String(), `level=warn msg="load looks like a counter" reason="`+want+`"`))

	load := newTestLoop(t, pool(nil), &source{load: daily, since: monday.AddDate(0, 0, -3)})
	require.False(t, load.Tick(t.Context(), at(0, "12:00")).OnlyRises)
}
