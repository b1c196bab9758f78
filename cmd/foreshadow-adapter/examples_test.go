package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// TestTheExamplesAreWhatAnAPIServerTakes decodes each object strictly: an
// unknown field fails.
func TestTheExamplesAreWhatAnAPIServerTakes(t *testing.T) {
	scheme := runtime.NewScheme()
	require.NoError(t, clientgoscheme.AddToScheme(scheme))
	require.NoError(t, apiregistration.AddToScheme(scheme))
	require.NoError(t, v1alpha1.AddToScheme(scheme))
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()

	for file, want := range map[string]int{"shadowpool.yaml": 1, "calendar.yaml": 1, "hpa.yaml": 1, "adapter.yaml": 15, "custom-metrics.yaml": 6, "shadows.yaml": 8} {
		t.Run(file, func(t *testing.T) {
			raw, err := os.ReadFile(filepath.Join("..", "..", "docs", "examples", file))
			require.NoError(t, err)
			documents := yaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(raw)))
			n := 0
			for buffer := make([]byte, len(raw)); ; n++ {
				size, err := documents.Read(buffer)
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err)
				object, _, err := decoder.Decode(buffer[:size], nil, nil)
				require.NoError(t, err, "document %d", n+1)
				if pool, ok := object.(*v1alpha1.ShadowPool); ok {
					pool.Default()
					require.Empty(t, pool.Validate())
				}
			}
			require.Equal(t, want, n)
		})
	}
}
