package observe

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// World holds the Kubernetes objects that matter to one pool, all of its
// namespace but the nodes. Nothing in it is written: it may come from a cache.
type World struct {
	Pool *v1alpha1.ShadowPool // defaulted
	// Workload is the *appsv1.Deployment or *appsv1.ReplicaSet that the pool
	// names; Rollout is set in its place for Argo's. Both nil: it is gone.
	Deployment *appsv1.Deployment
	ReplicaSet *appsv1.ReplicaSet
	Rollout    *unstructured.Unstructured
	// ReplicaSets are those that the Deployment or Rollout controls, or the one
	// that the pool names.
	ReplicaSets []*appsv1.ReplicaSet
	// Pods are all of the namespace that one of ReplicaSets or the pool
	// controls, or that bear the pool's label.
	Pods []*corev1.Pod
	// Nodes are those that the pods run on, by name.
	Nodes map[string]*metav1.PartialObjectMetadata
	// NodesNotReady are the names of those that are not Ready.
	NodesNotReady map[string]bool

	// The objects of the namespace that select pods.
	Services              []*corev1.Service
	PodDisruptionBudgets  []*policyv1.PodDisruptionBudget
	NetworkPolicies       []*networkingv1.NetworkPolicy
	AuthorizationPolicies []*unstructured.Unstructured
	HPAs                  []*autoscalingv2.HorizontalPodAutoscaler
	ScaledObjects         []*unstructured.Unstructured
	Quotas                []*corev1.ResourceQuota
	// PVCs are the claims of the namespace; one that is absent is taken for one
	// that many pods may mount.
	PVCs []*corev1.PersistentVolumeClaim

	// TakenBy names the older pool that has the workload; empty if none has.
	TakenBy string
	// ResizesRefused are the resizes that the API server would not do; Resized is
	// when it last did one of a kind, zero if never.
	ResizesRefused map[Resize]ResizeRefusal
	Resized        map[shadow.Kind]time.Time

	// MetricsAlive says that the metrics role holds its lease, so that the
	// pool's status is as fresh as its conditions say.
	MetricsAlive bool
	// Paused says that the whole installation is paused.
	Paused bool
	// Caps bound the shadows of the installation and of the namespace; what is
	// used by other pools is taken off already. Negative: no cap.
	InstallationRoom, NamespaceRoom int32
	// KeepLabels are the label keys that are hidden last.
	KeepLabels []string
	// NoSidecar says that nobody named the image of the sidecar.
	NoSidecar bool
	// AllowDrift are fields, as Drift names them, in which admission may make
	// shadows other than live pods.
	AllowDrift []string
	Epoch      int64
	Leads      shadow.Leads
	// Progress is how warm the shadows are, by UID; one that is absent is as
	// warm as it has been Ready (ReadyProgress).
	Progress map[types.UID]shadow.Progress
	Now      time.Time
}

// Resize is a change of a pod's CPU: KindResize or KindUnboost. A server that
// refuses one may well do the other.
type Resize struct {
	UID  types.UID
	Kind shadow.Kind
}

// ResizeRefusal is what the API server said to a resize.
type ResizeRefusal struct {
	Message string
	// Final says that it would say so again.
	Final bool
	// Again is when it is asked again.
	Again time.Time
}
