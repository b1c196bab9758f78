package cli

import (
	"errors"
	"fmt"
	"net/http"

	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// errUnconfigured is the remedy where kubectl would try localhost.
var errUnconfigured = errors.New("no kubeconfig was found: write --kubeconfig FILE, set KUBECONFIG, or name the server with --server URL")

// unconfigured says that nothing names a cluster.
func (f *factory) unconfigured() bool {
	if f.flags.APIServer != nil && *f.flags.APIServer != "" {
		return false
	}
	raw, err := f.flags.ToRawKubeConfigLoader().RawConfig()
	return err == nil && clientcmdapi.IsConfigEmpty(&raw)
}

// explainUnconfigured says why a server could not be reached.
func explainUnconfigured(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		resp, err := next.RoundTrip(r)
		if err != nil {
			err = fmt.Errorf("%w: %w", err, errUnconfigured)
		}
		return resp, err
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
