package publish

import (
	"net"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

func TestListenRefuses(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	inUse := taken.Addr().String()
	tests := []struct {
		name, address, want string
		wantErr             error
	}{
		{"a port in use", inUse, `--web.listen-address "` + inUse + `": the port is in use by another process: ` +
			`stop that process or write another port (0 takes any free one): address already in use`, syscall.EADDRINUSE},
		{"no port", "127.0.0.1", `--web.listen-address "127.0.0.1": write HOST:PORT, such as 127.0.0.1:6443: ` +
			`address 127.0.0.1: missing port in address`, nil},
		{"nothing", "", `--web.listen-address "": write HOST:PORT, such as 127.0.0.1:6443: missing port in address`, nil},
		{"a stranger's address", "192.0.2.1:0", `--web.listen-address "192.0.2.1:0": this machine does not have that address: ` +
			`write one of its own: cannot assign requested address`, syscall.EADDRNOTAVAIL},
		{"a port that is none", "127.0.0.1:99999", `--web.listen-address "127.0.0.1:99999": open port: listen tcp: address 99999: invalid port`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Listen("--web.listen-address", tt.address)
			require.EqualError(t, err, tt.want)
			if tt.wantErr != nil {
				require.ErrorIs(t, err, tt.wantErr)
			}
		})
	}
}

func TestStandaloneIsRefusedOffLoopback(t *testing.T) {
	tests := []struct{ name, address, want string }{
		{"every address", "0.0.0.0:6443", `--web.api-address "0.0.0.0:6443": standalone mode has no authentication: ` +
			`write a loopback address such as 127.0.0.1:6443`},
		{"every address, unsaid", ":6443", `--web.api-address ":6443": standalone mode has no authentication: ` +
			`write a loopback address such as 127.0.0.1:6443`},
		{"every IPv6 address", "[::]:6443", `--web.api-address "[::]:6443": standalone mode has no authentication: ` +
			`write a loopback address such as 127.0.0.1:6443`},
		{"a network's address", "192.0.2.1:0", `--web.api-address "192.0.2.1:0": standalone mode has no authentication: ` +
			`write a loopback address such as 127.0.0.1:0`},
		{"a name that only looks local", "localhost.example.org:6443", `--web.api-address "localhost.example.org:6443": ` +
			`standalone mode has no authentication: write a loopback address such as 127.0.0.1:6443`},
		{"no port", "127.0.0.1", `--web.api-address "127.0.0.1": write HOST:PORT, such as 127.0.0.1:6443: address 127.0.0.1: missing port in address`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := NewStandalone(tt.address, NewProvider(&Board{}, clockAtNoon(), prometheus.NewRegistry()), nil, 0)
			require.EqualError(t, err, tt.want)
		})
	}
}

func TestListenLoopbackTakesEveryLoopbackAddress(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "127.8.8.8:0", "localhost:0"} {
		listener, err := listenLoopback(FlagAPIAddress, address)
		require.NoError(t, err)
		if port := listener.Addr().(*net.TCPAddr).Port; port == 0 {
			t.Errorf("%s: port 0 was returned, want the one that it got", address)
		}
		require.NoError(t, listener.Close())
	}
}
