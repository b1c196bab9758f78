package history_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

func TestRemoteWaitForASlot(t *testing.T) {
	f := newFake(t, values())
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(t, history.RemoteConfig{URL: f.URL})
		release, err := r.HoldSlots(t.Context())
		require.NoError(t, err)
		began := time.Now()
		_, err = r.QueryRange(t.Context(), "up", anHour)
		require.ErrorIs(t, err, history.ErrUnavailable)
		require.EqualError(t, err, "query "+f.URL+": unavailable: waited 30s for one of 8 query slots: raise --prometheus.max-concurrency or look for slow queries of other pools")
		require.Equal(t, 30*time.Second, time.Since(began))
		release()
	})
	require.Empty(t, f.requests())
}

func TestRemoteDeadlineBeginsWithTheSlot(t *testing.T) {
	f := newFake(t, values())
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(t, history.RemoteConfig{URL: f.URL})
		release, err := r.HoldSlots(t.Context())
		require.NoError(t, err)
		done := make(chan error, 1)
		go func() {
			_, err := r.QueryRange(t.Context(), "up", anHour)
			done <- err
		}()
		<-time.After(20 * time.Second)
		release()
		require.NoError(t, <-done)
	})
	require.Equal(t, "30s", f.requests()[0].Get("timeout"))
}

func TestRemoteWaitEndsWithItsCaller(t *testing.T) {
	f := newFake(t, values())
	synctest.Test(t, func(t *testing.T) {
		r := newRemote(t, history.RemoteConfig{URL: f.URL})
		release, err := r.HoldSlots(t.Context())
		require.NoError(t, err)
		defer release()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err = r.QueryRange(ctx, "up", anHour)
		require.ErrorIs(t, err, context.Canceled)
	})
}
