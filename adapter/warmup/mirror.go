package warmup

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"k8s.io/utils/clock"
)

// mirrorQueue is how many samples a tap holds at most, for all shadows.
const mirrorQueue = 64

// What becomes of a sample.
const (
	tapSent      = "sent"
	tapDropped   = "dropped"   // the room for it was gone
	tapRefused   = "refused"   // the shadow had no use for it
	tapFailed    = "failed"    // the shadow did not answer
	tapOversized = "oversized" // it was too large, or its body was not read
	tapOrphaned  = "orphaned"  // the shadow warms up no more
)

func tapResults() []string {
	return []string{tapSent, tapDropped, tapRefused, tapFailed, tapOversized, tapOrphaned}
}

// MirrorConfig says where samples go.
type MirrorConfig struct {
	// Shadows is the Service that lists them, and the port of their sidecars;
	// Refresh is how often Lookup, such as net.Resolver.LookupHost, is asked for
	// it.
	Shadows string
	Refresh time.Duration
	Lookup  func(ctx context.Context, host string) ([]string, error)
	Strip   Strip
}

// Mirror hands samples to the shadows that warm up, to one after the other and to
// each as many as it asks for: what nobody asks for is no sample. It holds few,
// and drops those above.
type Mirror struct {
	refresh   time.Duration
	timeout   time.Duration // of a batch
	shadows   *shadows
	strip     Strip
	metrics   *Metrics
	clock     clock.WithTicker
	transport interface {
		http.RoundTripper
		CloseIdleConnections()
	}

	links   atomic.Pointer[[]*link]
	turn    atomic.Uint64
	waiting atomic.Int64 // samples that are held
}

// NewMirror returns one that sends nothing until it is Run.
func NewMirror(config MirrorConfig, c clock.WithTicker, logger log.Logger, m *Metrics) (*Mirror, error) {
	if err := check(config.Refresh >= 100*time.Millisecond, "--tap.refresh", config.Refresh, "write a duration from 100ms"); err != nil {
		return nil, err
	}
	s, err := newShadows(config.Shadows, config.Lookup, logger)
	if err != nil {
		return nil, err
	}
	transport, _ := appTransports()
	transport.DialContext = (&net.Dialer{Timeout: mirrorTimeout}).DialContext
	transport.MaxIdleConnsPerHost, transport.IdleConnTimeout = 1, 10*time.Second
	out := &Mirror{refresh: config.Refresh, timeout: mirrorTimeout, shadows: s, strip: config.Strip, metrics: m, clock: c, transport: transport}
	out.links.Store(&[]*link{})
	return out, nil
}

// Run sends until the context ends.
func (m *Mirror) Run(ctx context.Context) {
	var running sync.WaitGroup
	stops := map[string]context.CancelFunc{}
	ticker := m.clock.NewTicker(m.refresh)
	defer ticker.Stop()
	for {
		m.follow(ctx, m.shadows.look(ctx), stops, &running)
		select {
		case <-ticker.C():
			continue
		case <-ctx.Done():
		}
		m.links.Store(&[]*link{})
		for _, stop := range stops {
			stop()
		}
		running.Wait()
		m.transport.CloseIdleConnections()
		return
	}
}

// follow begins with the shadows that are new and ends with those that are gone.
func (m *Mirror) follow(ctx context.Context, addresses []string, stops map[string]context.CancelFunc, running *sync.WaitGroup) {
	known := map[string]*link{}
	for _, l := range *m.links.Load() {
		known[l.address] = l
	}
	links := make([]*link, 0, len(addresses))
	for _, address := range addresses {
		l := known[address]
		if l == nil {
			l = newLink(m, address)
			var linked context.Context
			linked, stops[address] = context.WithCancel(ctx)
			running.Go(func() { l.run(linked) })
		}
		delete(known, address)
		links = append(links, l)
	}
	m.links.Store(&links)
	for address := range known {
		stops[address]()
		delete(stops, address)
	}
}

// wants says that a sample has a place to go: there is no use in making one
// else.
func (m *Mirror) wants() bool {
	if m == nil || m.waiting.Load() >= mirrorQueue {
		return false
	}
	for _, l := range *m.links.Load() {
		if l.room.Load() > 0 {
			return true
		}
	}
	return false
}

// offer never waits for a shadow.
func (m *Mirror) offer(s *sampled) {
	if m.waiting.Add(1) <= mirrorQueue {
		links := *m.links.Load()
		turn := m.turn.Add(1)
		for i := range uint64(len(links)) {
			if links[(turn+i)%uint64(len(links))].add(s) {
				return
			}
		}
	}
	m.done(tapDropped, 1)
}

func (m *Mirror) count(result string, n int) { m.metrics.tap(result, n) }

// done is the end of samples that were held.
func (m *Mirror) done(result string, n int) {
	m.waiting.Add(-int64(n))
	m.count(result, n)
}

// sleep waits; false if the context ended.
func (m *Mirror) sleep(ctx context.Context, wait time.Duration) bool {
	t := m.clock.NewTimer(wait)
	defer t.Stop()
	select {
	case <-t.C():
		return true
	case <-ctx.Done():
		return false
	}
}
