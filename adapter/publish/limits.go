package publish

import (
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
	genericapiserver "k8s.io/apiserver/pkg/server"
	genericfilters "k8s.io/apiserver/pkg/server/filters"
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
func limitRequests(c *genericapiserver.Config) {
	c.RequestTimeout = requestTimeout
	c.LongRunningFunc = genericfilters.BasicLongRunningRequestCheck(sets.String{}, sets.String{})
}
