package adapter

import "testing"

// TestSidecarIsSmall: every shadow carries a sidecar, so that what it links
// costs as often as there are shadows.
func TestSidecarIsSmall(t *testing.T) {
	heavy := []string{
		"github.com/prometheus/prometheus/...", "github.com/spf13/cobra/...", "google.golang.org/grpc/...", "k8s.io/api/...", "k8s.io/apiserver/...",
		"k8s.io/apimachinery/pkg/apis/...", "k8s.io/apimachinery/pkg/runtime/...", "k8s.io/client-go/...", "k8s.io/klog/...", "sigs.k8s.io/controller-runtime/...",
	}
	g := loadGraph(t)
	for _, path := range []string{"adapter/warmup", "cmd/foreshadow-sidecar"} {
		p, ok := g[path]
		if !ok {
			t.Errorf("there is no package %s", path)
		}
		for _, imp := range p.links {
			if matches(imp, heavy...) {
				t.Errorf("%s links %s: every shadow carries it", path, imp)
			}
		}
	}
}
