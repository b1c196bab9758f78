package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"syscall"
)

// Listen opens the TCP address that a person wrote for flag; port 0 takes any free one. What cannot be opened is answered with
// the flag, the address and what to write instead.
func Listen(flag, address string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return nil, fmt.Errorf("%s %q: write HOST:PORT, such as 127.0.0.1:6443: %w", flag, address, err)
	}
	listener, err := net.Listen("tcp", address)
	switch {
	case err == nil:
		return listener, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s %q: the port is in use by another process: stop that process or write another port (0 takes any free one): %w",
			flag, address, syscall.EADDRINUSE)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s %q: this user may not open that port: write a port above 1023: %w", flag, address, fs.ErrPermission)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return nil, fmt.Errorf("%s %q: this machine does not have that address: write one of its own: %w", flag, address, syscall.EADDRNOTAVAIL)
	}
	return nil, fmt.Errorf("%s %q: open port: %w", flag, address, err)
}

// listenLoopback is Listen for what must not be reached from another machine.
func listenLoopback(flag, address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err == nil && !isLoopback(host) {
		return nil, notLoopback(flag, address, port)
	}
	listener, err := Listen(flag, address)
	if err != nil {
		return nil, err
	}
	// The name localhost means what this machine's hosts file says.
	if tcp, ok := listener.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		return nil, errors.Join(notLoopback(flag, address, port), listener.Close())
	}
	return listener, nil
}

func notLoopback(flag, address, port string) error {
	return fmt.Errorf("%s %q: standalone mode has no authentication: write a loopback address such as %s",
		flag, address, net.JoinHostPort("127.0.0.1", port))
}

// isLoopback says whether host can be a loopback address.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
