package warmup

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"k8s.io/utils/clock"
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

// Inbox takes mirrored requests from taps while a warm-up runs, and says how many
// more it has room for. It answers at once: the driver sends what it has taken, in
// its own time.
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

// ServeHTTP answers 202 and a receipt to a batch of samples: what was taken of it
// will be sent to the app if there is time.
func (b *Inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Header.Get(Header) != HeaderValue:
		b.refuse(w, receivedUnmarked, http.StatusForbidden)
	case r.Method != http.MethodPost || r.Header.Get("Content-Type") != batchType:
		b.refuse(w, receivedRefused, http.StatusUnsupportedMediaType)
	case !b.opened():
		b.refuse(w, receivedIdle, http.StatusConflict)
	default:
		b.takeBatch(w, r)
	}
}

func (b *Inbox) refuse(w http.ResponseWriter, result string, status int) {
	b.count(result)
	http.Error(w, "foreshadow: "+result, status)
}

func (b *Inbox) takeBatch(w http.ResponseWriter, r *http.Request) {
	in := bufio.NewReader(http.MaxBytesReader(w, r.Body, maxBatchBytes))
	taken := 0
	for {
		sample, err := http.ReadRequest(in)
		if errors.Is(err, io.EOF) {
			break
		}
		result := receivedRefused
		if err == nil {
			result, err = b.take(sample)
		}
		if result == receivedQueued {
			taken++
		}
		b.count(result)
		if err != nil { // what follows cannot be told from it
			http.Error(w, "foreshadow: "+receivedRefused, http.StatusBadRequest)
			return
		}
	}
	raw, err := json.Marshal(receipt{Taken: taken, Room: b.room()})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = w.Write(raw) // the tap is gone
}

// take queues one sample; an error is one of the batch.
func (b *Inbox) take(r *http.Request) (result string, err error) {
	var body []byte
	if r.Body != http.NoBody {
		if body, err = io.ReadAll(r.Body); err != nil {
			return receivedRefused, err
		}
	}
	path := b.strip.path(r.URL)
	if !isPath(path) || r.URL.Host != "" || len(body) > maxBodyBytes {
		return receivedRefused, nil
	}
	if !isSafe(r.Method) && !b.unsafe || r.Method == http.MethodConnect {
		return receivedRefused, nil
	}
	m := mirrored{request: &Request{
		Method: r.Method, Path: path, Route: RouteOf(r.Method, path), Protocol: HTTP1, payload: body, mirrored: maps.Collect(b.strip.mirrored(r.Header)),
	}}
	if r.ProtoMajor == 2 {
		m.request.Protocol = HTTP2
	}
	if r.Host != "" && isHeaderValue(r.Host) {
		m.request.mirrored.Set("Host", r.Host)
	}
	m.source = b.sourceOf(r, m.request.Route)
	return b.queue(m), nil
}

// room says how many samples a tap may send next: half of what is free, for there
// may be other taps.
func (b *Inbox) room() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return 0
	}
	return (cap(b.waiting) - len(b.waiting) + 1) / 2
}

// queue takes a request unless the warm-up ended while its body was read.
func (b *Inbox) queue(m mirrored) (result string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return receivedIdle
	}
	select {
	case b.waiting <- m:
		return receivedQueued
	default:
		return receivedFull
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
	if err != nil || latency <= 0 || !slices.Contains(classes(), class) {
		return Outcome{}
	}
	return Outcome{Route: route, Class: class, Latency: latency, At: b.clock.Now()}
}

// begin lets requests in.
func (b *Inbox) begin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open = true
}

// end lets none in any more, and drops those that wait.
func (b *Inbox) end() {
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
