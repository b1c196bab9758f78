package cluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

// probeTimeout bounds one look at a health endpoint.
const probeTimeout = 5 * time.Second

// probe looks at a health endpoint. Who serves there is known from the port that
// the process was given, so the certificate is not checked.
func (c *Cluster) probe(url string) process.Probe {
	transport := &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
		DisableKeepAlives: true,
	}
	hc := &http.Client{Transport: transport, Timeout: probeTimeout}
	return func(ctx context.Context) (string, bool) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
		if err != nil {
			return err.Error(), false
		}
		resp, err := hc.Do(req)
		if err != nil {
			return err.Error(), false
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(io.LimitReader(resp.Body, 512))
		return fmt.Sprintf("%s: %s", resp.Status, body), resp.StatusCode == http.StatusOK
	}
}
