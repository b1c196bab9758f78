package load

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const (
	headerTimeout = 5 * time.Second
	closeTimeout  = 5 * time.Second
)

// server is an HTTP server on a free loopback port.
type server struct {
	http     *http.Server
	listener net.Listener
}

// serve starts a server; with a TLS configuration it speaks HTTPS.
func serve(h http.Handler, tlsConfig *tls.Config) (*server, error) {
	l, err := net.Listen("tcp", net.JoinHostPort(process.Loopback, "0"))
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s := &server{listener: l, http: &http.Server{Handler: h, ReadHeaderTimeout: headerTimeout, TLSConfig: tlsConfig}}
	if tlsConfig != nil {
		tlsConfig.NextProtos = []string{"h2", "http/1.1"}
		l = tls.NewListener(l, tlsConfig)
	}
	go func() { _ = s.http.Serve(l) }() // ends with Close
	return s, nil
}

// Addr returns the host and port of the server.
func (s *server) Addr() string { return s.listener.Addr().String() }

// Port returns the port of the server.
func (s *server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// Close stops the server.
func (s *server) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		return s.http.Close()
	}
	return nil
}
