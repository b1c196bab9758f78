package v1alpha1_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const specDir = "testdata/spec"

// TestSpecFiles runs each file through the API server's validation and through
// Validate: both accept the good ones, and both refuse the bad ones with the
// sentence in the file's first comment, and nothing else.
func TestSpecFiles(t *testing.T) {
	server := newAPIServer(t)
	for _, name := range specFiles(t, "*.yaml") {
		t.Run(name, func(t *testing.T) {
			raw := readSpec(t, name)
			var want []string
			if strings.HasSuffix(name, ".bad.yaml") {
				want = []string{wantedSentence(t, raw)}
			}
			object := decodeObject(t, raw)
			require.Empty(t, server.unknownFields(object))
			if diff := cmp.Diff(want, sentences(server.admit(t.Context(), object))); diff != "" {
				t.Errorf("API server (-want +got):\n%s", diff)
			}
			pool, unknown := decodePool(t, raw)
			require.Empty(t, unknown)
			pool.Default()
			if diff := cmp.Diff(want, sentences(pool.Validate())); diff != "" {
				t.Errorf("Validate (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEveryBadFileHasAGoodOne(t *testing.T) {
	for _, bad := range specFiles(t, "*.bad.yaml") {
		good := strings.TrimSuffix(bad, ".bad.yaml") + ".good.yaml"
		if _, err := os.Stat(filepath.Join(specDir, good)); err != nil {
			t.Errorf("%s has no %s beside it", bad, good)
		}
	}
}

// TestEveryRuleHasABadFile walks the schema, so that a new rule cannot come
// without its files.
func TestEveryRuleHasABadFile(t *testing.T) {
	var wanted []string
	for _, name := range specFiles(t, "*.bad.yaml") {
		wanted = append(wanted, wantedSentence(t, readSpec(t, name)))
	}
	rules := rulesOf(newAPIServer(t).openAPI(), nil)
	if len(rules) < 40 {
		t.Fatalf("the schema gave %d rules: the walk misses some", len(rules))
	}
	for _, r := range rules {
		if !slices.ContainsFunc(wanted, r.meets) {
			t.Errorf("no testdata/spec/*.bad.yaml begins with a comment for %s: %q", r.path, r.says)
		}
	}
}

func TestAnUnknownFieldIsFound(t *testing.T) {
	raw := []byte("apiVersion: foreshadow.dev/v1alpha1\nkind: ShadowPool\nmetadata: {name: web}\nspec: {load: {qury: up}}\n")
	require.Equal(t, []string{"spec.load.qury"}, newAPIServer(t).unknownFields(decodeObject(t, raw)))
	_, unknown := decodePool(t, raw)
	require.Len(t, unknown, 1)
}

func specFiles(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(specDir, pattern))
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for i := range paths {
		paths[i] = filepath.Base(paths[i])
	}
	return paths
}

func readSpec(t *testing.T, name string) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(specDir, name))
	require.NoError(t, err)
	return raw
}

func wantedSentence(t *testing.T, raw []byte) string {
	t.Helper()
	line, _, _ := strings.Cut(string(raw), "\n")
	sentence, found := strings.CutPrefix(line, "# ")
	require.True(t, found, "a bad file begins with the wanted sentence in a comment")
	return sentence
}

func decodeObject(t *testing.T, raw []byte) map[string]any {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON(raw)
	require.NoError(t, err)
	var object map[string]any
	require.NoError(t, kjson.UnmarshalCaseSensitivePreserveInts(asJSON, &object))
	return object
}

func decodePool(t *testing.T, raw []byte) (pool *v1alpha1.ShadowPool, unknown []error) {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON(raw)
	require.NoError(t, err)
	pool = &v1alpha1.ShadowPool{}
	unknown, err = kjson.UnmarshalStrict(asJSON, pool)
	require.NoError(t, err)
	return pool, unknown
}

func sentences(errs field.ErrorList) []string {
	var out []string
	for _, err := range errs {
		out = append(out, err.Error())
	}
	slices.Sort(out)
	return out
}
