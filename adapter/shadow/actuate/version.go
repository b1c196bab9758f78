package actuate

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// older says that one version of an object came before another. Where a server
// counts in a way that we do not know, no version is old.
func older(a, b string) bool {
	n, err := resourceversion.CompareResourceVersion(a, b)
	return err == nil && n < 0
}

// newer says that a is a later version of an object than b.
func newer(a, b metav1.Object) bool { return older(b.GetResourceVersion(), a.GetResourceVersion()) }

// readPod reads a pod as it is now; nil if it is gone.
func readPod(ctx context.Context, r Reader, p *corev1.Pod) (*corev1.Pod, error) {
	limited, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	live := &corev1.Pod{}
	err := r.Get(limited, client.ObjectKeyFromObject(p), live)
	switch {
	case apierrors.IsNotFound(err), err == nil && live.UID != p.UID:
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read pod %s/%s: %w", p.Namespace, p.Name, err)
	}
	return live, nil
}
