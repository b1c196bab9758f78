package observe_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/shadowtest"
)

func TestDrift(t *testing.T) {
	type pod = *corev1.Pod
	ours := matching(v1alpha1.PoolLabel, "web")
	token := func(name string) func(pod) {
		return func(p pod) {
			p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: name, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{}}})
			p.Spec.Containers[0].VolumeMounts = append(p.Spec.Containers[0].VolumeMounts, corev1.VolumeMount{Name: name, MountPath: "/var/run/secrets/kubernetes.io/serviceaccount"})
		}
	}
	spread := func(key string, s *metav1.LabelSelector, copied ...string) func(pod) {
		return func(p pod) {
			p.Spec.TopologySpreadConstraints = append(p.Spec.TopologySpreadConstraints, corev1.TopologySpreadConstraint{TopologyKey: key, LabelSelector: s, MatchLabelKeys: copied})
		}
	}
	env := func(name, value string) func(pod) {
		return func(p pod) {
			p.Spec.Containers[0].Env = append(p.Spec.Containers[0].Env, corev1.EnvVar{Name: name, Value: value})
		}
	}
	sidecar := func(name string) func(pod) {
		return func(p pod) {
			p.Spec.InitContainers = append(p.Spec.InitContainers, corev1.Container{Name: name, Image: "example.org/" + name})
			p.Spec.Volumes = append(p.Spec.Volumes, corev1.Volume{Name: name})
		}
	}
	apart := func(s *metav1.LabelSelector) func(pod) {
		return func(p pod) {
			p.Spec.Affinity = &corev1.Affinity{PodAntiAffinity: &corev1.PodAntiAffinity{
				RequiredDuringSchedulingIgnoredDuringExecution:  []corev1.PodAffinityTerm{{TopologyKey: "zone", LabelSelector: s}},
				PreferredDuringSchedulingIgnoredDuringExecution: []corev1.WeightedPodAffinityTerm{{Weight: 1, PodAffinityTerm: corev1.PodAffinityTerm{LabelSelector: s}}},
			}}
		}
	}
	tests := []struct {
		name    string
		shadow  []func(pod)
		live    []func(pod)
		allowed []string
		want    string
	}{
		{"of one template, nothing differs", nil, nil, nil, ""},
		{"they run on different nodes", []func(pod){shadowtest.On("node-b")}, nil, nil, ""},
		{"the volumes of their tokens have different names", []func(pod){token("kube-api-access-x2k7p")}, []func(pod){token("kube-api-access-bq9zz")}, nil, ""},
		{"only one has a token", nil, []func(pod){token("kube-api-access-bq9zz")}, nil, "spec.volumes[kube-api-access-]"},
		{"our spread term", []func(pod){spread("zone", ours)}, nil, nil, ""},
		{"our spread term beside the template's", []func(pod){spread("zone", matching("app", "web")), spread("zone", ours)}, []func(pod){spread("zone", matching("app", "web"))}, nil, ""},
		{"another spread term", []func(pod){spread("zone", matching("app", "web"))}, nil, nil, "spec.topologySpreadConstraints[0]"},
		{"a spread term that only live pods have", nil, []func(pod){spread("zone", matching("app", "web"))}, nil, "spec.topologySpreadConstraints[0]"},
		{
			"what the API server copies into a spread term",
			[]func(pod){spread("zone", matching("app", "web"), "pod-template-hash")},
			[]func(pod){spread("zone", expression(matching("app", "web"), "pod-template-hash", "In", "6d4"), "pod-template-hash")},
			nil, "",
		},
		{
			"what it does not copy",
			[]func(pod){spread("zone", matching("app", "web"), "pod-template-hash")},
			[]func(pod){spread("zone", expression(matching("app", "web"), "tier", "In", "front"), "pod-template-hash")},
			nil,
			"spec.topologySpreadConstraints[0].labelSelector.matchExpressions[0]",
		},
		{"our anti-affinity where there is no other", []func(pod){apart(ours)}, nil, nil, ""},
		{
			"anti-affinity that admission added",
			[]func(pod){apart(matching("app", "web"))},
			nil, nil,
			"spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]",
		},
		{
			"anti-affinity that it added to live pods", nil,
			[]func(pod){apart(matching("app", "web"))},
			nil,
			"spec.affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution[0]",
		},
		{"an idle request", []func(pod){annotate(v1alpha1.IdleAnnotation, "{}"), cpu("50m")}, nil, nil, ""},
		{"a limit that was boosted", []func(pod){annotate(v1alpha1.BoostAnnotation, "{}"), limit("2")}, []func(pod){limit("500m")}, nil, ""},
		{"a request is never boosted", []func(pod){annotate(v1alpha1.BoostAnnotation, "{}"), cpu("50m")}, nil, nil, "spec.containers[web].resources.requests.cpu"},
		{"a limit that admission raised", []func(pod){limit("2")}, []func(pod){limit("500m")}, nil, "spec.containers[web].resources.limits.cpu"},
		{"a request that admission lowered", []func(pod){cpu("50m")}, nil, nil, "spec.containers[web].resources.requests.cpu"},
		{"the same amount in other words", []func(pod){cpu("0.5")}, nil, nil, ""},
		{"memory is never idle", []func(pod){annotate(v1alpha1.IdleAnnotation, "{}"), func(p pod) {
			p.Spec.Containers[0].Resources.Requests["memory"] = resource.MustParse("1Gi")
		}}, nil, nil, "spec.containers[web].resources.requests.memory"},
		{"our sidecar and its volume", []func(pod){sidecar("ours")}, nil, []string{"ours"}, ""},
		{"a sidecar that admission gave the live pods", nil, []func(pod){sidecar("proxy")}, []string{"ours"}, "spec.volumes[proxy]"},
		{"a sidecar that admission gave the shadow", []func(pod){sidecar("proxy")}, nil, nil, "spec.volumes[proxy]"},
		{"sidecars in another order", []func(pod){sidecar("a"), sidecar("b")}, []func(pod){sidecar("b"), sidecar("a")}, nil, ""},
		{"another image", []func(pod){func(p pod) { p.Spec.Containers[0].Image = "mirror.example.org/web:1" }}, nil, nil, "spec.containers[web].image"},
		{"another value in the environment", []func(pod){env("MODE", "a")}, []func(pod){env("MODE", "b")}, nil, "spec.containers[web].env[MODE].value"},
		{"the environment in another order", []func(pod){env("A", "1"), env("B", "2")}, []func(pod){env("B", "2"), env("A", "1")}, nil, ""},
		{"a value with the name of the pod", []func(pod){func(p pod) { env("SELF", "shop/"+p.Name)(p) }}, []func(pod){func(p pod) { env("SELF", "shop/"+p.Name)(p) }}, nil, ""},
		{"a field that may differ", []func(pod){env("OWNER", "pool")}, []func(pod){env("OWNER", "deployment")}, []string{"spec.containers[web].env[OWNER].value"}, ""},
		{
			"a field that may differ, and one that may not",
			[]func(pod){env("OWNER", "pool"), env("Z", "1")},
			[]func(pod){env("OWNER", "deployment"), env("Z", "2")},
			[]string{"spec.containers[web].env[OWNER].value"},
			"spec.containers[web].env[Z].value",
		},
		{"an item that may be missing", nil, []func(pod){env("OWNER", "deployment")}, []string{"spec.containers[web].env[OWNER]"}, ""},
		{"a toleration more", nil, []func(pod){func(p pod) { p.Spec.Tolerations = []corev1.Toleration{{Key: "spot"}} }}, nil, "spec.tolerations[0]"},
		{"another service account", []func(pod){func(p pod) { p.Spec.ServiceAccountName = "other" }}, nil, nil, "spec.serviceAccountName"},
		{"a selector of nodes", nil, []func(pod){func(p pod) { p.Spec.NodeSelector = map[string]string{"disk": "", "zone": "a"} }}, nil, "spec.nodeSelector[disk]"},
		{"a field that only one has", []func(pod){func(p pod) { p.Spec.SecurityContext = &corev1.PodSecurityContext{} }}, nil, nil, "spec.securityContext"},
		{
			"a number",
			[]func(pod){func(p pod) { p.Spec.TerminationGracePeriodSeconds = new(int64(5)) }},
			[]func(pod){func(p pod) { p.Spec.TerminationGracePeriodSeconds = new(int64(6)) }},
			nil, "spec.terminationGracePeriodSeconds",
		},
		{"an empty list is none", []func(pod){func(p pod) { p.Spec.Tolerations = []corev1.Toleration{} }}, nil, nil, ""},
		{"somebody debugs the live pod", nil, []func(pod){func(p pod) {
			p.Spec.EphemeralContainers = []corev1.EphemeralContainer{{}}
		}}, nil, ""},
		{"a gate of the scheduler is still closed", []func(pod){func(p pod) { p.Spec.SchedulingGates = []corev1.PodSchedulingGate{{Name: "quota"}} }}, nil, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(1)
			shadow, live := s.shadow("s", v1alpha1.ShadowReady), shadowtest.Pod(s.rs, "a")
			for _, f := range tt.shadow {
				f(shadow)
			}
			for _, f := range tt.live {
				f(live)
			}
			require.Equal(t, tt.want, observe.Drift(shadow, live, tt.allowed...))
		})
	}
}

