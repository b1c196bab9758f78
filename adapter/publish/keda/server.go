package keda

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math"
	"net"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/publish"
	"github.com/foreshadow-dev/foreshadow/adapter/publish/keda/externalscaler"
)

// The flags that messages of the server name.
const (
	FlagAddress        = "--keda.listen-address"
	FlagMaxStreams     = "--keda.max-streams"
	FlagMaxConnections = "--keda.max-connections"
)

// The defaults of the limits. KEDA has one connection for each set of certificates, and on it a stream for each external-push trigger.
const (
	DefaultMaxStreams     = 4096
	DefaultMaxConnections = 256
)

const (
	maxMessageBytes = 64 << 10
	maxHeaderBytes  = 16 << 10
	bufferBytes     = 4 << 10 // messages are small and connections may be many
	// unaryStreams are what a connection has beside its long streams: else these would hold up the short calls.
	unaryStreams     = 256
	handshakeTimeout = 5 * time.Second
	// pingAfter finds clients that are gone without a word.
	pingAfter, pingTimeout = time.Minute, 20 * time.Second
	// pingsNoFaster is what a client may ping.
	pingsNoFaster = 10 * time.Second
	// connectionAge makes clients show their certificate again, and spreads them over new adapters.
	connectionAge, connectionGrace, connectionIdle = time.Hour, 30 * time.Second, 15 * time.Minute
	shutdownTimeout                                = 3 * time.Second
)

// Config is what a server is made of.
type Config struct {
	// Address is HOST:PORT as a person wrote it; port 0 takes any free one. Without certificates it must be a loopback address.
	Address      string
	Certificates Certificates
	// MaxStreams and MaxConnections bound what is open at a time.
	MaxStreams, MaxConnections int

	Board      *publish.Board
	Clock      clock.WithTicker
	Logger     log.Logger
	Registerer prometheus.Registerer
}

// Server is the external scaler, listening.
type Server struct {
	listener net.Listener
	scaler   *scaler
	server   *grpc.Server
}

// New opens the address; Run serves. What is wrong with a flag is said with its name and what to write.
func New(c Config) (*Server, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	listener, err := publish.Listen(FlagAddress, c.Address)
	if err != nil {
		return nil, err
	}
	s, err := newServer(c, listener)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	return s, nil
}

func (c *Config) validate() error {
	errs := []error{c.Certificates.validate()}
	if c.MaxStreams < 1 {
		errs = append(errs, fmt.Errorf("%s: %d: write at least 1", FlagMaxStreams, c.MaxStreams))
	}
	if c.MaxConnections < 1 {
		errs = append(errs, fmt.Errorf("%s: %d: write at least 1", FlagMaxConnections, c.MaxConnections))
	}
	return errors.Join(errs...)
}

func newServer(c Config, listener net.Listener) (*Server, error) {
	s := &scaler{board: c.Board, clock: c.Clock, maxStreams: int64(c.MaxStreams), stopping: make(chan struct{})}
	m := newMetrics(c.Registerer, s.streams.Load)
	options := append(limits(c.MaxStreams), grpc.UnaryInterceptor(m.unary), grpc.StreamInterceptor(m.stream))
	if c.Certificates.none() {
		if tcp, ok := listener.Addr().(*net.TCPAddr); ok && !tcp.IP.IsLoopback() {
			return nil, fmt.Errorf("%s %q: without certificates anybody could ask: write %s, %s and %s, or a loopback address such as 127.0.0.1:9403",
				FlagAddress, c.Address, FlagCertFile, FlagKeyFile, FlagClientCAFile)
		}
	} else {
		k, err := newKeeper(c.Certificates, log.With(c.Logger, "component", "keda"), m)
		if err != nil {
			return nil, err
		}
		options = append(options, grpc.Creds(credentials.NewTLS(&tls.Config{MinVersion: tls.VersionTLS13, GetConfigForClient: k.forClient})))
	}
	server := grpc.NewServer(options...)
	externalscaler.RegisterExternalScalerServer(server, s)
	return &Server{listener: netutil.LimitListener(listener, c.MaxConnections), scaler: s, server: server}, nil
}

// limits are what a client may ask of the server.
func limits(maxStreams int) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxConcurrentStreams(uint32(min(maxStreams, math.MaxInt32)) + unaryStreams),
		grpc.MaxRecvMsgSize(maxMessageBytes), grpc.MaxSendMsgSize(maxMessageBytes), grpc.MaxHeaderListSize(maxHeaderBytes),
		grpc.ReadBufferSize(bufferBytes), grpc.WriteBufferSize(bufferBytes),
		grpc.ConnectionTimeout(handshakeTimeout),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingsNoFaster, PermitWithoutStream: true}),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			Time: pingAfter, Timeout: pingTimeout,
			MaxConnectionAge: connectionAge, MaxConnectionAgeGrace: connectionGrace, MaxConnectionIdle: connectionIdle,
		}),
	}
}

// Addr returns the address that the server listens on, with the port that it got.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// Run serves until ctx is done, the streams have ended and the calls in flight are answered.
func (s *Server) Run(ctx context.Context) error {
	serving, end := context.WithCancel(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		<-serving.Done()
		s.stop()
	}()
	err := s.server.Serve(s.listener)
	end()
	<-stopped
	if ctx.Err() == nil {
		return fmt.Errorf("serve KEDA on %s: %w", s.listener.Addr(), err)
	}
	return nil
}

// stop ends the streams and waits for what is under way, but not for long.
func (s *Server) stop() {
	close(s.scaler.stopping)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		s.server.GracefulStop()
	}()
	late := s.scaler.clock.NewTimer(shutdownTimeout)
	defer late.Stop()
	select {
	case <-answered:
	case <-late.C():
		s.server.Stop()
		<-answered
	}
}
