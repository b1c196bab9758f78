package pools

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recorder is a Handler that keeps what it was told.
type recorder struct {
	mu     sync.Mutex
	pools  map[types.NamespacedName]*v1alpha1.ShadowPool
	events []string
}

func (r *recorder) Set(pool *v1alpha1.ShadowPool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pools == nil {
		r.pools = map[types.NamespacedName]*v1alpha1.ShadowPool{}
	}
	r.pools[pool.Key()] = pool
	r.events = append(r.events, "set "+pool.Key().String())
}

func (r *recorder) Delete(namespace, name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := types.NamespacedName{Namespace: namespace, Name: name}
	delete(r.pools, key)
	r.events = append(r.events, "delete "+key.String())
}

// takeEvents returns the events since the last call.
func (r *recorder) takeEvents() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := slices.Clone(r.events)
	r.events = nil
	return out
}

func (r *recorder) get(namespace, name string) *v1alpha1.ShadowPool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pools[types.NamespacedName{Namespace: namespace, Name: name}]
}

// poll waits until a claim holds, and says the state when it never does.
func poll(t *testing.T, state func() string, claim func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !claim() {
		select {
		case <-ctx.Done():
			t.Fatalf("the claim never held; state:\n%s", state())
		case <-tick.C:
		}
	}
}