// Whatever admission changes, one field at a time, Drift sees it, and it sees
// nothing between equals.
func TestDriftSeesEveryField(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newScene(1)
		shadow, live := s.shadow("s", v1alpha1.ShadowReady), shadowtest.Pod(s.rs, "a")
		c := &shadow.Spec.Containers[0]
		changes := map[string]func(){
			"spec.containers[web].command[0]":                func() { c.Command = []string{"sh"} },
			"spec.containers[web].image":                     func() { c.Image += "-fips" },
			"spec.containers[web].imagePullPolicy":           func() { c.ImagePullPolicy = corev1.PullAlways },
			"spec.containers[web].ports[0].hostPort":         func() { c.Ports[0].HostPort = 80 },
			"spec.containers[web].resources.limits.cpu":      func() { c.Resources.Limits[corev1.ResourceCPU] = resource.MustParse("1") },
			"spec.containers[web].resources.requests.memory": func() { delete(c.Resources.Requests, corev1.ResourceMemory) },
			"spec.containers[web].securityContext":           func() { c.SecurityContext = &corev1.SecurityContext{} },
			"spec.containers[web].volumeMounts[/cache]":      func() { c.VolumeMounts = []corev1.VolumeMount{{MountPath: "/cache"}} },
			"spec.dnsPolicy":                                 func() { shadow.Spec.DNSPolicy = corev1.DNSNone },
			"spec.hostNetwork":                               func() { shadow.Spec.HostNetwork = true },
			"spec.imagePullSecrets[0]":                       func() { shadow.Spec.ImagePullSecrets = []corev1.LocalObjectReference{{Name: "x"}} },
			"spec.initContainers[setup]":                     func() { shadow.Spec.InitContainers = []corev1.Container{{Name: "setup"}} },
			"spec.priority":                                  func() { shadow.Spec.Priority = new(int32(1)) },
			"spec.runtimeClassName":                          func() { shadow.Spec.RuntimeClassName = new("gvisor") },
			"spec.overhead.cpu":                              func() { shadow.Spec.Overhead = corev1.ResourceList{"cpu": resource.MustParse("1")} },
			"spec.nodeSelector[disk]":                        func() { shadow.Spec.NodeSelector = map[string]string{"disk": "ssd"} },
			"spec.readinessGates[0]":                         func() { shadow.Spec.ReadinessGates = []corev1.PodReadinessGate{{ConditionType: "lb"}} },
		}
		require.Empty(t, observe.Drift(shadow, live))
		path := rapid.SampledFrom(sortedKeys(changes)).Draw(t, "field")
		changes[path]()
		require.Equal(t, path, observe.Drift(shadow, live))
		require.Empty(t, observe.Drift(shadow, live, path), "it is allowed")
	})
}

