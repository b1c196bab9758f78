package manifest

import (
	"fmt"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation/field"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// taken remembers which names and workloads the documents of a file have, by
// the number of the document.
type taken struct {
	names     map[types.NamespacedName]int
	workloads map[string]int
}

func newTaken() *taken {
	return &taken{names: map[types.NamespacedName]int{}, workloads: map[string]int{}}
}

// add refuses a second pool of one name, and a second pool on one workload:
// both would ask for replicas.
func (t *taken) add(pool *v1alpha1.ShadowPool, number int) []error {
	if first, found := t.names[pool.Key()]; found {
		return []error{field.Invalid(field.NewPath("metadata", "name"), pool.Name,
			fmt.Sprintf("document %d has this name: write another", first))}
	}
	t.names[pool.Key()] = number
	if pool.Spec.ScaleTargetRef.Name == "" {
		return nil
	}
	if first, found := t.workloads[pool.Workload()]; found {
		return []error{field.Invalid(field.NewPath("spec", "scaleTargetRef"), field.OmitValueType{},
			fmt.Sprintf("document %d serves this workload: write one pool for each workload", first))}
	}
	t.workloads[pool.Workload()] = number
	return nil
}
