package refresh

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// reason is why the value of a pool is refused, and its first condition.
func (b bench) reason(t *testing.T, name string) (refusal, condition string) {
	t.Helper()
	got, ok := b.board.Snapshot().Pool("shop", name)
	require.True(t, ok)
	b.status.mu.Lock()
	defer b.status.mu.Unlock()
	return got.PredictedCapacity.Reason, b.status.last[name].Conditions[0].Reason
}

func TestASourceThatGoesIsNotAsked(t *testing.T) {
	inBubble(t, func(t *testing.T, b bench) {
		b.manager.Set(named("web", nil))
		synctest.Wait()
		refusal, _ := b.reason(t, "web")
		require.Empty(t, refusal)

		b.configured.change(func(s map[string]From) { delete(s, v1alpha1.DefaultSource) })
		b.manager.SourcesChanged()
		synctest.Wait()
		refusal, condition := b.reason(t, "web")
		require.Equal(t, `spec.load.source: unknown source "default"`, refusal)
		require.Equal(t, v1alpha1.ReasonSourceRefused, condition)
		before, _ := b.source.counts()
		pass(10 * time.Minute)
		after, _ := b.source.counts()
		require.Equal(t, before, after, "a source that is not there was asked")

		b.configured.change(func(s map[string]From) { s[v1alpha1.DefaultSource] = From{Source: b.source, Bind: notBad} })
		b.manager.SourcesChanged()
		synctest.Wait()
		refusal, _ = b.reason(t, "web")
		require.Empty(t, refusal)
	})
}

// What was read stays while the data are the same; another server's history is
// read whole.
func TestHistoryGoesOnWhileTheDataStay(t *testing.T) {
	inBubble(t, func(t *testing.T, b bench) {
		set := func(from From) int {
			_, before := b.source.counts()
			b.configured.change(func(s map[string]From) { s[v1alpha1.DefaultSource] = from })
			b.manager.SourcesChanged()
			synctest.Wait()
			_, after := b.source.counts()
			return after - before
		}
		b.manager.Set(named("web", nil))
		synctest.Wait()
		_, whole := b.source.counts()
		require.Zero(t, set(From{Source: b.source, Bind: notBad}), "nothing has changed")
		require.Less(t, set(From{Source: b.source, Bind: notBad, Bound: "other"}), whole/2)
		require.Greater(t, set(From{Source: b.source, Bind: notBad, Data: "other", Bound: "other"}), whole/2)
	})
}
