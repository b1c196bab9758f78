package cli

import (
	"context"
	"errors"

	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

func (o *createOptions) policies(context.Context, ctrlclient.Client, *client.Client, client.Target) error {
	return errors.New("x")
}
