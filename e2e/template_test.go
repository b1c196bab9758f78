//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const firstImage = "foreshadow.test/web:1"

// change writes the Deployment.
func (s *shop) change(t *testing.T, change func(*appsv1.Deployment)) {
	t.Helper()
	d := &appsv1.Deployment{}
	require.NoError(t, s.workload.Client.Get(t.Context(), client.ObjectKey{Namespace: s.namespace, Name: "web"}, d))
	base := d.DeepCopy()
	change(d)
	require.NoError(t, s.workload.Client.Patch(t.Context(), d, client.MergeFrom(base)))
}

func (s *shop) setImage(t *testing.T, image string) {
	t.Helper()
	s.change(t, func(d *appsv1.Deployment) { d.Spec.Template.Spec.Containers[0].Image = image })
}

// allRun waits until live pods and shadows run an image.
func (s *shop) allRun(t *testing.T, image string, live, shadows int) {
	t.Helper()
	require.NoError(t, process.Until(t.Context(), time.Minute, "all pods to run "+image, func(context.Context) (string, bool) {
		for _, p := range s.pods(t) {
			if got := p.Spec.Containers[0].Image; got != image {
				return p.Name + " runs " + got, false
			}
		}
		l, n := len(s.live(t)), len(s.shadows(t))
		return fmt.Sprintf("%d live, %d shadows", l, n), l == live && n == shadows
	}))
}

// rolledBack raises, changes the template and takes that back, all within a
// second: the ReplicaSet of before is the one to join again.
func rolledBack(t *testing.T) {
	s := openShop(t, "rollback", 4, 3, "")
	replicas := 4
	for _, after := range []time.Duration{0, 500 * time.Millisecond} {
		s.scaleTo(t, replicas+2)
		s.setImage(t, shopImage)
		s.pass(t, after)
		s.setImage(t, firstImage)
		s.scaleTo(t, replicas+3)
		replicas += 3
		s.awaitSettled(t, replicas)
		s.awaitWarm(t, 3)
		s.allRun(t, firstImage, replicas, 3)
	}
	s.rec.judge(t)
}

// raisedAmidRollout raises while two ReplicaSets have pods, one more than their
// number: no shadow joins either of them.
func raisedAmidRollout(t *testing.T) {
	s := opening{namespace: "surge", replicas: 8, shadows: 3, cold: 2 * time.Second}.open(t)
	old := s.shadows(t)
	s.setImage(t, shopImage)
	require.NoError(t, process.Until(t.Context(), time.Minute, "two ReplicaSets with pods", func(ctx context.Context) (string, bool) {
		var list appsv1.ReplicaSetList
		require.NoError(t, s.workload.Client.List(ctx, &list, client.InNamespace(s.namespace)))
		with := 0
		for _, rs := range list.Items {
			if rs.Status.Replicas > 0 {
				with++
			}
		}
		return fmt.Sprintf("%d have pods", with), with == 2
	}))
	s.scaleTo(t, 12)
	s.awaitSettled(t, 12)
	s.awaitWarm(t, 3)
	s.allRun(t, shopImage, 12, 3)
	require.Empty(t, s.rec.servedAt(old), "a shadow of the old template went live")
	s.scaleTo(t, 14)
	s.awaitSettled(t, 14)
	s.rec.judge(t)
}

// pausedAndEdited raises a paused Deployment whose template has been edited: the
// raise is of the old template, and so are the shadows that serve it.
func pausedAndEdited(t *testing.T) {
	s := openShop(t, "edited", 4, 3, "")
	shadows := s.shadows(t)
	s.change(t, func(d *appsv1.Deployment) { d.Spec.Paused = true })
	s.setImage(t, shopImage)
	s.scaleTo(t, 7)
	s.awaitSettled(t, 7)
	require.Len(t, s.rec.servedAt(shadows), 3, "the raise of a paused Deployment did not take its shadows")
	for _, p := range s.pods(t) {
		require.Equal(t, firstImage, p.Spec.Containers[0].Image, "pod %s is of a template that is not rolled out", p.Name)
	}
	s.change(t, func(d *appsv1.Deployment) { d.Spec.Paused = false })
	s.awaitWarm(t, 3)
	s.awaitSettled(t, 7)
	s.allRun(t, shopImage, 7, 3)
	s.rec.judge(t)
}
