package cluster

import (
	"context"
	"testing"

	"github.com/go-kit/log"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/manager"
)

// stillManager has a client, and runs nothing.
type stillManager struct {
	manager.Manager
	client client.Client
}

func (m stillManager) GetClient() client.Client { return m.client }

// A raise that a standby saw was the leader's: it does not count as waiting since
// then once the standby leads.
func TestLeadForgetsTheRaisesOfAnother(t *testing.T) {
	st := newStand(t, newShop(5, 3, 2))
	st.epoch.Store(0)
	c := &Controller{
		opts: Options{Logger: log.NewNopLogger()}, mgr: stillManager{client: st.client}, r: st.reconciler,
		all: make(chan event.GenericEvent, 1), failed: make(chan struct{}),
	}
	st.pulse.raise([]types.NamespacedName{st.pool})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, c.lead(ctx))
	require.NotZero(t, st.epoch.Load())
	require.Zero(t, st.pulse.take(st.pool))
	st.pulse.raise([]types.NamespacedName{st.pool})
	require.True(t, st.pulse.waiting(st.pool), "its own count")
}
