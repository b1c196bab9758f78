package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/printers"
	"k8s.io/client-go/util/jsonpath"
)

// columnsPrinter is -o custom-columns: HEADER:path,HEADER:path.
type columnsPrinter struct {
	headers []string
	paths   []*jsonpath.JSONPath
	begun   bool
}

// newColumnsPrinter reads the columns from the flag, or from a file with a line
// of headers and a line of paths.
func newColumnsPrinter(format, spec string) (printers.ResourcePrinter, error) {
	var headers, paths []string
	if format == "custom-columns-file" {
		raw, err := os.ReadFile(filepath.Clean(spec))
		if err != nil {
			return nil, fmt.Errorf("--output: %w", err)
		}
		lines := strings.SplitN(strings.TrimSpace(string(raw)), "\n", 2)
		if len(lines) != 2 {
			return nil, fmt.Errorf("--output: %s: write a line of headers and a line of paths", spec)
		}
		headers, paths = strings.Fields(lines[0]), strings.Fields(lines[1])
	} else {
		for column := range strings.SplitSeq(spec, ",") {
			header, path, found := strings.Cut(column, ":")
			if !found {
				return nil, fmt.Errorf("--output: custom column %q: write HEADER:path, such as NAME:.metadata.name", column)
			}
			headers, paths = append(headers, header), append(paths, path)
		}
	}
	if len(headers) != len(paths) {
		return nil, fmt.Errorf("--output: %d headers and %d paths: write as many of both", len(headers), len(paths))
	}
	p := &columnsPrinter{headers: headers}
	for _, path := range paths {
		j := jsonpath.New("column").AllowMissingKeys(true)
		if err := j.Parse("{." + strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(path, "{"), "}"), ".") + "}"); err != nil {
			return nil, fmt.Errorf("--output: path %q: %w", path, err)
		}
		p.paths = append(p.paths, j)
	}
	return p, nil
}

// PrintObj implements printers.ResourcePrinter for unstructured objects.
func (p *columnsPrinter) PrintObj(obj runtime.Object, w io.Writer) error {
	tw := printers.GetNewTabWriter(w)
	if !p.begun {
		p.begun = true
		if _, err := fmt.Fprintln(tw, strings.Join(p.headers, "\t")); err != nil {
			return err
		}
	}
	items := []runtime.Object{obj}
	if meta.IsListType(obj) {
		var err error
		if items, err = meta.ExtractList(obj); err != nil {
			return err
		}
	}
	for _, item := range items {
		u, ok := item.(*unstructured.Unstructured)
		if !ok {
			return errors.New("custom columns: the object has no fields to read")
		}
		var row []string
		for _, path := range p.paths {
			cell, err := cellOf(path, u.Object)
			if err != nil {
				return err
			}
			row = append(row, printers.EscapeTerminal(cell))
		}
		if _, err := fmt.Fprintln(tw, strings.Join(row, "\t")); err != nil {
			return err
		}
	}
	return tw.Flush()
}

// cellOf joins what a path finds.
func cellOf(path *jsonpath.JSONPath, object map[string]any) (string, error) {
	found, err := path.FindResults(object)
	if err != nil {
		return "", err
	}
	var cells []string
	for _, values := range found {
		for _, v := range values {
			cells = append(cells, fmt.Sprint(v.Interface()))
		}
	}
	if len(cells) == 0 {
		return "<none>", nil
	}
	return strings.Join(cells, ","), nil
}
