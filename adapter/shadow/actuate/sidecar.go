package actuate

import (
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

const (
	// ReceivePort is where a sidecar takes what taps mirror.
	ReceivePort = 9798
	// sidecarFolder is where its files are.
	sidecarFolder = "/etc/foreshadow"
	// tokenFolder is where admission mounts the token of the service account into
	// every container that has nothing there: the sidecar needs none.
	tokenFolder = "/var/run/secrets/kubernetes.io/serviceaccount" //nolint:gosec // it is a path, and keeps a token out
	// requestsKey is that of the ConfigMap with the list.
	requestsKey = "requests.yaml"
	// ahead is by how much the sidecar gives up before the pool does, so that
	// nothing is on its way when the shadow counts as warm.
	ahead = 10 * time.Second
	// nobody is who runs it.
	nobody = 65532
)

// addSidecar puts the sidecar behind the init containers of a new shadow where
// the pool wants one: in the pod's class of service, as a user that may nothing,
// without a token.
func addSidecar(spec *corev1.PodSpec, pool *v1alpha1.ShadowPool, image string) error {
	warm := &pool.Spec.WarmUp
	if warm.AppPort == nil || image == "" {
		return nil
	}
	timeout, err := warm.Timeout.Parse()
	if err != nil {
		return fmt.Errorf("read warmUp.timeout of pool %s: %w", pool.Name, err)
	}
	args := []string{
		"--app.url=http://127.0.0.1:" + strconv.Itoa(int(*warm.AppPort)),
		"--web.listen-address=:" + strconv.Itoa(observe.SidecarPort),
		"--receive.listen-address=:" + strconv.Itoa(ReceivePort),
		"--state.file=" + sidecarFolder + "/state",
		"--profile.file=" + sidecarFolder + "/profile",
		"--warmup.timeout=" + (timeout - ahead).String(),
	}
	if warm.RequestsFrom != "" {
		args = append(args, "--requests.file="+sidecarFolder+"/"+requestsKey)
	}
	spec.InitContainers = append(spec.InitContainers, corev1.Container{
		Name: observe.SidecarName, Image: image, Args: args, RestartPolicy: new(corev1.ContainerRestartPolicyAlways),
		Resources: sidecarResources(spec),
		VolumeMounts: []corev1.VolumeMount{
			{Name: observe.SidecarName, MountPath: sidecarFolder, ReadOnly: true},
			{Name: observe.SidecarName, MountPath: tokenFolder, ReadOnly: true},
		},
		SecurityContext: &corev1.SecurityContext{
			RunAsNonRoot: new(true), RunAsUser: new(int64(nobody)), RunAsGroup: new(int64(nobody)), AllowPrivilegeEscalation: new(false),
			ReadOnlyRootFilesystem: new(true), Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
	})
	spec.Volumes = append(spec.Volumes, sidecarVolume(warm.RequestsFrom))
	return nil
}

// sidecarVolume has the label and the annotation that the sidecar goes by, and
// the list. The pod starts without the ConfigMap, too.
func sidecarVolume(requests string) corev1.Volume {
	field := func(path, key string) corev1.DownwardAPIVolumeFile {
		return corev1.DownwardAPIVolumeFile{Path: path, FieldRef: &corev1.ObjectFieldSelector{FieldPath: key}}
	}
	projected := &corev1.ProjectedVolumeSource{Sources: []corev1.VolumeProjection{{DownwardAPI: &corev1.DownwardAPIProjection{
		Items: []corev1.DownwardAPIVolumeFile{
			field("state", "metadata.labels['"+v1alpha1.StateLabel+"']"),
			field("profile", "metadata.annotations['"+v1alpha1.ProfileAnnotation+"']"),
		},
	}}}}
	if requests != "" {
		projected.Sources = append(projected.Sources, corev1.VolumeProjection{ConfigMap: &corev1.ConfigMapProjection{
			LocalObjectReference: corev1.LocalObjectReference{Name: requests}, Optional: new(true),
			Items: []corev1.KeyToPath{{Key: requestsKey, Path: requestsKey}},
		}})
	}
	return corev1.Volume{Name: observe.SidecarName, VolumeSource: corev1.VolumeSource{Projected: projected}}
}

// sidecarResources keep the pod in its class of service. Limits let a quota of
// limits admit it; where no container has any request or limit, neither has it.
func sidecarResources(spec *corev1.PodSpec) corev1.ResourceRequirements {
	list := func(cpu, memory string) corev1.ResourceList {
		return corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)}
	}
	switch {
	case spec.Resources == nil && isBestEffort(spec):
		return corev1.ResourceRequirements{}
	case spec.Resources == nil && observe.IsGuaranteed(spec):
		return corev1.ResourceRequirements{Requests: list("50m", "64Mi"), Limits: list("50m", "64Mi")}
	}
	return corev1.ResourceRequirements{Requests: list("5m", "24Mi"), Limits: list("200m", "64Mi")}
}

// isBestEffort says that no container asks for CPU or memory.
func isBestEffort(spec *corev1.PodSpec) bool {
	for _, list := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range list {
			r := &list[i].Resources
			for _, of := range []corev1.ResourceList{r.Requests, r.Limits} {
				if !of.Cpu().IsZero() || !of.Memory().IsZero() {
					return false
				}
			}
		}
	}
	return true
}
