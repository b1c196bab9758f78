package process

import (
	"fmt"
	"net"
	"strings"
)

// Loopback is the one address on which the tests serve.
const Loopback = "127.0.0.1"

// FreePorts returns n distinct TCP ports that were free on the loopback address
// a moment ago. All are held until the last is found, so none comes twice. The
// child may still find one taken: see PortTaken.
func FreePorts(n int) ([]int, error) {
	ports := make([]int, 0, n)
	for range n {
		l, err := net.Listen("tcp", net.JoinHostPort(Loopback, "0"))
		if err != nil {
			return nil, fmt.Errorf("find free port: %w", err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// PortTaken says that a child did not start because someone else got its port
// first, by the end of the log that Await puts into its error. Whoever may
// change the ports tries again with new ones; a server whose address others
// know already cannot.
func PortTaken(err error) bool {
	return err != nil && strings.Contains(err.Error(), "address already in use")
}
