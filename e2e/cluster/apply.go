package cluster

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const (
	fieldManager = "foreshadow-e2e"
	// kindTimeout is how long a kind whose CRD was just applied may stay unknown.
	kindTimeout = 20 * time.Second
)

// Apply applies every document of a YAML stream, as kubectl apply --server-side
// does. A kind that is not known yet is waited for.
func (c *Cluster) Apply(ctx context.Context, manifests string) error {
	reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewBufferString(manifests)))
	for {
		doc, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read manifests: %w", err)
		}
		var obj unstructured.Unstructured
		if err := yaml.Unmarshal(doc, &obj.Object); err != nil {
			return fmt.Errorf("parse manifest: %w", err)
		}
		if len(obj.Object) == 0 {
			continue
		}
		if err := c.applyOne(ctx, &obj); err != nil {
			return fmt.Errorf("apply %s %s: %w", obj.GetKind(), client.ObjectKeyFromObject(&obj), err)
		}
	}
}

func (c *Cluster) applyOne(ctx context.Context, obj *unstructured.Unstructured) error {
	var applyErr error
	err := process.Until(ctx, kindTimeout, "the kind to be known", func(ctx context.Context) (string, bool) {
		applyErr = c.Client.Apply(ctx, client.ApplyConfigurationFromUnstructured(obj.DeepCopy()),
			client.FieldOwner(fieldManager), client.ForceOwnership)
		// A kind that comes back is known to the client before it is served.
		if !meta.IsNoMatchError(applyErr) && !apierrors.IsNotFound(applyErr) {
			return "", true
		}
		return applyErr.Error(), false
	})
	return errors.Join(applyErr, err)
}
