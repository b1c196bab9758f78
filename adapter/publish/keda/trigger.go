package keda

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/foreshadow-dev/foreshadow/adapter/publish/keda/externalscaler"
)

// keyPool is the metadata key that names the pool.
const keyPool = "pool"

// maxNamedKeys is how many unknown keys a refusal names.
const maxNamedKeys = 5

// ofKEDA are keys that KEDA reads itself and sends along.
var ofKEDA = []string{"scalerAddress", "enableTLS", "unsafeSsl"}

// trigger is what a trigger's metadata means: one pool.
type trigger struct{ namespace, pool string }

// parseTrigger reads the metadata that came with ref. All that is wrong with it is said at once.
func parseTrigger(ref *externalscaler.ScaledObjectRef) (trigger, error) {
	t := trigger{namespace: ref.GetNamespace(), pool: ref.GetScalerMetadata()[keyPool]}
	var wrong []string
	if len(validation.IsDNS1123Label(t.namespace)) > 0 {
		wrong = append(wrong, fmt.Sprintf("scaledObjectRef.namespace: %.63q is no namespace: write that of the ScaledObject", t.namespace))
	}
	switch {
	case t.pool == "":
		wrong = append(wrong, "metadata key pool: missing: write the name of a ShadowPool in the namespace of the ScaledObject")
	case len(validation.IsDNS1123Subdomain(t.pool)) > 0:
		wrong = append(wrong, fmt.Sprintf("metadata key pool: %.63q is no name of a ShadowPool: write one, such as web", t.pool))
	}
	if wrong = append(wrong, unknownKeys(ref.GetScalerMetadata())...); len(wrong) > 0 {
		return trigger{}, status.Error(codes.InvalidArgument, strings.Join(wrong, "; "))
	}
	return t, nil
}

// unknownKeys refuses keys that nobody reads: one of them may be a pool misspelt.
func unknownKeys(metadata map[string]string) (wrong []string) {
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if key == keyPool || slices.Contains(ofKEDA, key) {
			continue
		}
		if len(wrong) == maxNamedKeys {
			return append(wrong, "and more keys like these")
		}
		wrong = append(wrong, fmt.Sprintf("metadata key %.63q: not known: write pool, and leave this one out", key))
	}
	return wrong
}
