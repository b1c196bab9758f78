package keda

import (
	"testing"
	"unicode/utf8"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/foreshadow-dev/foreshadow/adapter/publish/keda/externalscaler"
)

// Whatever is written, what is taken is a name, and what is refused is told in a message that does not grow with it.
func FuzzParseTrigger(f *testing.F) {
	f.Add("shop", "web", "scalerAddress", "foreshadow:9403")
	f.Add("shop", "", "Pool", "web")
	f.Add("", "Web!", "poolFromEnv", "\xff\n")
	f.Fuzz(func(t *testing.T, namespace, pool, key, value string) {
		metadata := map[string]string{keyPool: pool, key: value}
		got, err := parseTrigger(&externalscaler.ScaledObjectRef{Namespace: namespace, ScalerMetadata: metadata})
		if err == nil {
			if got != (trigger{namespace, metadata[keyPool]}) || len(validation.IsDNS1123Subdomain(got.pool)) > 0 || len(validation.IsDNS1123Label(got.namespace)) > 0 {
				t.Errorf("%v was taken", got)
			}
			return
		}
		s := status.Convert(err)
		if s.Code() != codes.InvalidArgument || !utf8.ValidString(s.Message()) || len(s.Message()) > 2048 {
			t.Errorf("%s, %d bytes: %s", s.Code(), len(s.Message()), s.Message())
		}
	})
}
