package model_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/model/rig"
)

// A server that restores no CPU request gets no more pods that would serve with
// that of a shadow: those that wait are exchanged, later raises are whole.
func TestResizesRefused(t *testing.T) {
	whole := func(p *corev1.Pod) bool { return p.Spec.Containers[0].Resources.Requests.Cpu().MilliValue() == 500 }
	resizePending := func(s *rig.Shop) string {
		if c := meta.FindStatusCondition(s.Pool().Status.Conditions, v1alpha1.ConditionResizePending); c != nil && c.Status == "True" {
			return c.Reason
		}
		return ""
	}
	story := rig.Scene{
		Name: "resizes are refused",
		Pool: func(p *v1alpha1.ShadowPool) { p.Spec.Idle.CPUPercent = new(int32(20)) },
		Happens: func(s *rig.Shop) {
			s.AdmitResize = func(*corev1.Pod) error { return errors.New("nothing is resized here") }
			s.Scale(5)
			s.RunFor(2 * time.Minute)
			require.Equal(t, 1, s.Summary().Shrunk)
			require.Equal(t, "ResizeRefused", resizePending(s))
			require.GreaterOrEqual(t, len(s.Shadows()), 3)
			for _, p := range s.Shadows() {
				require.True(t, whole(p), "shadow %s", p.Name)
			}
			s.Scale(7)
			s.RunFor(time.Minute)
			require.Equal(t, 1, s.Summary().Shrunk, "a later raise made more")

			s.AdmitResize = nil
			s.RunFor(10 * time.Minute)
			require.Zero(t, s.Summary().Shrunk, "the server resizes again")
			require.Empty(t, resizePending(s))
		},
	}
	synctest.Test(t, func(t *testing.T) {
		out, _ := story.Tell(synctest.Wait, rand.New(rand.NewPCG(1, 1)), rig.Tamper{}, nil)
		require.True(t, out.OK(), "%+v", out)
	})
}

// Where the API server takes no higher CPU limit back, shadows have that of the
// template from the start; where nodes do not, they wait and are not ready.
func TestBoostsThatStay(t *testing.T) {
	pool := func(p *v1alpha1.ShadowPool) { p.Spec.WarmUp.CPUBoost.LimitPercent = new(int32(400)) }
	limited := func(d *appsv1.Deployment) {
		d.Spec.Template.Spec.Containers[0].Resources.Limits[corev1.ResourceCPU] = resource.MustParse("600m")
	}
	limits := func(s *rig.Shop) (out []int64) {
		for _, p := range s.Shadows() {
			out = append(out, p.Spec.Containers[0].Resources.Limits.Cpu().MilliValue())
		}
		return out
	}
	resizePending := func(s *rig.Shop) string {
		if c := meta.FindStatusCondition(s.Pool().Status.Conditions, v1alpha1.ConditionResizePending); c != nil && c.Status == "True" {
			return c.Reason
		}
		return ""
	}
	for _, story := range []rig.Scene{
		{Name: "by the API server", Pool: pool, Deployment: limited, Happens: func(s *rig.Shop) {
			s.AdmitResize = func(*corev1.Pod) error { return errors.New("nothing is resized here") }
			for _, p := range s.Shadows() {
				_ = s.Evict(p)
			}
			s.RunFor(3 * time.Minute)
			require.Equal(t, "UnboostRefused", resizePending(s))
			require.Equal(t, []int64{600, 600, 600}, limits(s))
			require.Equal(t, 3, s.Summary().Warm)
			s.AdmitResize = nil
		}},
		{Name: "by the nodes", Pool: pool, Deployment: limited, Happens: func(s *rig.Shop) {
			s.HoldResizes(corev1.PodReasonDeferred)
			for _, p := range s.Shadows() {
				_ = s.Evict(p)
			}
			s.RunFor(2 * time.Minute)
			require.Equal(t, "ResizeDeferred", resizePending(s))
			require.Zero(t, s.Summary().Warm)
			s.HoldResizes("")
			s.RunFor(10 * time.Second)
			require.Empty(t, resizePending(s))
			require.Equal(t, []int64{600, 600, 600}, limits(s))
			require.Equal(t, 3, s.Summary().Warm)
		}},
	} {
		t.Run(story.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				out, _ := story.Tell(synctest.Wait, rand.New(rand.NewPCG(1, 1)), rig.Tamper{}, nil)
				require.True(t, out.OK(), "%+v", out)
			})
		})
	}
}
