//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
)

const specNamespace = "spec"

// TestSpecs sends every good and bad ShadowPool to the API server, which must
// take the ones and refuse the others with the sentence in their first line.
func TestSpecs(t *testing.T) {
	shared.install(t, "foreshadow-adapter", nil)
	require.NoError(t, shared.Client.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: specNamespace}}))
	require.NoError(t, process.Until(t.Context(), 30*time.Second, "the CRD is served", func(ctx context.Context) (string, bool) {
		err := shared.Client.List(ctx, &v1alpha1.ShadowPoolList{}, client.InNamespace(specNamespace))
		return fmt.Sprintf("list ShadowPools: %v", err), err == nil
	}))
	files, err := filepath.Glob("../adapter/api/v1alpha1/testdata/spec/*.yaml")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			require.NoError(t, err)
			pool := &unstructured.Unstructured{}
			require.NoError(t, yaml.Unmarshal(raw, &pool.Object))
			pool.SetNamespace(specNamespace)
			err = shared.Client.Create(t.Context(), pool, client.DryRunAll, client.FieldValidation(metav1.FieldValidationStrict))
			if !strings.HasSuffix(file, ".bad.yaml") {
				require.NoError(t, err)
				return
			}
			first, _, _ := strings.Cut(string(raw), "\n")
			require.ErrorContains(t, err, strings.TrimPrefix(first, "# "))
		})
	}
}
