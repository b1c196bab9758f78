package actuate

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// A pool that names the app's port gets shadows with a sidecar, which is no drift.
func TestNewPodWithASidecar(t *testing.T) {
	s, p := newShadow(t, func(s *stage) {
		s.pool.Spec.WarmUp.AppPort, s.pool.Spec.WarmUp.RequestsFrom = new(int32(8080)), "web-requests"
		s.rs.Spec.Template.Spec.InitContainers = []corev1.Container{{Name: "migrate", Image: "shop/migrate"}}
	})
	require.Len(t, p.Spec.InitContainers, 2)
	c := p.Spec.InitContainers[1]
	require.Equal(t, observe.SidecarName, c.Name)
	require.Equal(t, sidecarImage, c.Image)
	require.Equal(t, corev1.ContainerRestartPolicyAlways, *c.RestartPolicy)
	require.Equal(t, []string{
		"--app.url=http://127.0.0.1:8080", "--web.listen-address=:9797", "--receive.listen-address=:9798", "--state.file=/etc/foreshadow/state",
		"--profile.file=/etc/foreshadow/profile", "--warmup.timeout=4m50s", "--requests.file=/etc/foreshadow/requests.yaml",
	}, c.Args)
	require.True(t, *c.SecurityContext.RunAsNonRoot)
	require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem)
	require.Equal(t, tokenFolder, c.VolumeMounts[1].MountPath, "there is no place for a token")
	v := p.Spec.Volumes[len(p.Spec.Volumes)-1]
	require.Equal(t, "metadata.labels['foreshadow.dev/state']", v.Projected.Sources[0].DownwardAPI.Items[0].FieldRef.FieldPath)
	require.Equal(t, "web-requests", v.Projected.Sources[1].ConfigMap.Name)
	require.True(t, *v.Projected.Sources[1].ConfigMap.Optional, "a ConfigMap that is not there stops no pod")

	live := &corev1.Pod{Spec: *s.rs.Spec.Template.Spec.DeepCopy()}
	live.Name = "web-live"
	require.Empty(t, observe.Drift(p, live, observe.SidecarName))
}

func TestNewPodWithoutASidecar(t *testing.T) {
	_, p := newShadow(t, func(*stage) {})
	require.Empty(t, p.Spec.InitContainers)
}

// The sidecar changes no pod's class of service.
func TestSidecarKeepsTheClassOfService(t *testing.T) {
	list := func(cpu, memory string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
	}
	for name, tt := range map[string]struct {
		app                            corev1.ResourceRequirements
		wantRequest, wantLimit         string
		wantGuaranteed, wantBestEffort bool
	}{
		"BestEffort":                 {wantRequest: "0", wantLimit: "0", wantBestEffort: true},
		"Burstable":                  {app: corev1.ResourceRequirements{Requests: list("100m", "64Mi")}, wantRequest: "5m", wantLimit: "200m"},
		"Guaranteed":                 {app: corev1.ResourceRequirements{Requests: list("1", "1Gi"), Limits: list("1", "1Gi")}, wantRequest: "50m", wantLimit: "50m", wantGuaranteed: true},
		"Guaranteed by limits alone": {app: corev1.ResourceRequirements{Limits: list("1", "1Gi")}, wantRequest: "50m", wantLimit: "50m", wantGuaranteed: true},
	} {
		t.Run(name, func(t *testing.T) {
			spec := &corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Resources: tt.app}}}
			r := sidecarResources(spec)
			require.Equal(t, tt.wantRequest, r.Requests.Cpu().String())
			require.Equal(t, tt.wantLimit, r.Limits.Cpu().String())
			spec.InitContainers = []corev1.Container{{Name: observe.SidecarName, Resources: r}}
			require.Equal(t, tt.wantGuaranteed, observe.IsGuaranteed(spec))
			require.Equal(t, tt.wantBestEffort, isBestEffort(spec))
		})
	}
}
