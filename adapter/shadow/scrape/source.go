package scrape

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/warmup"
)

const (
	// period is how old an answer is before it is asked for anew, silence how old
	// it may be and still count.
	period, silence = time.Second, 10 * time.Second
	// timeout and maxBytes bound one answer, parallel how many are read at once.
	timeout, maxBytes, parallel = time.Second, 16 << 10, 64
	// kept is how long a pod that nobody asks for is remembered.
	kept = 5 * time.Minute
)

// Source reads the progress of warming shadows.
type Source struct {
	clock  clock.PassiveClock
	logger log.Logger
	port   int
	client *http.Client
	free   chan struct{} // one for each read that goes on

	ctx    context.Context //nolint:containedctx // reads outlive the look that began them; Close ends it
	cancel context.CancelFunc
	reads  sync.WaitGroup

	mu    sync.Mutex
	pods  map[types.UID]*answer
	swept time.Time
}

var _ observe.ProgressSource = (*Source)(nil)

// answer is what is known of a pod.
type answer struct {
	progress *warmup.Progress // nil: none yet
	at       time.Time        // of the progress
	tried    time.Time
	asked    time.Time // by a look
	reading  bool
}

// New returns a source; Close ends its reads.
func New(c clock.PassiveClock, logger log.Logger) *Source {
	return newSource(c, logger, observe.SidecarPort)
}

func newSource(c clock.PassiveClock, logger log.Logger, port int) *Source {
	ctx, cancel := context.WithCancel(context.Background())
	return &Source{
		clock: c, logger: log.With(logger, "component", "scrape"), port: port, free: make(chan struct{}, parallel), ctx: ctx, cancel: cancel,
		pods: map[types.UID]*answer{},
		client: &http.Client{
			// A pod is asked directly, and sends us nowhere else.
			Transport: &http.Transport{
				DialContext: (&net.Dialer{Timeout: timeout}).DialContext, MaxIdleConns: 2 * parallel, MaxIdleConnsPerHost: 1,
				IdleConnTimeout: 10 * time.Second, DisableCompression: true, MaxResponseHeaderBytes: maxBytes,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
}

// Close ends the reads and waits for them.
func (s *Source) Close() {
	s.cancel()
	s.reads.Wait()
	s.client.CloseIdleConnections()
}

// Progress returns how warm a shadow with a sidecar is by what was read last, and
// false for one without.
func (s *Source) Progress(pool *v1alpha1.ShadowPool, pod *corev1.Pod, now time.Time) (shadow.Progress, bool) {
	if !hasSidecar(pod) {
		return shadow.Progress{}, false
	}
	if pod.Labels[v1alpha1.StateLabel] != string(v1alpha1.ShadowWarming) || !isReady(pod) || pod.Status.PodIP == "" {
		return shadow.Progress{Stage: shadow.ReasonNotReady}, true
	}
	a := s.look(pod, now)
	return judge(pool, pod, a, now), true
}

// look returns what is known of a pod, and has it read where that is old.
func (s *Source) look(pod *corev1.Pod, now time.Time) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sweep(now)
	a := s.pods[pod.UID]
	if a == nil {
		a = &answer{}
		s.pods[pod.UID] = a
	}
	a.asked = now
	if !a.reading && now.Sub(a.tried) >= period && s.ctx.Err() == nil {
		select {
		case s.free <- struct{}{}:
			a.reading, a.tried = true, now
			name, address := pod.Namespace+"/"+pod.Name, net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(s.port))
			s.reads.Go(func() { s.fill(a, name, address) })
		default: // enough are read: the next look asks again
		}
	}
	return *a
}

// sweep forgets pods that nobody has asked for in a while.
func (s *Source) sweep(now time.Time) {
	if now.Sub(s.swept) < kept/5 {
		return
	}
	s.swept = now
	for uid, a := range s.pods {
		if !a.reading && now.Sub(a.asked) > kept {
			delete(s.pods, uid)
		}
	}
}

func (s *Source) fill(a *answer, pod, address string) {
	p, err := s.read(address)
	if err != nil {
		level.Debug(s.logger).Log("msg", "sidecar not read", "pod", pod, "err", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	<-s.free
	a.reading = false
	if err == nil {
		a.progress, a.at = p, s.clock.Now()
	}
}

func (s *Source) read(address string) (_ *warmup.Progress, err error) {
	ctx, cancel := context.WithTimeout(s.ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/progress", nil)
	if err != nil {
		return nil, fmt.Errorf("read progress: %w", err)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("read progress: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("read progress: %s", res.Status)
	}
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read progress: %w", err)
	}
	if len(raw) > maxBytes {
		return nil, errors.New("read progress: more than 16 KiB")
	}
	p := &warmup.Progress{}
	if err := json.Unmarshal(raw, p); err != nil {
		return nil, fmt.Errorf("read progress: %w", err)
	}
	return p, nil
}
