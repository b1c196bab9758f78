package warmup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	"k8s.io/utils/clock"
)

// trip is how long a shadow takes to answer.
const trip = time.Millisecond

// receivers are the sidecars of shadows, without a network.
type receivers struct {
	mu      sync.Mutex
	batches map[string][]int // how many samples each got, batch by batch
	answer  func(address string) (room int, err error)
}

func (r *receivers) RoundTrip(req *http.Request) (*http.Response, error) {
	raw, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	n := strings.Count(string(raw), sourceClassHeader)
	r.mu.Lock()
	r.batches[req.URL.Host] = append(r.batches[req.URL.Host], n)
	r.mu.Unlock()
	clock.RealClock{}.Sleep(trip) // so that no answer comes while a test offers
	room, err := r.answer(req.URL.Host)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusAccepted, Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"taken":%d,"room":%d}`, n, room)))}, nil
}

func (*receivers) CloseIdleConnections() {}

func (r *receivers) got(address string) []int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.batches[address]
}

// hosts are what the DNS lists.
type hosts struct {
	mu    sync.Mutex
	names []string
	err   error
}

func (h *hosts) set(err error, names ...string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.names, h.err = names, err
}

func (h *hosts) lookup(context.Context, string) ([]string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.names, h.err
}

// mirrorTo runs a mirror in a bubble until the test ends.
func mirrorTo(t *testing.T, h *hosts, answer func(string) (int, error)) (*Mirror, *receivers) {
	t.Helper()
	m, err := NewMirror(MirrorConfig{Shadows: "web-shadow.shop.svc:9798", Refresh: time.Second, Lookup: h.lookup, Strip: NewStrip(nil, nil)}, clock.RealClock{}, log.NewNopLogger(), NewMetrics(nil))
	require.NoError(t, err)
	to := &receivers{batches: map[string][]int{}, answer: answer}
	m.transport = to
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		require.Zero(t, m.waiting.Load(), "nothing is held after the end")
	})
	synctest.Wait()
	return m, to
}

func aSample() *sampled {
	return &sampled{method: http.MethodGet, host: "shop.example", url: &url.URL{Path: "/"}, class: ClassSuccess, latency: time.Millisecond}
}

// offerAll offers what is asked for, and returns how much that was.
func offerAll(m *Mirror) (n int) {
	for ; m.wants(); n++ {
		m.offer(aSample())
	}
	return n
}

func (m *Mirror) counted(result string) int {
	return int(testutil.ToFloat64(m.metrics.tapped.WithLabelValues(result)))
}

// However much an active pod serves, a shadow gets what it asks for: one sample
// first, then what it answers, together.
func TestMirrorSendsWhatIsAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hosts{names: []string{"10.0.0.1"}}
		room := []int{20, 1000, 0, -7, 5}
		m, to := mirrorTo(t, h, func(string) (int, error) {
			next := room[0]
			room = room[1:]
			return next, nil
		})
		require.Equal(t, 1, offerAll(m))
		pass(trip)
		require.Equal(t, 20, offerAll(m))
		pass(trip)
		require.Equal(t, maxBatch, offerAll(m), "it says more than a batch has")
		pass(trip)
		require.False(t, m.wants(), "it is full")
		pass(breather)
		require.Equal(t, 1, offerAll(m))
		pass(trip + breather)
		require.Equal(t, 1, offerAll(m), "it says less than nothing")
		pass(trip)
		require.Equal(t, []int{1, 20, maxBatch, 1, 1}, to.got("10.0.0.1:9798"))
		require.Equal(t, 20+maxBatch+3, m.counted(tapSent))
	})
}

// The first sample of a batch waits for others, and not for long.
func TestMirrorGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, to := mirrorTo(t, &hosts{names: []string{"10.0.0.1"}}, func(string) (int, error) { return 30, nil })
		offerAll(m)
		pass(trip)
		for range 3 {
			m.offer(aSample())
			pass(gathering / 4)
		}
		require.Equal(t, []int{1}, to.got("10.0.0.1:9798"))
		pass(gathering / 4)
		require.Equal(t, []int{1, 3}, to.got("10.0.0.1:9798"))
		large := aSample()
		large.body = make([]byte, maxBodyBytes)
		pass(trip)
		for range 5 {
			m.offer(large)
		}
		synctest.Wait()
		require.Equal(t, []int{1, 3, 2}, to.got("10.0.0.1:9798"), "bodies fill a batch sooner")
		require.Equal(t, 3, m.counted(tapDropped))
	})
}

// A shadow that does not answer is asked every other second, by one sample.
func TestMirrorLeavesADeadShadowAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, to := mirrorTo(t, &hosts{names: []string{"10.0.0.1", "10.0.0.2"}}, func(address string) (int, error) {
			if address == "10.0.0.1:9798" {
				return 0, errors.New("connection refused")
			}
			return 1, nil
		})
		for range 40 {
			offerAll(m)
			pass(100 * time.Millisecond)
		}
		require.Equal(t, []int{1, 1}, to.got("10.0.0.1:9798"))
		require.Greater(t, len(to.got("10.0.0.2:9798")), 30, "the other goes on")
		require.Equal(t, 2, m.counted(tapFailed))
	})
}

func TestMirrorFollowsTheDNS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hosts{}
		m, to := mirrorTo(t, h, func(string) (int, error) { return 10, nil })
		require.False(t, m.wants(), "no shadow warms up")
		h.set(nil, "10.0.0.2", "10.0.0.1", "2001:db8::1", "10.0.0.1")
		pass(time.Second)
		require.Equal(t, 3, offerAll(m), "each is asked, once")
		pass(trip)
		for _, address := range []string{"10.0.0.1:9798", "10.0.0.2:9798", "[2001:db8::1]:9798"} {
			require.Equal(t, []int{1}, to.got(address))
		}
		for range 6 {
			m.offer(aSample())
		}
		pass(gathering)
		require.Equal(t, []int{1, 2}, to.got("10.0.0.1:9798"), "one after the other")

		pass(850 * time.Millisecond)
		m.offer(aSample())
		h.set(&net.DNSError{IsNotFound: true})
		pass(time.Second)
		require.False(t, m.wants())
		require.Zero(t, m.waiting.Load())
		m.offer(aSample())
		require.Equal(t, 1, m.counted(tapDropped), "one that was on its way when the last was gone")
		h.set(nil, "10.0.0.1")
		pass(time.Second)
		require.Equal(t, 1, offerAll(m), "it is asked anew")
	})
}

// What a shadow was to get when it was gone is no sample of another.
func TestMirrorOrphansWhatItHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hosts{names: []string{"10.0.0.1"}}
		m, to := mirrorTo(t, h, func(string) (int, error) { return 10, nil })
		offerAll(m)
		pass(950 * time.Millisecond)
		m.offer(aSample())
		h.set(nil)
		pass(time.Second)
		require.Equal(t, 1, m.counted(tapOrphaned))
		require.Equal(t, []int{1}, to.got("10.0.0.1:9798"))
	})
}

func TestMirrorSaysWhatIsWrong(t *testing.T) {
	for _, bad := range []string{"", "web-shadow", ":9798", "web-shadow:0", "web-shadow:http"} {
		_, err := NewMirror(MirrorConfig{Shadows: bad, Refresh: time.Second}, clock.RealClock{}, log.NewNopLogger(), NewMetrics(nil))
		require.ErrorContains(t, err, "write the Service of the shadows")
	}
	_, err := NewMirror(MirrorConfig{Shadows: "web-shadow:9798"}, clock.RealClock{}, log.NewNopLogger(), NewMetrics(nil))
	require.EqualError(t, err, "--tap.refresh: 0s: write a duration from 100ms")
}

// Many requests end while shadows come, go, answer and fail: each sample has one
// end, and no more are held than may be.
func TestMirrorUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := &hosts{names: []string{"10.0.0.1"}}
		var mu sync.Mutex
		turn := 0
		m, _ := mirrorTo(t, h, func(string) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			if turn++; turn%5 == 0 {
				return 0, errors.New("connection reset")
			}
			return turn % 40, nil
		})
		var clients sync.WaitGroup
		const each = 300
		for i := range 8 {
			clients.Go(func() {
				for n := range each {
					m.offer(aSample())
					if held := m.waiting.Load(); held > mirrorQueue+8 {
						t.Errorf("%d samples are held", held)
					}
					if n%7 == i%7 {
						clock.RealClock{}.Sleep(17 * time.Millisecond)
					}
				}
			})
		}
		for n := range 5 {
			pass(300 * time.Millisecond)
			h.set(nil, []string{"10.0.0.1", "10.0.0.2", "10.0.0.3"}[:n%4]...)
		}
		clients.Wait()
		pass(time.Minute)
		require.Zero(t, m.waiting.Load())
		ends := 0
		for _, result := range tapResults() {
			ends += m.counted(result)
		}
		require.Equal(t, 8*each, ends)
		require.Positive(t, m.counted(tapSent))
	})
}
