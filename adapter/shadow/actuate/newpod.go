package actuate

import (
	"encoding/json"
	"fmt"
	"maps"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// Annotations of others by which a pod keeps its node.
const (
	safeToEvict  = "cluster-autoscaler.kubernetes.io/safe-to-evict"
	doNotDisrupt = "karpenter.sh/do-not-disrupt"
)

// pinning lists them. A shadow does not bear them: nothing is lost with it.
func pinning() []string { return []string{safeToEvict, doNotDisrupt} }

// newPod returns the shadow of a ReplicaSet: the pod that the ReplicaSet would
// make, but for what hides it and, unless it is to be whole, what CPU it has while
// it warms up and waits.
func (c *act) newPod(name string, rs *appsv1.ReplicaSet, template string, whole bool) (*corev1.Pod, error) {
	pool := c.w.Pool
	p := &corev1.Pod{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace: pool.Namespace, Name: name,
			Labels:          map[string]string{},
			Annotations:     map[string]string{},
			Finalizers:      append([]string(nil), rs.Spec.Template.Finalizers...),
			OwnerReferences: []metav1.OwnerReference{ownedBy(pool)},
		},
		Spec: *rs.Spec.Template.Spec.DeepCopy(),
	}
	maps.Copy(p.Labels, rs.Spec.Template.Labels)
	maps.Copy(p.Annotations, rs.Spec.Template.Annotations)
	if err := c.dress(p, rs, template); err != nil {
		return nil, err
	}
	if err := addSidecar(&p.Spec, pool, c.SidecarImage); err != nil {
		return nil, err
	}
	if err := c.profile(p, rs); err != nil {
		return nil, err
	}
	spread(&p.Spec, pool.Name)
	if whole {
		return p, nil
	}
	idle, err := shrink(&p.Spec, *pool.Spec.Idle.CPUPercent)
	if err != nil {
		return nil, err
	}
	boosted, err := boost(&p.Spec, observe.Boost(pool))
	if err != nil {
		return nil, err
	}
	for key, kept := range map[string]string{v1alpha1.IdleAnnotation: idle, v1alpha1.BoostAnnotation: boosted} {
		if kept != "" {
			p.Annotations[key] = kept
		}
	}
	return p, nil
}

// dress gives a new pod the labels and annotations of a shadow.
func (c *act) dress(p *corev1.Pod, rs *appsv1.ReplicaSet, template string) error {
	p.Labels[v1alpha1.PoolLabel] = c.w.Pool.Name
	p.Labels[v1alpha1.StateLabel] = string(v1alpha1.ShadowCreating)
	keys, err := c.hideKeys(p.Labels)
	if err != nil {
		return err
	}
	hidden := map[string]string{}
	for _, k := range keys {
		if v, ok := p.Labels[k]; ok {
			hidden[k] = v
			delete(p.Labels, k)
		}
	}
	off := lifted(p.Annotations)
	for k := range off {
		delete(p.Annotations, k)
	}
	p.Annotations[safeToEvict] = "true"
	for key, of := range map[string]any{v1alpha1.HiddenLabelsAnnotation: hidden, v1alpha1.LiftedAnnotation: off} {
		raw, err := json.Marshal(of)
		if err != nil {
			return fmt.Errorf("write annotation %s: %w", key, err)
		}
		p.Annotations[key] = string(raw)
	}
	p.Annotations[v1alpha1.AboutAnnotation] = about(c.w.Pool)
	p.Annotations[v1alpha1.ReplicaSetAnnotation] = string(rs.UID)
	p.Annotations[v1alpha1.TemplateAnnotation] = template
	p.Annotations[v1alpha1.EpochAnnotation] = strconv.FormatInt(c.w.Epoch, 10)
	return nil
}

// lifted returns the annotations that a shadow must not bear and that its
// activation gives back.
func lifted(annotations map[string]string) map[string]string {
	out := map[string]string{}
	for _, k := range append(pinning(), corev1.PodDeletionCost) {
		if v, ok := annotations[k]; ok && (k != corev1.PodDeletionCost || v != observe.ActivationCost) {
			out[k] = v
		}
	}
	return out
}

// ownedBy is the reference to a pool as the controller of its shadows.
func ownedBy(pool *v1alpha1.ShadowPool) metav1.OwnerReference {
	return metav1.OwnerReference{
		APIVersion: v1alpha1.GroupVersion().String(), Kind: v1alpha1.Kind, Name: pool.Name, UID: pool.UID,
		Controller: new(true), BlockOwnerDeletion: new(true),
	}
}

// about tells a stranger what the pod is.
func about(pool *v1alpha1.ShadowPool) string {
	return fmt.Sprintf("a shadow of %s %s: it takes no traffic until ShadowPool %s hands it over to its ReplicaSet",
		pool.Spec.ScaleTargetRef.Kind, pool.Spec.ScaleTargetRef.Name, pool.Name)
}
