package history_test

import (
	"testing"
	"time"

	"github.com/foreshadow-dev/foreshadow/adapter/history"
)

func TestAlign(t *testing.T) {
	for _, c := range []struct {
		name     string
		at, want int64 // milliseconds
	}{
		{"on the grid", 60_000, 60_000},
		{"after it", 119_999, 60_000},
		{"before the epoch", -1, -60_000},
		{"on the grid before the epoch", -60_000, -60_000},
	} {
		if got := history.Align(time.UnixMilli(c.at), time.Minute).UnixMilli(); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestRangePoints(t *testing.T) {
	if got := minuteGrid(7).Points(); got != 7 {
		t.Errorf("got %d points, want 7", got)
	}
	r := minuteGrid(7)
	r.End = r.Start.Add(-time.Second)
	if got := r.Points(); got != 0 {
		t.Errorf("a reversed range has %d points, want 0", got)
	}
}
