package observe

import (
	"cmp"
	"maps"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
)

// revisionAnnotation counts the templates of a Deployment, the newest the
// highest.
const revisionAnnotation = "deployment.kubernetes.io/revision"

func (v *View) workload() shadow.Workload {
	ref := &v.w.Pool.Spec.ScaleTargetRef
	out := shadow.Workload{Kind: ref.Kind, Name: ref.Name}
	object := v.object()
	if object == nil {
		return out
	}
	out.UID, out.Exists, out.Deleting = object.GetUID(), true, object.GetDeletionTimestamp() != nil
	out.OursAsked = v.oursAsked()
	if v.current != nil {
		out.CurrentUID = v.current.UID
	}
	switch {
	case v.w.Deployment != nil:
		d := v.w.Deployment
		out.Replicas, out.MaxSurge, out.Stable = Replicas(d.Spec.Replicas), maxSurge(d), settled(d)
	case v.w.ReplicaSet != nil:
		rs := v.w.ReplicaSet
		out.Replicas, out.Stable = Replicas(rs.Spec.Replicas), rs.Status.ObservedGeneration >= rs.Generation
	default:
		r := rollout{v.w.Rollout}
		out.Replicas, out.MaxSurge, out.Stable = r.replicas(), r.maxSurge(), r.stable()
	}
	return out
}

// object returns the workload, nil if it is gone.
func (v *View) object() metav1.Object {
	switch {
	case v.w.Deployment != nil:
		return v.w.Deployment
	case v.w.ReplicaSet != nil:
		return v.w.ReplicaSet
	case v.w.Rollout != nil:
		return v.w.Rollout
	}
	return nil
}

// maxSurge is how many pods a rollout of a Deployment adds at once.
func maxSurge(d *appsv1.Deployment) int32 {
	if d.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		return 0
	}
	var surge *intstr.IntOrString
	if u := d.Spec.Strategy.RollingUpdate; u != nil {
		surge = u.MaxSurge
	}
	return share(surge, Replicas(d.Spec.Replicas))
}

// share resolves a number or a percentage of a number, rounded up; 25 % where
// nobody wrote it, as the API server has it.
func share(of *intstr.IntOrString, n int32) int32 {
	got, err := intstr.GetScaledValueFromIntOrPercent(intstr.ValueOrDefault(of, intstr.FromString("25%")), int(n), true)
	if err != nil {
		return n // it cannot be read: as much as can be
	}
	return int32(max(0, got))
}

// settled says that a Deployment's controller has seen its newest spec and that
// its rollout is done.
func settled(d *appsv1.Deployment) bool {
	s, n := &d.Status, Replicas(d.Spec.Replicas)
	return s.ObservedGeneration >= d.Generation && s.UpdatedReplicas == n && s.Replicas == n && s.AvailableReplicas == n
}

// findCurrent returns the ReplicaSet of the newest template.
func (v *View) findCurrent() *appsv1.ReplicaSet {
	switch {
	case v.w.Deployment != nil:
		return currentOf(v.w.Deployment, v.w.ReplicaSets)
	case v.w.ReplicaSet != nil:
		return v.w.ReplicaSet
	case v.w.Rollout != nil:
		return rollout{v.w.Rollout}.current(v.w.ReplicaSets)
	}
	return nil
}

// currentOf returns the ReplicaSet whose template is that of the Deployment, the
// oldest of them: the one that the Deployment's controller goes by. A paused
// Deployment makes none of a new template and goes on with the newest it has.
func currentOf(d *appsv1.Deployment, sets []*appsv1.ReplicaSet) *appsv1.ReplicaSet {
	var same, newest *appsv1.ReplicaSet
	for _, rs := range sets {
		if sameTemplate(&rs.Spec.Template, &d.Spec.Template) && (same == nil || newestFirst(rs, same) > 0) {
			same = rs
		}
		newest = newer(rs, newest, revisionAnnotation)
	}
	if same == nil && d.Spec.Paused {
		return newest
	}
	return same
}

// newestFirst orders ReplicaSets by their age.
func newestFirst(a, b *appsv1.ReplicaSet) int {
	return cmp.Or(b.CreationTimestamp.Compare(a.CreationTimestamp.Time), cmp.Compare(b.Name, a.Name))
}

// newer returns the ReplicaSet of the higher revision, of equals the one that was
// made later. One of them may be nil.
func newer(a, b *appsv1.ReplicaSet, annotation string) *appsv1.ReplicaSet {
	if b == nil || cmp.Or(cmp.Compare(revision(b, annotation), revision(a, annotation)), newestFirst(a, b)) < 0 {
		return a
	}
	return b
}

func revision(rs *appsv1.ReplicaSet, annotation string) int64 {
	n, err := strconv.ParseInt(rs.Annotations[annotation], 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// sameTemplate compares two templates, the hash that tells ReplicaSets apart
// left out.
func sameTemplate(a, b *corev1.PodTemplateSpec) bool {
	x, y := *a, *b // shallow: only Labels is replaced
	x.Labels, y.Labels = withoutHash(a.Labels), withoutHash(b.Labels)
	return equality.Semantic.DeepEqual(&x, &y)
}

func withoutHash(l map[string]string) map[string]string {
	if _, there := l[appsv1.DefaultDeploymentUniqueLabelKey]; !there {
		return l
	}
	out := maps.Clone(l)
	delete(out, appsv1.DefaultDeploymentUniqueLabelKey)
	return out
}
