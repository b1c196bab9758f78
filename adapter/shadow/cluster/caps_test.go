package cluster

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// What one pool is about to make counts for the next one, before it is there.
func TestCaps(t *testing.T) {
	c := newCaps(&Options{Max: 10, MaxPerNamespace: 6})
	c.count(actuate.Pool{Namespace: "elsewhere", Name: "a"}, 3)
	c.count(actuate.Pool{Namespace: shadowtest.Namespace, Name: "b"}, 2)
	w := &observe.World{Pool: shadowtest.Pool()}
	plan := func(creates int) func() (shadow.Observed, shadow.Decision) {
		return func() (shadow.Observed, shadow.Decision) {
			in := shadow.Observed{Pods: []shadow.Pod{{Owner: shadow.OwnerPool}, {Owner: shadow.OwnerReplicaSet}}}
			return in, shadow.Decision{Actions: make([]shadow.Action, 0, creates)}
		}
	}
	c.within(w, plan(0))
	require.Equal(t, int32(5), w.InstallationRoom)
	require.Equal(t, int32(4), w.NamespaceRoom)

	other := &observe.World{Pool: shadowtest.Pool()}
	other.Pool.Name = "b"
	c.within(other, func() (shadow.Observed, shadow.Decision) {
		return shadow.Observed{}, shadow.Decision{Actions: []shadow.Action{{Kind: shadow.KindCreate}, {Kind: shadow.KindCreate}, {Kind: shadow.KindCreate}}}
	})
	require.Equal(t, int32(6), other.InstallationRoom, "3 elsewhere, 1 of the other pool")
	c.within(w, plan(0))
	require.Equal(t, int32(4), w.InstallationRoom)
	require.Equal(t, int32(3), w.NamespaceRoom)
	c.forget(other.Pool.Key())
	c.within(w, plan(0))
	require.Equal(t, int32(7), w.InstallationRoom)
}

func TestNoCaps(t *testing.T) {
	c := newCaps(&Options{})
	w := &observe.World{Pool: shadowtest.Pool(), InstallationRoom: -1, NamespaceRoom: -1}
	c.within(w, func() (shadow.Observed, shadow.Decision) { return shadow.Observed{}, shadow.Decision{} })
	require.Equal(t, int32(-1), w.InstallationRoom)
	require.Equal(t, int32(-1), w.NamespaceRoom)
}
