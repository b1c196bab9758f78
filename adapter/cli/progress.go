package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/terminal"
)

const (
	progressWidth = 30
	progressEvery = 100 * time.Millisecond
)

// progress draws a bar on a terminal, and nothing elsewhere.
type progress struct {
	w     io.Writer
	what  string
	clock clock.PassiveClock
	began time.Time

	mu    sync.Mutex
	drawn time.Time
	shown bool
}

// newProgress returns nil where w is no terminal.
func newProgress(w io.Writer, what string, clk clock.PassiveClock) *progress {
	if terminal.Columns(w) == 0 {
		return nil
	}
	return &progress{w: w, what: what, clock: clk, began: clk.Now()}
}

// update returns what is to be told of progress; nil if nobody looks.
func (p *progress) update() func(done, total int) {
	if p == nil {
		return nil
	}
	return p.draw
}

func (p *progress) draw(done, total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.clock.Now()
	if done < total && now.Sub(p.drawn) < progressEvery {
		return
	}
	p.drawn, p.shown = now, true
	full := progressWidth * done / max(total, 1)
	bar := strings.Repeat("#", full) + strings.Repeat(".", progressWidth-full)
	_, _ = fmt.Fprintf(p.w, "%s%s [%s] %d/%d, %v", terminal.ClearLine, p.what, bar, done, total, now.Sub(p.began).Round(time.Second))
}

// done wipes the bar.
func (p *progress) done() {
	if p != nil && p.shown {
		_, _ = io.WriteString(p.w, terminal.ClearLine)
	}
}
