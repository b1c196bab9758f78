package actuate

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// instant is RFC 3339 with milliseconds.
const instant = "2006-01-02T15:04:05.000Z07:00"

// body is a JSON merge patch of a pod. A nil in a map takes the key away.
type body struct {
	labels, annotations map[string]any
	owners              []metav1.OwnerReference
	spec, status        any
}

// change returns an empty patch that bears the leader's epoch.
func (c *act) change() *body {
	return &body{
		labels:      map[string]any{},
		annotations: map[string]any{v1alpha1.EpochAnnotation: strconv.FormatInt(c.w.Epoch, 10)},
	}
}

func (b *body) state(s v1alpha1.ShadowState) { b.labels[v1alpha1.StateLabel] = string(s) }

// write makes the patch of a pod that is valid only for the version that was
// judged.
func (b *body) write(p *corev1.Pod, subresource string) (Write, error) {
	meta := map[string]any{"uid": p.UID, "resourceVersion": p.ResourceVersion}
	if len(b.labels) > 0 {
		meta["labels"] = b.labels
	}
	if len(b.annotations) > 0 {
		meta["annotations"] = b.annotations
	}
	if b.owners != nil {
		meta["ownerReferences"] = b.owners
	}
	doc := map[string]any{"metadata": meta}
	if b.spec != nil {
		doc["spec"] = b.spec
	}
	if b.status != nil {
		doc["status"] = b.status
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		return Write{}, fmt.Errorf("write patch: %w", err)
	}
	return Write{Verb: VerbPatch, Object: named(p), Subresource: subresource, Patch: raw}, nil
}

// named returns what a write needs to know of a pod: who it is.
func named(p *corev1.Pod) *corev1.Pod {
	return &corev1.Pod{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Pod"},
		ObjectMeta: metav1.ObjectMeta{Namespace: p.Namespace, Name: p.Name, UID: p.UID, ResourceVersion: p.ResourceVersion},
	}
}

// show gives a pod the labels and annotations of a live one.
func (b *body) show(t *task) {
	for k, v := range t.rs.Spec.Template.Labels {
		b.labels[k] = v
	}
	template := t.rs.Spec.Template.Annotations
	for _, k := range pinning() {
		b.annotations[k] = valueOrNil(template, k)
	}
	b.annotations[v1alpha1.AboutAnnotation] = nil
	b.annotations[v1alpha1.DrainingSinceAnnotation] = nil
}

// hide takes labels away and keeps them in an annotation.
func (b *body) hide(p *corev1.Pod, keys []string) error {
	hidden := hiddenLabels(p)
	for _, k := range keys {
		b.labels[k] = nil
		if v, ok := p.Labels[k]; ok {
			hidden[k] = v
		}
	}
	raw, err := json.Marshal(hidden)
	if err != nil {
		return fmt.Errorf("write hidden labels: %w", err)
	}
	b.annotations[v1alpha1.HiddenLabelsAnnotation] = string(raw)
	return nil
}

// lift takes away what pins a node to a pod that serves, and says what the pod
// is.
func (c *act) lift(b *body, p *corev1.Pod) error {
	raw, err := json.Marshal(lifted(p.Annotations))
	if err != nil {
		return fmt.Errorf("write lifted annotations: %w", err)
	}
	for _, k := range pinning() {
		b.annotations[k] = nil
	}
	b.annotations[corev1.PodDeletionCost] = nil
	b.annotations[safeToEvict] = "true"
	b.annotations[v1alpha1.LiftedAnnotation] = string(raw)
	b.annotations[v1alpha1.AboutAnnotation] = about(c.w.Pool)
	return nil
}

// condition returns the conditions of a pod with one of them set.
func condition(p *corev1.Pod, set corev1.PodCondition) any {
	out := make([]corev1.PodCondition, 0, len(p.Status.Conditions)+1)
	for _, c := range p.Status.Conditions {
		if c.Type != set.Type {
			out = append(out, c)
		}
	}
	return map[string]any{"conditions": append(out, set)}
}

// hiddenLabels reads the annotation; what cannot be read hides nothing.
func hiddenLabels(p *corev1.Pod) map[string]string {
	out := map[string]string{}
	if json.Unmarshal([]byte(p.Annotations[v1alpha1.HiddenLabelsAnnotation]), &out) != nil || out == nil {
		return map[string]string{}
	}
	return out
}

func valueOrNil(m map[string]string, key string) any {
	if v, ok := m[key]; ok {
		return v
	}
	return nil
}

func (c *act) now() string { return c.Clock.Now().UTC().Format(instant) }

// stamp is now as the API server keeps times.
func (c *act) stamp() metav1.Time { return metav1.NewTime(c.Clock.Now().Truncate(time.Second)) }
