package simulate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"
)

func TestTheClockStandsWhereItWasSet(t *testing.T) {
	c := NewClock(t0)
	var _ clock.PassiveClock = c
	require.Equal(t, t0, c.Now())
	c.Set(at(time.Hour))
	require.Equal(t, at(time.Hour), c.Now())
	require.Equal(t, time.Hour, c.Since(t0))
	c.Set(t0)
	require.Equal(t, -time.Hour, c.Since(at(time.Hour)))
}
