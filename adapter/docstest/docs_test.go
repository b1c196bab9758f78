package docstest

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const root = "../.."

func repository(t *testing.T) []Page {
	t.Helper()
	pages, err := Pages(root)
	require.NoError(t, err)
	require.Greater(t, len(pages), 30)
	return pages
}

func TestLinksLeadSomewhere(t *testing.T) {
	pages := repository(t)
	byPath := map[string]Page{}
	for _, p := range pages {
		byPath[p.Path] = p
	}
	checked := 0
	for _, p := range pages {
		for _, link := range p.Links {
			u, err := url.Parse(link)
			require.NoError(t, err, "%s: %s", p.Path, link)
			if u.Scheme != "" {
				continue // of others
			}
			checked++
			target := p.Path
			if u.Path != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(p.Path), u.Path))
			}
			if _, err := os.Stat(filepath.Join(root, target)); err != nil {
				t.Errorf("%s: the link %s leads nowhere", p.Path, link)
				continue
			}
			if u.Fragment != "" && !byPath[target].Anchors[u.Fragment] {
				t.Errorf("%s: %s has no heading for the link %s", p.Path, target, link)
			}
		}
	}
	require.Greater(t, checked, 100)
}

// Every page of docs can be reached from the index.
func TestIndexHasEveryPage(t *testing.T) {
	index, err := Read(root, filepath.Join(root, "docs", "README.md"))
	require.NoError(t, err)
	pages, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	require.NoError(t, err)
	require.Greater(t, len(pages), 20)
	for _, page := range pages {
		if page = filepath.Base(page); page != "README.md" && !slices.ContainsFunc(index.Links, func(l string) bool { return strings.Split(l, "#")[0] == page }) {
			t.Errorf("docs/README.md has no link to %s", page)
		}
	}
}

// What a page shows as an object is one that an API server takes: an unknown field
// fails, and so does a ShadowPool that would be refused. Objects of other projects
// are read as YAML.
func TestObjectsInPagesDecode(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, apiregistration.AddToScheme, v1alpha1.AddToScheme} {
		require.NoError(t, add(scheme))
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	object := regexp.MustCompile(`(?m)^apiVersion: (\S+)$`)
	decoded, pools := 0, 0
	for _, p := range repository(t) {
		for _, b := range p.Blocks {
			if !object.MatchString(b.Text) || strings.HasPrefix(b.Text, "$ ") {
				continue
			}
			documents := yaml.NewDocumentDecoder(io.NopCloser(strings.NewReader(b.Text)))
			for buffer := make([]byte, len(b.Text)+1); ; decoded++ {
				n, err := documents.Read(buffer)
				if errors.Is(err, io.EOF) {
					break
				}
				require.NoError(t, err, p.Path)
				o, _, err := decoder.Decode(buffer[:n], nil, nil)
				if runtime.IsNotRegisteredError(err) {
					require.NoError(t, yaml.NewYAMLToJSONDecoder(bytes.NewReader(buffer[:n])).Decode(&map[string]any{}), "%s:\n%s", p.Path, b.Text)
					continue
				}
				require.NoError(t, err, "%s:\n%s", p.Path, buffer[:n])
				if pool, ok := o.(*v1alpha1.ShadowPool); ok {
					pool.Default()
					require.Empty(t, pool.Validate(), "%s:\n%s", p.Path, b.Text)
					pools++
				}
			}
		}
	}
	require.Positive(t, decoded)
	t.Logf("%d objects, %d of them ShadowPools", decoded, pools)
}

// A target that a page names is one of the Makefile's.
func TestPagesMakeWhatExists(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	require.NoError(t, err)
	targets := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^([a-z0-9-]+):`).FindAllStringSubmatch(string(makefile), -1) {
		targets[m[1]] = true
	}
	pages := repository(t)
	commands, err := Commands(pages, "make")
	require.NoError(t, err)
	for _, p := range pages {
		for _, s := range p.Spans {
			if strings.HasPrefix(s, "make ") {
				calls, err := Block{Text: s}.calls([]string{"make"})
				require.NoError(t, err, "%s: %s", p.Path, s)
				for _, args := range calls {
					commands = append(commands, Command{p.Path, args})
				}
			}
		}
	}
	require.Greater(t, len(commands), 20)
	for _, c := range commands {
		for _, arg := range c.Args[1:] {
			if !targets[arg] && !strings.Contains(arg, "=") {
				t.Errorf("%s: %s: the Makefile has no target %s", c.Page, strings.Join(c.Args, " "), arg)
			}
		}
	}
}

// flagsOfOthers are those of other programs that pages name in a sentence.
var flagsOfOthers = map[string]string{
	"endpoint": "thanos query", "endpoint-strict": "thanos query", "query.enforce-tenancy": "thanos query", "query.replica-label": "thanos query",
	"reset-then-reuse-values": "helm upgrade", "reuse-values": "helm upgrade",
	"tuning": "e2e/accuracy",
}

// A flag that a sentence names is one of ours, which the generated pages list, or
// of a program of others. The commands in blocks are held against the flags by
// the tests of the programs.
func TestSentencesNameFlagsThatExist(t *testing.T) {
	pages := repository(t)
	known := map[string]bool{}
	for _, p := range pages {
		if strings.HasPrefix(p.Path, "docs/reference/") {
			for _, f := range p.MentionedFlags() {
				known[f] = true
			}
		}
	}
	require.Greater(t, len(known), 100)
	used := map[string]bool{}
	checked := 0
	for _, p := range pages {
		if p.Path == "CHANGELOG.md" {
			continue // names what is gone
		}
		for _, f := range p.MentionedFlags() {
			checked++
			used[f] = true
			prefix, family := strings.CutSuffix(f, "*")
			exists := known[f] || flagsOfOthers[f] != "" || family && slices.ContainsFunc(slices.Collect(maps.Keys(known)), func(k string) bool { return strings.HasPrefix(k, prefix) })
			if !exists {
				t.Errorf("%s: no program has the flag --%s", p.Path, f)
			}
		}
	}
	require.Greater(t, checked, 200)
	for f, program := range flagsOfOthers {
		require.True(t, used[f], "no page names --%s of %s any more: take it off the list", f, program)
	}
}
