package refresh

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/capacity"
	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

// What is wrong with a query is not said to be wrong with its server.
func TestAReasonSaysWhereToLook(t *testing.T) {
	for kind, want := range map[error]string{
		history.ErrNoSeries:     v1alpha1.ReasonNoLoad,
		history.ErrOnlyNaN:      v1alpha1.ReasonNoLoad,
		history.ErrBadQuery:     v1alpha1.ReasonQueryRefused,
		history.ErrManySeries:   v1alpha1.ReasonQueryRefused,
		history.ErrHistogram:    v1alpha1.ReasonQueryRefused,
		history.ErrUnreachable:  v1alpha1.ReasonHistoryUnreachable,
		history.ErrUnauthorized: v1alpha1.ReasonHistoryUnreachable,
		history.ErrTimeout:      v1alpha1.ReasonHistoryUnreachable,
	} {
		t.Run(kind.Error(), func(t *testing.T) {
			read := fmt.Errorf("query http://prometheus: %w", kind)
			r := Report{ReadErr: read, Refused: capacity.ErrNoLoad}
			r.Refused = r.explained()
			degraded, ready := r.historyDegraded(), r.forecastReady()
			require.Equal(t, want, degraded.Reason)
			require.Equal(t, metav1.ConditionTrue, degraded.Status)
			require.Equal(t, want, ready.Reason)
			require.Equal(t, metav1.ConditionFalse, ready.Status)
			require.Contains(t, ready.Message, read.Error())
		})
	}
	r := Report{Refused: capacity.ErrNoLoad}
	require.Equal(t, v1alpha1.ReasonNoLoad, r.forecastReady().Reason)
	require.Equal(t, v1alpha1.ReasonHistoryUnreachable, unread(errors.New("it hung up")))
}
