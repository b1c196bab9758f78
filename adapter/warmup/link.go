package warmup

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// gathering is how long the first sample of a batch waits for others.
	gathering = 100 * time.Millisecond
	// breather is when a shadow that has no room is asked again, by one sample;
	// recovery is when one that does not answer is.
	breather, recovery = 250 * time.Millisecond, 2 * time.Second
	// mirrorTimeout bounds one batch: a sidecar answers at once or is dead.
	mirrorTimeout = time.Second
)

// link is one shadow that warms up. It takes as many samples as the shadow said
// that it has room for, and sends them together: a proxy is disturbed twice a
// batch, not by every sample.
type link struct {
	mirror  *Mirror
	address string
	begun   chan struct{} // a batch has its first sample
	full    chan struct{} // it gets no more

	room atomic.Int32 // written under mu

	mu      sync.Mutex
	samples []*sampled
	bytes   int // of their bodies
}

func newLink(m *Mirror, address string) *link {
	l := &link{mirror: m, address: address, begun: make(chan struct{}, 1), full: make(chan struct{}, 1)}
	l.room.Store(1) // by it the shadow is asked
	return l
}

// add takes a sample if there is room for it. It does not wait for the shadow.
func (l *link) add(s *sampled) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	room := l.room.Load()
	if room <= 0 {
		return false
	}
	if l.samples == nil {
		l.samples = make([]*sampled, 0, room)
	}
	l.samples = append(l.samples, s)
	l.bytes += len(s.body)
	if l.bytes >= maxBatchBytes/2 {
		room = 1
	}
	l.room.Store(room - 1)
	if len(l.samples) == 1 {
		l.begun <- struct{}{}
	}
	if room == 1 {
		l.full <- struct{}{}
	}
	return true
}

// run sends batch after batch until the context ends.
func (l *link) run(ctx context.Context) {
	for l.gather(ctx) {
		room, wait := l.send(ctx, l.take())
		if wait > 0 && !l.mirror.sleep(ctx, wait) {
			break
		}
		l.mu.Lock()
		l.room.Store(int32(room))
		l.mu.Unlock()
	}
	n := len(l.take())
	l.mirror.done(tapOrphaned, n)
}

// gather waits for a batch; false if the context ended.
func (l *link) gather(ctx context.Context) bool {
	select {
	case <-l.begun:
	case <-ctx.Done():
		return false
	}
	t := l.mirror.clock.NewTimer(gathering)
	defer t.Stop()
	select {
	case <-l.full:
	case <-t.C():
	case <-ctx.Done():
		return false
	}
	return true
}

// take ends a batch: there is no room until the shadow says so.
func (l *link) take() (out []*sampled) {
	l.mu.Lock()
	defer l.mu.Unlock()
	out, l.samples, l.bytes = l.samples, nil, 0
	l.room.Store(0)
	select {
	case <-l.full: // it came while the time ended
	default:
	}
	return out
}

// send returns for how many samples there is room, and when.
func (l *link) send(ctx context.Context, batch []*sampled) (room int, wait time.Duration) {
	n := len(batch)
	defer func() { l.mirror.waiting.Add(-int64(n)) }()
	body := make([]byte, 0, min(n<<9, maxBatchBytes))
	written := 0
	for _, s := range batch {
		longer, ok := s.appendTo(body, l.mirror.strip)
		switch {
		case !ok:
			l.mirror.count(tapFailed, 1)
		case len(longer) > maxBatchBytes:
			l.mirror.count(tapOversized, 1)
		default:
			body = longer
			written++
		}
	}
	if written == 0 {
		return 1, 0
	}
	got, err := l.post(ctx, body)
	if err != nil {
		l.mirror.count(tapFailed, written)
		return 1, recovery
	}
	taken := min(max(got.Taken, 0), written)
	l.mirror.count(tapSent, taken)
	l.mirror.count(tapRefused, written-taken)
	if got.Room <= 0 {
		return 1, breather
	}
	return min(got.Room, maxBatch), 0
}

// post hands a batch to the shadow's sidecar. That the shadow has no use for it
// any more is no error, and a receipt of nothing.
func (l *link) post(ctx context.Context, body []byte) (got receipt, err error) {
	ctx, cancel := context.WithTimeout(ctx, l.mirror.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+l.address+"/", bytes.NewReader(body))
	if err != nil {
		return got, err
	}
	req.Header = http.Header{"Content-Type": {batchType}, Header: {HeaderValue}}
	res, err := l.mirror.transport.RoundTrip(req)
	if err != nil {
		return got, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<10)) // so that the connection is used again
	switch {
	case err != nil:
		return got, err
	case res.StatusCode != http.StatusAccepted:
		return got, nil
	}
	if err := json.Unmarshal(raw, &got); err != nil {
		return got, fmt.Errorf("read the answer of a shadow: %w", err)
	}
	return got, nil
}
