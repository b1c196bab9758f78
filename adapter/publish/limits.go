package publish

import (
	"net/http"
	"strings"
	"time"

	"k8s.io/apiserver/pkg/endpoints/request"
	genericapiserver "k8s.io/apiserver/pkg/server"
)

const (
	serverName = "foreshadow-adapter"
	// requestTimeout leaves a margin below the second within which every request is answered or refused. Nothing of ours waits;
	// what can be slow is the API server that reviews a request's token. An HPA has no deadline of its own, and five hanging
	// requests stop every HPA of a cluster.
	requestTimeout = 900 * time.Millisecond
	// shutdownTimeout is what an HTTP/2 client has to notice that the server goes; net/http gives it one second of that.
	shutdownTimeout = 3 * time.Second
)

// limitRequests ends every request in time, watches included: they are refused here, but not before their token was reviewed.
// Only profiles, which take as long as their reader asks, are left alone.
func limitRequests(c *genericapiserver.Config, limit time.Duration) {
	c.RequestTimeout = limit
	c.LongRunningFunc = func(_ *http.Request, info *request.RequestInfo) bool {
		return !info.IsResourceRequest && strings.HasPrefix(info.Path, "/debug/pprof/")
	}
}
