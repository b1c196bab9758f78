package warmup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"k8s.io/utils/clock"
)

const (
	// maxShadows of a pool are sent to at the same time.
	maxShadows = 64
	// lookupTimeout bounds one look into the DNS.
	lookupTimeout = 2 * time.Second
)

// Lookup finds the addresses of a host; net.Resolver.LookupHost is one.
type Lookup func(ctx context.Context, host string) ([]string, error)

// Shadows are those that warm up: what the headless Service of their pool lists.
type Shadows struct {
	host, port string
	lookup     Lookup
	refresh    time.Duration
	clock      clock.WithTicker
	logger     log.Logger

	found atomic.Pointer[[]string]
	turn  atomic.Uint64
}

// NewShadows takes the Service's name and the port of the sidecars.
func NewShadows(address string, refresh time.Duration, lookup Lookup, c clock.WithTicker, logger log.Logger) (*Shadows, error) {
	host, port, err := net.SplitHostPort(address)
	if n, atoi := strconv.Atoi(port); err != nil || host == "" || atoi != nil || n < 1 || n > 65535 {
		return nil, fmt.Errorf("%q: write the Service of the shadows and the port of their sidecars, such as web-shadow.shop.svc:9798", address)
	}
	s := &Shadows{host: host, port: port, lookup: lookup, refresh: refresh, clock: c, logger: log.With(logger, "host", host)}
	s.found.Store(&[]string{})
	return s, nil
}

// Run looks again and again until the context ends.
func (s *Shadows) Run(ctx context.Context) {
	ticker := s.clock.NewTicker(s.refresh)
	defer ticker.Stop()
	for {
		s.look(ctx)
		select {
		case <-ticker.C():
		case <-ctx.Done():
			return
		}
	}
}

// look takes what the DNS says. That there is no such name means that none warms
// up; while it says nothing, nothing is sent either.
func (s *Shadows) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	addresses, err := s.lookup(ctx, s.host)
	if notFound := (*net.DNSError)(nil); err != nil && (!errors.As(err, &notFound) || !notFound.IsNotFound) {
		level.Debug(s.logger).Log("msg", "shadows not looked up", "err", err)
	}
	slices.Sort(addresses)
	addresses = slices.Compact(addresses)
	out := make([]string, 0, min(len(addresses), maxShadows))
	for _, a := range addresses[:min(len(addresses), maxShadows)] {
		out = append(out, net.JoinHostPort(a, s.port))
	}
	if was := len(*s.found.Swap(&out)); was != len(out) {
		level.Info(s.logger).Log("msg", "shadows that warm up", "count", len(out), "before", was)
	}
}

// any says that there is one.
func (s *Shadows) any() bool { return len(*s.found.Load()) > 0 }

// next returns one after the other; false while there is none.
func (s *Shadows) next() (address string, ok bool) {
	all := *s.found.Load()
	if len(all) == 0 {
		return "", false
	}
	return all[s.turn.Add(1)%uint64(len(all))], true
}
