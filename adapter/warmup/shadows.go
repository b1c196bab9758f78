package warmup

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
)

const (
	// maxShadows of a pool are sent to at the same time.
	maxShadows = 64
	// lookupTimeout bounds one look into the DNS.
	lookupTimeout = 2 * time.Second
)

// shadows are those that warm up: what the headless Service of their pool lists.
type shadows struct {
	host, port string
	lookup     func(ctx context.Context, host string) ([]string, error)
	logger     log.Logger
	found      int
}

// newShadows takes the Service's name and the port of the sidecars.
func newShadows(address string, lookup func(context.Context, string) ([]string, error), logger log.Logger) (*shadows, error) {
	host, port, err := net.SplitHostPort(address)
	if n, atoi := strconv.Atoi(port); err != nil || host == "" || atoi != nil || n < 1 || n > 65535 {
		return nil, fmt.Errorf("--tap.shadows: %q: write the Service of the shadows and the port of their sidecars, such as web-shadow.shop.svc:9798", address)
	}
	return &shadows{host: host, port: port, lookup: lookup, logger: log.With(logger, "host", host)}, nil
}

// look returns what the DNS says. That there is no such name means that none
// warms up; while it says nothing, nothing is sent either.
func (s *shadows) look(ctx context.Context) []string {
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
	if s.found != len(out) {
		level.Info(s.logger).Log("msg", "shadows that warm up", "count", len(out), "before", s.found)
		s.found = len(out)
	}
	return out
}