func TestObserveDrift(t *testing.T) {
	other := func(p *corev1.Pod) { p.Spec.Containers[0].Image = "mirror.example.org/web:1" }
	made := func(at time.Duration) func(*corev1.Pod) {
		return func(p *corev1.Pod) { p.CreationTimestamp = metav1.NewTime(after(at)) }
	}
	tests := []struct {
		name string
		live func(s *scene) []*corev1.Pod
		want string
	}{
		{"it is as the live pods are", func(s *scene) []*corev1.Pod { return []*corev1.Pod{shadowtest.Pod(s.rs, "a")} }, ""},
		{"it is not", func(s *scene) []*corev1.Pod { return []*corev1.Pod{shadowtest.Pod(s.rs, "a", other)} }, "spec.containers[web].image"},
		{"what admission does today counts", func(s *scene) []*corev1.Pod {
			return []*corev1.Pod{shadowtest.Pod(s.rs, "a", other), shadowtest.Pod(s.rs, "b", made(time.Minute)), shadowtest.Pod(s.rs, "c", other)}
		}, ""},
		{"a pod that was a shadow says nothing of live pods", func(s *scene) []*corev1.Pod {
			return []*corev1.Pod{shadowtest.Activated(s.Pool, s.rs, "a", after(time.Minute), other)}
		}, ""},
		{"a pod that has ended may be of another time", func(s *scene) []*corev1.Pod {
			return []*corev1.Pod{shadowtest.Pod(s.rs, "a", other, failed(""), made(time.Minute)), shadowtest.Pod(s.rs, "b")}
		}, ""},
		{"without live pods nothing can be said", func(*scene) []*corev1.Pod { return nil }, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := newScene(1)
			s.add(s.shadow("s", v1alpha1.ShadowReady))
			s.add(tt.live(s)...)
			require.Equal(t, tt.want, observe.Observe(s.World).Pods[0].Drift)
		})
	}
}
