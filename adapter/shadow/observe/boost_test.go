package observe_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// limited gives a container a CPU limit.
func limited(c *corev1.Container, cpu string) {
	c.Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}
}

func limit(cpu string) func(*corev1.Pod) {
	return func(p *corev1.Pod) { limited(&p.Spec.Containers[0], cpu) }
}

// running has the kubelet say what limit a container has.
func running(cpu string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].Resources = &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu)}}
	}
}

// The limit of a warm-up is gone when the kubelet says so, not when the spec does.
func TestObserveTheBoost(t *testing.T) {
	boosted := annotate(v1alpha1.BoostAnnotation, `{"web":{"limit":"500m"}}`)
	for name, tt := range map[string]struct {
		alter []func(*corev1.Pod)
		want  shadow.Boost
	}{
		"it has it":                           {[]func(*corev1.Pod){boosted, limit("2"), running("2")}, shadow.BoostOn},
		"it has it, whatever its node says":   {[]func(*corev1.Pod){boosted, limit("2"), running("500m")}, shadow.BoostOn},
		"its container still has it":          {[]func(*corev1.Pod){boosted, limit("500m"), running("2")}, shadow.BoostEnding},
		"its node says nothing":               {[]func(*corev1.Pod){boosted, limit("500m")}, shadow.BoostEnding},
		"it is over":                          {[]func(*corev1.Pod){boosted, limit("500m"), running("500m")}, shadow.BoostNone},
		"a limit that somebody else gave it":  {[]func(*corev1.Pod){limit("2"), running("2")}, shadow.BoostNone},
		"its ReplicaSet is gone with its own": {[]func(*corev1.Pod){boosted, limit("2"), annotate(v1alpha1.ReplicaSetAnnotation, "gone")}, shadow.BoostNone},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(1)
			limited(&s.rs.Spec.Template.Spec.Containers[0], "500m")
			pod := s.shadow("a", v1alpha1.ShadowWarming, tt.alter...)
			require.Equal(t, tt.want, observe.Observe(s.add(pod).World).Pods[0].Boost)
		})
	}
}

// A template that allows no higher limit is named, with what to do.
func TestObserveABoostThatIsIgnored(t *testing.T) {
	for name, tt := range map[string]struct {
		percent int32
		alter   func(*corev1.PodSpec)
		want    string
	}{
		"a limit":    {400, func(s *corev1.PodSpec) { limited(&s.Containers[0], "600m") }, ""},
		"no limit":   {400, func(*corev1.PodSpec) {}, observe.ReasonNoCPULimit},
		"none asked": {100, func(*corev1.PodSpec) {}, ""},
		"Guaranteed": {400, func(s *corev1.PodSpec) { s.Containers[0].Resources.Limits = s.Containers[0].Resources.Requests }, observe.ReasonGuaranteed},
		"resources of the pod": {400, func(s *corev1.PodSpec) {
			s.Resources = &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1")}}
		}, observe.ReasonPodResources},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScene(4)
			s.Pool.Spec.Mode = v1alpha1.ModeActive
			s.Pool.Spec.WarmUp.CPUBoost.LimitPercent = new(tt.percent)
			c := &s.rs.Spec.Template.Spec.Containers[0]
			c.Resources.Requests[corev1.ResourceMemory] = resource.MustParse("256Mi")
			tt.alter(&s.rs.Spec.Template.Spec)
			got := ""
			for _, w := range observe.Observe(s.World).Warnings {
				if w.Condition == v1alpha1.ConditionCPUBoostIgnored {
					got = w.Reason
					require.Contains(t, w.Message, "or remove spec.warmUp.cpuBoost")
				}
			}
			require.Equal(t, tt.want, got)
		})
	}
}

// A quota on limits has to hold the higher ones.
func TestObserveTheRoomForABoost(t *testing.T) {
	s := newScene(2)
	limited(&s.rs.Spec.Template.Spec.Containers[0], "500m")
	q := quota("team", "10", "2")
	q.Status.Hard = corev1.ResourceList{corev1.ResourceLimitsCPU: resource.MustParse("6")}
	q.Status.Used = corev1.ResourceList{corev1.ResourceLimitsCPU: resource.MustParse("2")}
	s.Quotas = append(s.Quotas, q)
	require.EqualValues(t, 8, observe.Observe(s.World).Room.Pods)
	s.Pool.Spec.WarmUp.CPUBoost.LimitPercent = new(int32(400))
	require.EqualValues(t, 2, observe.Observe(s.World).Room.Pods)
}
