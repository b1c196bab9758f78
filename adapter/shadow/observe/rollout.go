package observe

import (
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// What Argo Rollouts writes on the ReplicaSets of a Rollout.
const (
	rolloutHashLabel          = "rollouts-pod-template-hash"
	rolloutRevisionAnnotation = "rollout.argoproj.io/revision"
)

// rollout reads an Argo Rollout.
type rollout struct{ *unstructured.Unstructured }

func (r rollout) text(path ...string) string {
	s, _, err := unstructured.NestedString(r.Object, path...)
	if err != nil {
		return ""
	}
	return s
}

func (r rollout) number(path ...string) (int32, bool) {
	n, ok, err := unstructured.NestedInt64(r.Object, path...)
	return int32(n), ok && err == nil
}

func (r rollout) replicas() int32 {
	if n, ok := r.number("spec", "replicas"); ok {
		return n
	}
	return 1
}

// maxSurge is how many pods it adds at once: blue-green a whole second set, or
// as many as its preview has.
func (r rollout) maxSurge() int32 {
	n := r.replicas()
	if _, blueGreen, err := unstructured.NestedFieldNoCopy(r.Object, "spec", "strategy", "blueGreen"); blueGreen && err == nil {
		if preview, ok := r.number("spec", "strategy", "blueGreen", "previewReplicaCount"); ok {
			return max(n, preview)
		}
		return n
	}
	surge, found, err := unstructured.NestedFieldNoCopy(r.Object, "spec", "strategy", "canary", "maxSurge")
	if !found || err != nil {
		return share(nil, n)
	}
	switch surge := surge.(type) {
	case string:
		return share(new(intstr.FromString(surge)), n)
	case int64:
		return share(new(intstr.FromInt32(int32(surge))), n)
	}
	return share(nil, n)
}

// stable says that the Rollout's controller has seen its spec and that the newest
// template is the one it has promoted. Its phase says less: it is Progressing
// whenever pods are still to come, so after every raise. The generation that it
// has seen stands there as text; early versions wrote a hash of the spec, which
// says nothing.
func (r rollout) stable() bool {
	if seen, err := strconv.ParseInt(r.text("status", "observedGeneration"), 10, 64); err == nil && seen < r.GetGeneration() {
		return false
	}
	if aborted, _, err := unstructured.NestedBool(r.Object, "status", "abort"); aborted || err != nil {
		return false
	}
	hash := r.text("status", "currentPodHash")
	return hash != "" && hash == r.text("status", "stableRS")
}

// current returns the ReplicaSet of the newest template.
func (r rollout) current(sets []*appsv1.ReplicaSet) *appsv1.ReplicaSet {
	hash := r.text("status", "currentPodHash")
	var newest *appsv1.ReplicaSet
	for _, rs := range sets {
		if hash != "" && rs.Labels[rolloutHashLabel] == hash {
			return rs
		}
		newest = newer(rs, newest, rolloutRevisionAnnotation)
	}
	if hash != "" {
		return nil // its controller has yet to make it
	}
	return newest
}

// selector returns its label selector, nil if it has none: one that refers to a
// Deployment keeps it in its status.
func (r rollout) selector() *metav1.LabelSelector {
	raw, found, err := unstructured.NestedMap(r.Object, "spec", "selector")
	if found && err == nil {
		var out metav1.LabelSelector
		if runtime.DefaultUnstructuredConverter.FromUnstructured(raw, &out) == nil {
			return &out
		}
	}
	out, err := metav1.ParseToLabelSelector(r.text("status", "selector"))
	if err != nil || len(out.MatchLabels)+len(out.MatchExpressions) == 0 {
		return nil
	}
	return out
}
