package warmup

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"
)

// By these a tap says what the source pod made of the request that it mirrors.
const (
	sourceClassHeader   = "X-Foreshadow-Source-Class"
	sourceLatencyHeader = "X-Foreshadow-Source-Latency"
	// sourceHostHeader is the Host of the request: that of the mirrored one is
	// the shadow's.
	sourceHostHeader = "X-Foreshadow-Source-Host"
)

// inboxSize is how many mirrored requests wait to be sent; a new one that finds
// no place is dropped.
const inboxSize = 64

// The results of a mirrored request at its receiver.
const (
	receivedQueued   = "queued"
	receivedFull     = "full"
	receivedIdle     = "idle"     // no warm-up runs
	receivedUnmarked = "unmarked" // it does not bear our header
	receivedRefused  = "refused"  // unsafe, too large, or no request of an app
)

func receivedResults() []string {
	return []string{receivedQueued, receivedFull, receivedIdle, receivedUnmarked, receivedRefused}
}

// mirrored is a request that a tap sent, and what its source made of it.
type mirrored struct {
	request *Request
	source  Outcome
}

// Inbox takes mirrored requests from taps while a warm-up runs. It answers at
// once: the driver sends what it has taken, in its own time.
type Inbox struct {
	clock   clock.PassiveClock
	strip   Strip
	unsafe  bool
	count   func(result string)
	mu      sync.Mutex // orders what comes in with the end of a warm-up
	open    bool
	waiting chan mirrored
}

// NewInbox withholds what strip says once more: a tap may be older. With
// allowUnsafe it takes methods that may change something.
func NewInbox(strip Strip, allowUnsafe bool, c clock.PassiveClock, m *Metrics) *Inbox {
	return &Inbox{clock: c, strip: strip, unsafe: allowUnsafe, count: m.received, waiting: make(chan mirrored, inboxSize)}
}

// ServeHTTP answers 202 to what will be sent to the app if there is time.
func (b *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	result, status := b.take(w, r)
	b.count(result)
	if status != http.StatusAccepted {
		http.Error(w, "foreshadow: "+result, status)
		return
	}
	w.WriteHeader(status)
}

func (b *Inbox) take(w http.ResponseWriter, r *http.Request) (result string, status int) {
	switch {
	case r.Header.Get(Header) != HeaderValue:
		return receivedUnmarked, http.StatusForbidden
	case !b.opened():
		return receivedIdle, http.StatusConflict
	case !isSafe(r.Method) && !b.unsafe, r.Method == http.MethodConnect:
		return receivedRefused, http.StatusMethodNotAllowed
	}
	path := b.strip.path(r)
	if _, err := parsePath(path); err != nil {
		return receivedRefused, http.StatusBadRequest
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBodyBytes))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return receivedRefused, http.StatusRequestEntityTooLarge
	} else if err != nil {
		return receivedRefused, http.StatusBadRequest
	}
	m := mirrored{request: &Request{
		Method: r.Method, Path: path, Route: RouteOf(r.Method, path), Protocol: HTTP1, payload: body, mirrored: b.strip.clean(r.Header),
	}}
	if r.ProtoMajor == 2 {
		m.request.Protocol = HTTP2
	}
	if host := r.Header.Get(sourceHostHeader); host != "" && isHeaderValue(host) {
		m.request.mirrored.Set("Host", host)
	}
	m.source = b.sourceOf(r, m.request.Route)
	return b.queue(m)
}

// queue takes a request unless the warm-up ended while its body was read.
func (b *Inbox) queue(m mirrored) (result string, status int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return receivedIdle, http.StatusConflict
	}
	select {
	case b.waiting <- m:
		return receivedQueued, http.StatusAccepted
	default:
		return receivedFull, http.StatusTooManyRequests
	}
}

func (b *Inbox) opened() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}

// sourceOf reads what the source made of it; its zero if the tap does not say.
func (b *Inbox) sourceOf(r *http.Request, route string) Outcome {
	class := Class(r.Header.Get(sourceClassHeader))
	latency, err := time.ParseDuration(r.Header.Get(sourceLatencyHeader))
	if err != nil || latency <= 0 || !slices.Contains(Classes(), class) {
		return Outcome{}
	}
	return Outcome{Route: route, Class: class, Latency: latency, At: b.clock.Now()}
}

// Open lets requests in; Shut lets none in and drops those that wait.
func (b *Inbox) Open() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = true
}

// Shut is the end of a warm-up.
func (b *Inbox) Shut() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = false
	for {
		select {
		case <-b.waiting:
		default:
			return
		}
	}
}

// empty says that nothing waits. Who reads it is the only one who takes.
func (b *Inbox) empty() bool { return b == nil || len(b.waiting) == 0 }

// next returns what waits, if anything does.
func (b *Inbox) next() (mirrored, bool) {
	if b == nil {
		return mirrored{}, false
	}
	select {
	case m := <-b.waiting:
		return m, true
	default:
		return mirrored{}, false
	}
}
