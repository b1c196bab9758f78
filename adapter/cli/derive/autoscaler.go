package derive

import (
	"context"
	"fmt"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// kedaLabel is on an HPA that KEDA made, with the name of the ScaledObject.
const kedaLabel = "scaledobject.keda.sh/name"

// HPAKind is the kind of a HorizontalPodAutoscaler.
func HPAKind() schema.GroupVersionKind {
	return autoscalingv2.SchemeGroupVersion.WithKind("HorizontalPodAutoscaler")
}

// ScaledObjectKind is the kind of KEDA's ScaledObject.
func ScaledObjectKind() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: "keda.sh", Version: "v1alpha1", Kind: "ScaledObject"}
}

// Autoscaler is a HorizontalPodAutoscaler or a ScaledObject.
type Autoscaler struct {
	kind, namespace, name string
	workload              v1alpha1.ScaleTargetRef
	signals               func(t *template) []signal
	// additions returns what it should have besides.
	additions func(pool *v1alpha1.ShadowPool, reactive bool) map[string]any
	// edit is the resource as kubectl edit takes it.
	edit string
}

// String names the autoscaler.
func (a *Autoscaler) String() string { return a.kind + " " + a.namespace + "/" + a.name }

// Find reads the autoscaler of a name: an HPA, or the ScaledObject of that name,
// or the one that made the HPA. "hpa/NAME" and "scaledobject/NAME" ask for one
// of them alone.
func Find(ctx context.Context, kube ctrlclient.Reader, namespace, arg string) (*Autoscaler, error) {
	kind, name, found := strings.Cut(arg, "/")
	if !found {
		kind, name = "", arg
	}
	key := types.NamespacedName{Namespace: namespace, Name: name}
	switch strings.ToLower(kind) {
	case "", "hpa", "horizontalpodautoscaler", "horizontalpodautoscalers":
	case "so", "scaledobject", "scaledobjects":
		return findScaledObject(ctx, kube, key)
	default:
		return nil, fmt.Errorf("--from-hpa: %q: write NAME, hpa/NAME or scaledobject/NAME", arg)
	}
	var hpa autoscalingv2.HorizontalPodAutoscaler
	err := kube.Get(ctx, key, &hpa)
	switch {
	case err == nil && hpa.Labels[kedaLabel] != "":
		key.Name = hpa.Labels[kedaLabel]
		return findScaledObject(ctx, kube, key)
	case err == nil:
		return fromHPA(&hpa), nil
	case !apierrors.IsNotFound(err) || kind != "":
		return nil, fmt.Errorf("get HorizontalPodAutoscaler %s: %w", key, err)
	}
	so, err := findScaledObject(ctx, kube, key)
	if apierrors.IsNotFound(err) {
		return nil, fmt.Errorf("--from-hpa: namespace %s has neither a HorizontalPodAutoscaler nor a ScaledObject %s", namespace, name)
	}
	return so, err
}

func findScaledObject(ctx context.Context, kube ctrlclient.Reader, key types.NamespacedName) (*Autoscaler, error) {
	var u unstructured.Unstructured
	u.SetGroupVersionKind(ScaledObjectKind())
	if err := kube.Get(ctx, key, &u); err != nil {
		return nil, fmt.Errorf("get ScaledObject %s: %w", key, err)
	}
	return fromScaledObject(&u)
}

// template is what the load is derived from beside the autoscaler.
type template struct {
	namespace string
	workload  v1alpha1.ScaleTargetRef
	pod       corev1.PodSpec
}

// templateOf reads the template of a workload's pods.
func templateOf(ctx context.Context, kube ctrlclient.Reader, namespace string, ref v1alpha1.ScaleTargetRef) (*template, error) {
	var u unstructured.Unstructured
	u.SetGroupVersionKind(schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind))
	if err := kube.Get(ctx, types.NamespacedName{Namespace: namespace, Name: ref.Name}, &u); err != nil {
		return nil, fmt.Errorf("get %s %s/%s: %w", ref.Kind, namespace, ref.Name, err)
	}
	out := &template{namespace: namespace, workload: ref}
	spec, _, err := unstructured.NestedMap(u.Object, "spec", "template", "spec")
	if err == nil {
		err = runtime.DefaultUnstructuredConverter.FromUnstructured(spec, &out.pod)
	}
	if err != nil {
		return nil, fmt.Errorf("read pod template of %s %s/%s: %w", ref.Kind, namespace, ref.Name, err)
	}
	return out, nil
}
