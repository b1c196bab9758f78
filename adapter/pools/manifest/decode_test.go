package manifest

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const head = "apiVersion: foreshadow.dev/v1alpha1\nkind: ShadowPool\n"

// poolText writes a good pool.
func poolText(name, workload string) string {
	return head + "metadata: {name: " + name + ", namespace: shop}\nspec: {scaleTargetRef: {name: " + workload + "}, load: {query: up}}\n"
}

func TestDecodeSetsDefaults(t *testing.T) {
	raw, err := os.ReadFile("testdata/file/two.yaml")
	require.NoError(t, err)
	got, err := Decode("two.yaml", raw)
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, "shop/web", got[0].Key().String())
	require.Equal(t, v1alpha1.ModePredict, got[0].Spec.Mode)
	require.Equal(t, "default/api", got[1].Key().String())
	require.Equal(t, v1alpha1.Duration("28d"), got[1].Spec.History.Window)
}

func TestDecodeRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string
	}{
		{
			name: "an empty file", text: "# nothing yet\n---\n",
			want: "pools.yaml: no ShadowPool: write at least one document of apiVersion foreshadow.dev/v1alpha1 and kind ShadowPool",
		},
		{
			name: "an unknown field, with the one that was meant",
			text: head + "metadata: {name: web, namespace: shop}\nspec: {scaleTargetRef: {name: web}, load: {query: up, capacityPerReplicas: \"1\"}}\n",
			want: `pools.yaml: document 1 (shop/web): spec.load.capacityPerReplicas: unknown field: write "capacityPerReplica", or remove it`,
		},
		{
			name: "a field in the wrong letters",
			text: head + "metadata: {name: web, namespace: shop}\nspec: {scaleTargetRef: {name: web}, load: {query: up}, maxshadows: 4}\n",
			want: `pools.yaml: document 1 (shop/web): spec.maxshadows: unknown field: write "maxShadows", or remove it`,
		},
		{
			name: "an unknown field that is near to none",
			text: head + "metadata: {name: web, namespace: shop}\nspec: {scaleTargetRef: {name: web}, load: {query: up}, idle: {memoryPercentage: 3}}\n",
			want: `pools.yaml: document 1 (shop/web): spec.idle.memoryPercentage: unknown field: remove it, or write one of cpuPercent`,
		},
		{
			name: "an unknown field on top, in the second document",
			text: poolText("web", "web") + "---\n" + poolText("api", "api") + "sepc: {}\n",
			want: `pools.yaml: document 2 (shop/api): sepc: unknown field: write "spec", or remove it`,
		},
		{
			name: "all that is wrong, at once",
			text: head + "metadata: {name: web, namespace: shop}\nspec: {scaleTargetRef: {name: web}, load: {query: up}, prediction: {quantile: \"95\", maxAge: soon}}\n---\nkind: ShadowPool\n",
			want: "pools.yaml: document 1 (shop/web): spec.prediction.quantile: Invalid value: \"95\": write a probability between 0 and 1, such as \"0.95\"\n" +
				"pools.yaml: document 1 (shop/web): spec.prediction.maxAge: Invalid value: \"soon\": write a duration from 2m to 1d, such as 15m\n" +
				"pools.yaml: document 2: apiVersion: Required value: write foreshadow.dev/v1alpha1",
		},
		{
			name: "a number where a string is wanted",
			text: head + "metadata: {name: web, namespace: shop}\nspec: {scaleTargetRef: {name: web}, load: {query: up}, prediction: {quantile: 0.95}}\n",
			want: "pools.yaml: document 1: spec.prediction.quantile: Invalid value: 0.95: write it in quotes: \"0.95\"",
		},
		{
			name: "a number where a duration is wanted",
			text: head + "metadata: {name: web, namespace: shop}\nspec: {scaleTargetRef: {name: web}, load: {query: up}, prediction: {coldStartLead: 3}}\n",
			want: "pools.yaml: document 1: spec.prediction.coldStartLead: Invalid value: 3: write a duration, in quotes, such as \"3m\"",
		},
		{
			name: "a field in another place",
			text: head + "metadata: {name: web, namespace: shop}\nspec: {scaleTargetRef: {name: web}, load: {query: up, window: 7d}}\n",
			want: "pools.yaml: document 1 (shop/web): spec.load.window: unknown field: write spec.history.window",
		},
		{
			name: "a string where a number is wanted",
			text: head + "metadata: {name: web, namespace: shop}\nspec: {maxShadows: \"4\"}\n",
			want: "pools.yaml: document 1: spec.maxShadows: Invalid value: \"4\": write a whole number, without quotes",
		},
		{
			name: "a list where an object is wanted",
			text: head + "metadata: {name: web, namespace: shop}\nspec: []\n",
			want: "pools.yaml: document 1: spec: Invalid value: array: write an object with the fields of the ShadowPool",
		},
		{
			name: "another kind",
			text: "apiVersion: v1\nkind: List\nitems: []\n",
			want: "pools.yaml: document 1: apiVersion: Unsupported value: \"v1\": supported values: \"foreshadow.dev/v1alpha1\"\n" +
				"pools.yaml: document 1: kind: Unsupported value: \"List\": supported values: \"ShadowPool\"",
		},
		{
			name: "no object", text: "- web\n",
			want: "pools.yaml: document 1: no object: write a ShadowPool with apiVersion, kind, metadata and spec",
		},
		{
			name: "broken YAML, by the line of the file",
			text: poolText("web", "web") + "---\n" + head + "metadata: {name: web\n",
			want: "pools.yaml: document 2: read YAML: line 8: did not find expected ',' or '}'",
		},
		{
			name: "a key twice",
			text: poolText("web", "web") + "kind: ShadowPool\n",
			want: `pools.yaml: document 1: read YAML: unmarshal errors:` + "\n" + `  line 5: key "kind" already set in map`,
		},
		{
			name: "two pools of one name",
			text: poolText("web", "web") + "---\n" + poolText("web", "api"),
			want: `pools.yaml: document 2 (shop/web): metadata.name: Invalid value: "web": document 1 has this name: write another`,
		},
		{
			name: "two pools on one workload",
			text: poolText("web", "web") + "---\n" + poolText("web2", "web"),
			want: `pools.yaml: document 2 (shop/web2): spec.scaleTargetRef: Invalid value: document 1 serves this workload: write one pool for each workload`,
		},
		{
			name: "a namespace that cannot be",
			text: strings.Replace(poolText("web", "web"), "shop", "Shop", 1),
			want: `pools.yaml: document 1 (Shop/web): metadata.namespace: Invalid value: "Shop": write at most 63 lower-case letters, digits and '-'`,
		},
		{
			name: "a mistyped pause",
			text: strings.Replace(poolText("web", "web"), "namespace: shop", "namespace: shop, annotations: {foreshadow.dev/pause: yes please}", 1),
			want: `pools.yaml: document 1 (shop/web): metadata.annotations[foreshadow.dev/pause]: Unsupported value: "yes please": supported values: "forecast", "shadows", "all"`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Decode("pools.yaml", []byte(tt.text))
			require.Error(t, err)
			require.Nil(t, got)
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeRefusesAFileThatIsTooLong(t *testing.T) {
	_, err := Decode("pools.yaml", make([]byte, MaxBytes+1))
	require.EqualError(t, err, "pools.yaml: 16777217 bytes: write at most 16777216, in several files for several adapters")
}

func TestSplitKeepsWhatLooksLikeAMarker(t *testing.T) {
	docs := split([]byte("a: |\n  ---\n  text\n---a: 1\n--- {b: 2}\n...\n"))
	require.Len(t, docs, 2)
	require.Equal(t, "a: |\n  ---\n  text\n---a: 1\n", string(docs[0].text))
	require.Equal(t, "\n\n\n\n    {b: 2}\n", string(docs[1].text))
}

func FuzzPoolsFile(f *testing.F) {
	two, err := os.ReadFile("testdata/file/two.yaml")
	require.NoError(f, err)
	for _, seed := range []string{
		string(two), poolText("web", "web"), "", "---", "...\n---\n", "a: &a [*a]", "\ufeff" + poolText("web", "web"),
		head + "spec: {load: {qury: 1}}", head + "metadata: {name: 1}", head + "status: {shadows: [{nam: x}]}", head + "spec: null",
		head + "spec: {history: {step: 0s}, prediction: {cap: \"0\"}}", "apiVersion: [1]\nkind: {}", "? [a]\n: b", "!!binary x", "0x1: y",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := Decode("pools.yaml", raw)
		if err != nil {
			if got != nil || !strings.HasPrefix(err.Error(), "pools.yaml: ") {
				t.Fatalf("a refusal names the file and gives no pools: %v, %d pools", err, len(got))
			}
			return
		}
		if len(got) == 0 {
			t.Fatal("an accepted file has a pool")
		}
		for _, pool := range got {
			if errs := pool.Validate(); len(errs) > 0 {
				t.Fatalf("an accepted pool is valid: %v", errs)
			}
			if _, err := pool.Spec.Settings(); err != nil {
				t.Fatalf("an accepted pool can be read: %v", err)
			}
		}
	})
}
