package rules

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"
)

const root = ".."

func alerts() []Alert {
	var all []Alert
	for _, g := range All() {
		all = append(all, g.Alerts...)
	}
	return all
}

func TestFilesAreCurrent(t *testing.T) {
	want, err := File(All())
	require.NoError(t, err)
	for _, name := range []string{"rules/foreshadow.yaml", "charts/foreshadow/files/rules.yaml"} {
		got, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		require.Equal(t, string(want), string(got), "%s is stale: run 'make generate'", name)
	}
}

func TestAlertsSayWhatPeopleNeed(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range alerts() {
		t.Run(a.Name, func(t *testing.T) {
			require.False(t, seen[a.Name], "the name is taken")
			seen[a.Name] = true
			require.Regexp(t, `^Foreshadow[A-Z][A-Za-z]+$`, a.Name)
			require.Contains(t, []Severity{Critical, Warning, Info, None}, a.Severity)
			require.NotContains(t, a.Summary, "{{", "a summary is the same for every alert of its name")
			require.Regexp(t, `^[A-Z].*\.$`, a.Summary)
			require.Regexp(t, `^[A-Z{].*\.$`, a.Description)
			if a.For == "" {
				require.True(t, a.KeepFiring != "" || a.Severity == None, "it would flap: write For or KeepFiring")
			}
		})
	}
}

// The list of alerts and the folder of runbooks are the same set, each page with its four parts in order.
func TestEveryAlertHasARunbook(t *testing.T) {
	pages, err := filepath.Glob(filepath.Join(root, "docs/runbooks/*.md"))
	require.NoError(t, err)
	var have, want []string
	for _, p := range pages {
		have = append(have, strings.TrimSuffix(filepath.Base(p), ".md"))
	}
	for _, a := range alerts() {
		want = append(want, a.Name)
	}
	slices.Sort(want)
	require.Equal(t, want, have, "docs/runbooks and the alerts are not the same set")
	heading := regexp.MustCompile(`(?m)^#+ .*$`)
	link := regexp.MustCompile(`\]\(([^):#]+)\)`)
	for _, p := range pages {
		text, err := os.ReadFile(p)
		require.NoError(t, err)
		name := strings.TrimSuffix(filepath.Base(p), ".md")
		require.Equal(t, []string{"# " + name, "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"}, heading.FindAllString(string(text), -1), p)
		for _, to := range link.FindAllStringSubmatch(string(text), -1) {
			require.FileExists(t, filepath.Join(filepath.Dir(p), to[1]), "%s links to it", p)
		}
	}
}

// ruleTests is as much of promtool's test files as is judged here.
type ruleTests struct {
	Tests []struct {
		Cases []struct {
			Name string           `json:"alertname"`
			Want []map[string]any `json:"exp_alerts"`
		} `json:"alert_rule_test"`
	} `json:"tests"`
}

// Each alert is seen quiet, firing, and quiet again, in one block: `make rules` runs them.
func TestEveryAlertIsTested(t *testing.T) {
	files, err := filepath.Glob("tests/*_test.yaml")
	require.NoError(t, err)
	full := map[string]bool{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		var f ruleTests
		require.NoError(t, yaml.Unmarshal(text, &f), name)
		for _, block := range f.Tests {
			history := map[string]string{}
			for _, c := range block.Cases {
				history[c.Name] += map[bool]string{true: "!", false: "."}[len(c.Want) > 0]
			}
			for alert, h := range history {
				full[alert] = full[alert] || regexp.MustCompile(`\.!+\.`).MatchString(h)
			}
		}
	}
	for _, a := range alerts() {
		require.True(t, full[a.Name], "no block in rules/tests sees %s quiet, firing and quiet again", a.Name)
	}
}

// What a rule reads is exported by some program of ours.
func TestMetricsExist(t *testing.T) {
	exported := exportedNames(t)
	recorded := map[string]bool{}
	for _, g := range All() {
		for _, r := range g.Records {
			recorded[r.Name] = true
			require.Equal(t, r.Name, strings.TrimSpace(r.Name))
		}
	}
	name := regexp.MustCompile(`[a-z_]*:?foreshadow_[a-z0-9_]+(:[a-z0-9_]+)?`)
	check := func(of, expr string) {
		for _, n := range name.FindAllString(expr, -1) {
			if n == "foreshadow_predicted_" { // the beginning of a pattern
				continue
			}
			if strings.Contains(n, ":") {
				require.True(t, recorded[n], "%s reads %s, which no rule records", of, n)
				continue
			}
			require.True(t, exported[base(n, exported)], "%s reads %s, which no program exports", of, n)
		}
	}
	for _, g := range All() {
		for _, r := range g.Records {
			check(r.Name, r.Expr)
		}
		for _, a := range g.Alerts {
			check(a.Name, a.Expr)
		}
	}
}

// base takes the end of a histogram's series away.
func base(name string, exported map[string]bool) string {
	for _, end := range []string{"_bucket", "_count", "_sum"} {
		if cut, ok := strings.CutSuffix(name, end); ok && !exported[name] {
			return cut
		}
	}
	return name
}

// exportedNames reads the names out of the code: they stand there as whole strings.
func exportedNames(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{
		"foreshadow_build_info": true, // of prometheus/common
	}
	literal := regexp.MustCompile(`"(foreshadow_[a-z0-9_]+)"`)
	source := os.DirFS(root)
	for _, dir := range []string{"adapter", "cmd"} {
		err := fs.WalkDir(source, dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := fs.ReadFile(source, path)
			for _, m := range literal.FindAllStringSubmatch(string(text), -1) {
				names[m[1]] = true
			}
			return err
		})
		require.NoError(t, err)
	}
	return names
}

func TestRecordsAreNamedByTheirLabels(t *testing.T) {
	for _, r := range records() {
		level, _, _ := strings.Cut(r.Name, ":")
		if level == "foreshadow_warmup_duration_seconds" { // of all pools: the metric has no labels
			continue
		}
		by := strings.ReplaceAll(level, "_", ", ")
		require.Contains(t, r.Expr, "by ("+by+")", r.Name)
	}
}
