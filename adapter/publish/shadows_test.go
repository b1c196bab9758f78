package publish

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestShadowsHoldAsLongAsTheirRoleLives(t *testing.T) {
	written := noon.Add(-time.Hour)
	s := Shadows{Warm: 2, SeenAt: written, MaxAge: 15 * time.Minute}
	never := time.Time{}
	for _, tt := range []struct {
		name       string
		alive, now time.Time
		want       string
		at         time.Time
	}{
		{"alive now", noon, noon, "", noon},
		{"seen alive for the last time at maxAge", noon, noon.Add(15 * time.Minute), "", noon},
		{
			"a nanosecond later", noon, noon.Add(15*time.Minute + 1),
			"the adapter with the role shadows was seen alive 15m ago for the last time: look whether it runs", never,
		},
		{
			"never seen alive, however new the status", never, written,
			"nobody is known to keep the shadows: look whether the adapter with the role shadows runs, with the --leader-election.namespace of this one",
			never,
		},
		{"what was written since it was seen is of that time", written.Add(-time.Minute), written, "", written},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := s.warm(tt.alive, tt.now)
			require.Equal(t, tt.want, r.Refusal(tt.now))
			if tt.want == "" {
				require.Equal(t, 2.0, r.Value)
				require.Equal(t, tt.at, r.ComputedAt)
			}
		})
	}
}

func TestShadowsOfWhichNothingIsKnown(t *testing.T) {
	require.Equal(t, "it has not been computed yet", (Shadows{}).warm(noon, noon).Refusal(noon))
	s := Shadows{Unknown: "nobody has counted them", SeenAt: noon, MaxAge: time.Minute}
	require.Equal(t, "nobody has counted them", s.warm(noon, noon).Refusal(noon))
}

// A progress that was measured is of the time when it was written; one that
// follows from the state is true as long as the role keeps the status.
func TestProgressIsOfItsTime(t *testing.T) {
	s := Shadows{SeenAt: noon, MaxAge: time.Hour}
	later := noon.Add(10 * time.Minute)
	measured := s.progress(Shadow{Pod: "a", Progress: 0.4, Measured: true}, later, later)
	require.Equal(t, noon, measured.ComputedAt)
	require.Equal(t, later, s.progress(Shadow{Pod: "b", Progress: 1}, later, later).ComputedAt)
	unknown := s.progress(Shadow{Pod: "c", Progress: math.NaN(), Measured: true}, later, later)
	require.Equal(t, `how far shadow "c" has warmed up is not written in its pool's status`, unknown.Refusal(later))
}

func TestBoardKeepsWhenTheRoleWasSeen(t *testing.T) {
	b := &Board{}
	b.SawShadowsRole(noon)
	before := b.Snapshot()
	b.Publish(testPool("shop", "web"))
	b.SawShadowsRole(noon.Add(-time.Minute))
	require.Equal(t, noon, b.Snapshot().shadowsRole)
	b.SawShadowsRole(noon.Add(time.Minute))
	b.Publish(testPool("shop", "api"))
	b.Remove("shop", "web")
	require.Equal(t, noon.Add(time.Minute), b.Snapshot().shadowsRole)
	require.Equal(t, []string{"shop/api"}, poolNames(b.Snapshot()))
	require.Equal(t, noon, before.shadowsRole, "an old snapshot changed")
}
