package actuate

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
)

// differsError says that the server took a write and has something else.
type differsError struct{ field string }

func (e *differsError) Error() string {
	return "the server has another " + e.field + " than was written"
}

// compare says in which field the object that a write returned is not what was
// written.
func compare(w Write, got *corev1.Pod) error {
	switch {
	case w.Verb != VerbPatch:
		return nil
	case w.Subresource == "resize":
		return compareResources(w, got)
	}
	var want map[string]any
	if err := json.Unmarshal(w.Patch, &want); err != nil {
		return fmt.Errorf("read patch: %w", err)
	}
	if meta, ok := want["metadata"].(map[string]any); ok {
		delete(meta, "resourceVersion") // it has moved on
	}
	raw, err := json.Marshal(got)
	if err != nil {
		return fmt.Errorf("read what the server has: %w", err)
	}
	var is map[string]any
	if err := json.Unmarshal(raw, &is); err != nil {
		return fmt.Errorf("read what the server has: %w", err)
	}
	if at := differs(want, is, ""); at != "" {
		return &differsError{at}
	}
	return nil
}

// differs returns the path of the first field of a patch that an object does not
// have; empty if it has them all.
func differs(want, is map[string]any, path string) string {
	keys := make([]string, 0, len(want))
	for k := range want {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		at := path + "." + k
		have, there := is[k]
		switch v := want[k].(type) {
		case nil:
			if there {
				return at
			}
		case map[string]any:
			below, _ := have.(map[string]any)
			if d := differs(v, below, at); d != "" {
				return d
			}
		default:
			if !reflect.DeepEqual(v, have) {
				return at
			}
		}
	}
	return ""
}

// compareResources compares what a resize is about; all else in its patch is as
// it was.
func compareResources(w Write, got *corev1.Pod) error {
	var want struct {
		Spec struct {
			Containers []corev1.Container `json:"containers"`
		} `json:"spec"`
	}
	if err := json.Unmarshal(w.Patch, &want); err != nil {
		return fmt.Errorf("read patch: %w", err)
	}
	for i := range want.Spec.Containers {
		c := &want.Spec.Containers[i]
		at := slices.IndexFunc(got.Spec.Containers, func(g corev1.Container) bool { return g.Name == c.Name })
		if at < 0 || !equality.Semantic.DeepEqual(got.Spec.Containers[at].Resources, c.Resources) {
			return &differsError{".spec.containers[" + c.Name + "].resources"}
		}
	}
	return nil
}

// compareNew says in which field a pod that was created is not the one that was
// asked for. Admission may add to it; a shadow's owner and its labels are ours.
func compareNew(want, got *corev1.Pod) error {
	if !equality.Semantic.DeepEqual(want.OwnerReferences, got.OwnerReferences) {
		return &differsError{".metadata.ownerReferences"}
	}
	for k, v := range want.Labels {
		if got.Labels[k] != v {
			return &differsError{".metadata.labels." + k}
		}
	}
	for k, v := range want.Annotations {
		if got.Annotations[k] != v {
			return &differsError{".metadata.annotations." + k}
		}
	}
	return nil
}
