//go:build e2e && linux

package node

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// limitCPU is the CPU limit of every workload's pods, boostedCPU that of a shadow
// that warms up with four times as much, in thousandths.
const limitCPU, boostedCPU = 500, 2000

// boostArm is a pool whose shadows warm up with or without a higher CPU limit.
type boostArm struct {
	name, spec string
	*workload
	ready, warm []time.Duration
}

// How long a Tomcat takes from being asked for to being Ready, and to being warm,
// as a shadow under its own CPU limit and with four times as much. Whichever it
// had, it is ready, and serves, with its own.
func TestBoostOfTomcat(t *testing.T) {
	shared.loadTomcat(t)
	require.NoError(t, shared.loadLayout(t.Context(), sidecarImage, os.Getenv(sidecarEnv)))
	repetitions := 3
	if testing.Short() {
		repetitions = 1
	}
	const warmUp = "appPort: 8080, requestsFrom: web-requests, timeout: 10m"
	arms := []*boostArm{
		{name: "none", spec: "  warmUp: {" + warmUp + "}"},
		{name: "fourfold", spec: "  warmUp: {" + warmUp + ", cpuBoost: {limitPercent: 400}}"},
	}
	shared.startController(t, "boost-none", "boost-fourfold")
	for _, a := range arms {
		a.workload = shared.deploy(t, tomcatKind(), "boost-"+a.name, 1, tableCPU)
		t.Cleanup(func() { a.remove(t) })
		a.awaitReady(t, 1)
	}
	for i := range repetitions {
		for _, a := range arms {
			a.makeOne(t, i+1)
		}
	}
	for _, a := range arms {
		a.tell(t, "ready", a.ready)
		a.tell(t, "warm", a.warm)
	}
	boosted := arms[1]
	waiting := boosted.owned(t, v1alpha1.Kind)
	before, err := boosted.endpoints(t.Context())
	require.NoError(t, err)
	boosted.scaleTo(t, 2)
	joined := boosted.awaitJoined(t, before)
	i := slices.IndexFunc(waiting, func(p corev1.Pod) bool { return p.Status.PodIP == joined })
	require.GreaterOrEqual(t, i, 0, "a cold pod joined first")
	var live corev1.Pod
	require.NoError(t, boosted.Client.Get(t.Context(), client.ObjectKeyFromObject(&waiting[i]), &live))
	specified, runs := limits(live)
	require.EqualValues(t, limitCPU, specified, "a pod serves with the limit of its warm-up")
	require.EqualValues(t, limitCPU, runs, "a pod serves with the limit of its warm-up")
}

// tell reports the median of what was measured.
func (a *boostArm) tell(t *testing.T, what string, list []time.Duration) {
	t.Helper()
	middle := quantile(0.5, list).Seconds()
	t.Logf("%s: a shadow was %s after %.1f s (%v)", a.name, what, middle, list)
	shared.report.Add("boost_tomcat_"+what+"_"+a.name, middle, "seconds")
}

// makeOne has the pool make its n-th shadow, and takes its times. The others are
// warm and idle.
func (a *boostArm) makeOne(t *testing.T, n int) {
	t.Helper()
	known := a.owned(t, v1alpha1.Kind)
	began := a.clock.Now()
	a.keepShadows(t, n, a.spec)
	var made corev1.Pod
	a.await(t, "a new shadow that is Ready", func(pods []corev1.Pod) bool {
		i := slices.IndexFunc(pods, func(p corev1.Pod) bool {
			return isOwnedBy(p, v1alpha1.Kind) && isReady(p) && !slices.ContainsFunc(known, func(k corev1.Pod) bool { return k.UID == p.UID })
		})
		if i >= 0 {
			made = pods[i]
		}
		return i >= 0
	})
	a.ready = append(a.ready, a.clock.Since(began))
	specified, _ := limits(made)
	want := int64(limitCPU)
	if a.name != "none" {
		want = boostedCPU
	}
	require.Equal(t, want, specified, "%s: the CPU limit of a shadow that has just become Ready", made.Name)

	var warm corev1.Pod
	a.await(t, made.Name+" to be warm", func(pods []corev1.Pod) bool {
		i := slices.IndexFunc(pods, func(p corev1.Pod) bool {
			return p.UID == made.UID && p.Labels[v1alpha1.StateLabel] == string(v1alpha1.ShadowReady)
		})
		if i >= 0 {
			warm = pods[i]
		}
		return i >= 0
	})
	a.warm = append(a.warm, a.clock.Since(began))
	specified, runs := limits(warm)
	require.EqualValues(t, limitCPU, specified, "%s is ready with another CPU limit than its template's", warm.Name)
	require.EqualValues(t, limitCPU, runs, "%s is ready and runs with another CPU limit than its template's", warm.Name)
	require.Zero(t, restarts(warm), "the resize restarted a container")
	a.awaitWarm(t, n)
	got := a.progress(t, warm)
	require.True(t, got.Done, "%s: %+v", warm.Name, got)
	t.Logf("%s: %s warm after %d requests, by %s", a.name, warm.Name, got.Requests, got.Reference)
}

// limits are the CPU limits of the app by the spec, and by the runtime, in
// thousandths; -1 where it says none.
func limits(p corev1.Pod) (specified, runs int64) {
	specified, runs = p.Spec.Containers[0].Resources.Limits.Cpu().MilliValue(), -1
	if s := p.Status.ContainerStatuses; len(s) > 0 && s[0].Resources != nil {
		runs = s[0].Resources.Limits.Cpu().MilliValue()
	}
	return specified, runs
}
