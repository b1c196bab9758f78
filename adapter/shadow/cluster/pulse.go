package cluster

import (
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
)

// pulse tells a look at a pool that is under way that the pool's ReplicaSet was
// raised, and remembers when.
type pulse struct {
	clock clock.PassiveClock

	mu sync.Mutex
	at map[actuate.Pool]time.Time
}

func newPulse(c clock.PassiveClock) *pulse { return &pulse{clock: c, at: map[actuate.Pool]time.Time{}} }

// raise notes a raise that nobody has looked at yet.
func (p *pulse) raise(pools []actuate.Pool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, pool := range pools {
		if _, waiting := p.at[pool]; !waiting {
			p.at[pool] = p.clock.Now()
		}
	}
}

// begin forgets the raises that came while another process led: they were its own.
func (p *pulse) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.at)
}

// take returns since when a raise waits; zero if none does.
func (p *pulse) take(pool actuate.Pool) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.at[pool]
	delete(p.at, pool)
	return at
}

// waiting says that a raise has come since the last look began.
func (p *pulse) waiting(pool actuate.Pool) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, waiting := p.at[pool]
	return waiting
}
