package adapter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/foreshadow-dev/foreshadow"

// graph maps each package of ours, named from the module's root, to what it imports.
type graph map[string]importing

// importing holds full import paths: of a package's code, of its tests, and of everything that its code links.
type importing struct{ code, tests, links []string }

// loadGraph asks the go command, which reads imports and builds nothing.
func loadGraph(t *testing.T) graph {
	t.Helper()
	openFolders(t, "..")
	cmd := exec.CommandContext(t.Context(), "go", "list", "-tags", "e2e", "-json=ImportPath,Imports,TestImports,XTestImports,Deps", "./...")
	cmd.Dir = ".."
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("list the module's packages: %v\n%s", err, stderr.String())
	}
	g := graph{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			ImportPath                               string
			Imports, TestImports, XTestImports, Deps []string
		}
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return g
		}
		if err != nil {
			t.Fatalf("read the list of packages: %v", err)
		}
		g[local(p.ImportPath)] = importing{code: p.Imports, tests: slices.Concat(p.TestImports, p.XTestImports), links: p.Deps}
	}
}

// openFolders makes this test's cached result depend on the sources: go test notices what a test opens, not what its children read.
func openFolders(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if hidden := strings.HasPrefix(d.Name(), ".") && path != root; d.IsDir() && hidden {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatalf("walk the module: %v", err)
	}
}

// violations lists, sorted, whatever the rules do not allow.
func violations(g graph) []string {
	var found []string
	for path, p := range g {
		row, ok := rowOf(path)
		if !ok {
			found = append(found, path+" has no row in imports: say what it may import, and why")
			continue
		}
		found = append(found, ownImports(path, row, p)...)
		found = append(found, foreignImports(path, p)...)
	}
	slices.Sort(found)
	return found
}

// rowOf finds the row of a package: its own, or that of a folder above it.
func rowOf(path string) (string, bool) {
	for row := range imports {
		if matches(path, row) {
			return row, true
		}
	}
	return "", false
}

func ownImports(path, row string, p importing) []string {
	var found []string
	rule := imports[row]
	for _, imp := range p.code {
		switch to := local(imp); {
		case imp == to: // not ours
		case !matches(to, rule.may...):
			found = append(found, fmt.Sprintf("%s imports %s: %s", path, to, rule.why))
		case strings.HasSuffix(to, "test") && !strings.HasSuffix(to, "backtest") && !matches(path, "e2e/..."):
			found = append(found, fmt.Sprintf("%s imports %s: it is for tests", path, to))
		}
	}
	for _, imp := range p.tests {
		to := local(imp)
		if imp != to && to != path && !matches(to, rule.may...) && !matches(to, rule.tests...) {
			found = append(found, fmt.Sprintf("%s imports %s in tests: %s", path, to, rule.why))
		}
	}
	return found
}

func foreignImports(path string, p importing) []string {
	var found []string
	if path == "forecast" {
		for _, imp := range p.code {
			if !standard(imp) && !matches(imp, numbers...) {
				found = append(found, fmt.Sprintf("%s imports %s: %s", path, imp, imports[path].why))
			}
		}
	}
	for _, dep := range dependencies {
		say := func(verb, suffix string, paths []string, may []string) {
			for _, imp := range paths {
				if matches(imp, dep.of...) && !matches(imp, dep.except...) && !matches(path, may...) {
					found = append(found, fmt.Sprintf("%s %s %s%s: %s", path, verb, imp, suffix, dep.why))
				}
			}
		}
		say("imports", "", p.code, dep.importedBy)
		say("links", "", p.links, dep.linkedBy)
		if !dep.tests {
			say("imports", " in tests", p.tests, dep.importedBy)
		}
	}
	return found
}

// staleRows lists, sorted, the rows that no package has.
func staleRows(g graph) []string {
	var found []string
	for row := range imports {
		paths := slices.Collect(maps.Keys(g))
		if !slices.ContainsFunc(paths, func(path string) bool { return matches(path, row) }) {
			found = append(found, "imports has a row for "+row+", which is gone: delete it")
		}
	}
	slices.Sort(found)
	return found
}

// local names a package of ours from the module's root and leaves others alone.
func local(importPath string) string { return strings.TrimPrefix(importPath, module+"/") }

// standard says whether a path is the standard library's: its first element has no dot.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

// matches says whether a path is one of the patterns, or below one that ends in /... .
func matches(path string, patterns ...string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		above, tree := strings.CutSuffix(pattern, "...")
		above = strings.TrimSuffix(above, "/")
		return path == above || tree && (above == "" || strings.HasPrefix(path, above+"/"))
	})
}
