package cli

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A text is said once, with the first series that it is true of.
func TestNotesSayEachTextOnce(t *testing.T) {
	var n notes
	require.Empty(t, n.lines())
	for _, series := range []string{"a", "b", "c", "d", "e"} {
		n.add(series, "3d of history")
	}
	n.add("b", "sorted")
	require.Equal(t, []string{"note: series a, b, c and 2 more: 3d of history\n", "note: series b: sorted\n"}, n.lines())
}
