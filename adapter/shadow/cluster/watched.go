package cluster

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
)

// counted counts the writes of a server.
type counted struct {
	actuate.Server
	metrics *metrics
}

// Do does a write and counts it.
func (c counted) Do(ctx context.Context, w actuate.Write) (client.Object, error) {
	o, err := c.Server.Do(ctx, w)
	c.metrics.writes.WithLabelValues(kindOf(w), string(resultOf(err))).Inc()
	return o, err
}

// kindOf names what a write is for.
func kindOf(w actuate.Write) string {
	switch {
	case w.Kind != "":
		return string(w.Kind)
	case w.Subresource == "status":
		return "Status"
	}
	return "Service"
}

func resultOf(err error) actuate.Result {
	switch {
	case err == nil:
		return actuate.ResultDone
	case apierrors.IsConflict(err):
		return actuate.ResultConflict
	case apierrors.IsNotFound(err):
		return actuate.ResultGone
	case apierrors.IsAlreadyExists(err):
		return actuate.ResultAlready
	}
	return actuate.ResultFailed
}
