package actuate

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

// started is a minute after everything is warm.
var started = shadowtest.Start().Add(2 * time.Minute)

// stage is a pool with its workload on a server, and the World that was seen of
// it.
type stage struct {
	*recorder
	clock    *clocktesting.FakePassiveClock
	actuator *Actuator
	pool     *v1alpha1.ShadowPool
	rs       *appsv1.ReplicaSet
	dep      *appsv1.Deployment
	pods     []*corev1.Pod
	alter    func(*Config)
}

// newStage sets a stage up: a Deployment of 4 with as many live pods, raised to
// replicas, and so many warm shadows, all of them in the intent.
func newStage(t *testing.T, replicas int32, shadows int, alter ...func(*stage)) *stage {
	t.Helper()
	s := &stage{clock: clocktesting.NewFakePassiveClock(started), pool: shadowtest.Pool()}
	s.dep = shadowtest.Deployment(4)
	s.rs = shadowtest.ReplicaSet(s.dep)
	s.dep.Spec.Replicas, s.rs.Spec.Replicas = &replicas, &replicas
	for i := range 4 {
		s.pods = append(s.pods, shadowtest.Pod(s.rs, "live"+string(rune('a'+i))))
	}
	s.pool.Status.Epoch = 1
	s.pool.Status.Intent = &v1alpha1.Intent{ReplicaSetUID: s.rs.UID, Epoch: 7}
	for i := range shadows {
		p := shadowtest.Shadow(s.pool, s.rs, nth(i), v1alpha1.ShadowReady)
		s.pods = append(s.pods, p)
		s.pool.Status.Intent.PodUIDs = append(s.pool.Status.Intent.PodUIDs, p.UID)
	}
	for _, f := range alter {
		f(s)
	}
	objects := []client.Object{s.pool, s.dep, s.rs}
	for _, p := range s.pods {
		objects = append(objects, p)
	}
	s.recorder = newRecorder(objects...)
	cfg := Config{Server: s.recorder, Reader: s.recorder, Clock: s.clock, SidecarImage: sidecarImage}
	if s.alter != nil {
		s.alter(&cfg)
	}
	var err error
	s.actuator, err = New(cfg)
	require.NoError(t, err)
	return s
}

func nth(i int) string {
	return "s" + string(rune('a'+i/26%26)) + string(rune('a'+i%26)) + string(rune('0'+i/676))
}

// world is what the caches show: everything as it was at the beginning.
func (s *stage) world() *observe.World {
	return &observe.World{
		Pool: s.pool, Deployment: s.dep, ReplicaSets: []*appsv1.ReplicaSet{s.rs}, Pods: s.pods,
		Services: []*corev1.Service{
			{ObjectMeta: s.pods[0].ObjectMeta, Spec: corev1.ServiceSpec{Selector: map[string]string{shadowtest.AppLabel: shadowtest.Name}}},
		},
		InstallationRoom: -1, NamespaceRoom: -1, MetricsAlive: true, Epoch: 1, Now: s.clock.Now(),
	}
}

// fresh is what caches show that have caught up.
func (s *stage) fresh() *observe.World {
	w := s.world()
	w.Pool = find(s.recorder, s.pool)
	w.Pods = nil
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.objects {
		if p, ok := o.(*corev1.Pod); ok {
			w.Pods = append(w.Pods, p)
		}
	}
	return w
}

// shadow returns the n-th shadow as it was at the beginning.
func (s *stage) shadow(n int) *corev1.Pod { return s.pods[4+n] }

// act does actions, and fails the test if that is an error.
func (s *stage) act(t *testing.T, actions ...shadow.Action) Report {
	t.Helper()
	r, err := s.try(t, actions...)
	require.NoError(t, err)
	return r
}

// try does actions on what the caches show.
func (s *stage) try(t *testing.T, actions ...shadow.Action) (Report, error) {
	t.Helper()
	w := s.world()
	require.NoError(t, s.actuator.Refresh(t.Context(), w))
	in := observe.Observe(*w)
	d := shadow.Decision{Actions: actions, Status: w.Pool.Status, Terms: shadow.Terms{Desired: *s.rs.Spec.Replicas, Live: 4}}
	for _, a := range actions {
		if a.Kind == shadow.KindActivate {
			d.Terms.Grants++
		}
	}
	return s.actuator.Act(t.Context(), w, &in, &d)
}

// do returns an action on a pod of the stage.
func (s *stage) do(kind shadow.Kind, p *corev1.Pod) shadow.Action {
	return shadow.Action{Kind: kind, Pod: p.Name, UID: p.UID, ReplicaSetUID: s.rs.UID, Reason: "Test"}
}
