package history

import (
	"sync"
	"time"
)

// holdoff is when a server wants the next request: what one query was told
// holds for all. The instants carry the clock's monotonic reading, so that a
// step of the wall clock neither lengthens nor ends the wait.
type holdoff struct {
	mu    sync.Mutex
	until time.Time
}

// end is the instant before which nothing is to be asked.
func (h *holdoff) end() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.until
}

// extend moves the end to t; an earlier one than the server asked for before
// changes nothing.
func (h *holdoff) extend(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.After(h.until) {
		h.until = t
	}
}
