package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const (
	wide       = "wide"
	nameFormat = "name"
)

// viewVersion is the apiVersion of what the verbs print that is no object of
// the cluster.
const viewVersion = "cli.foreshadow.dev/v1alpha1"

// output is -o and its kin.
type output struct {
	format  string
	formats []string // that the verb has
	flags   *genericclioptions.PrintFlags
}

// install adds -o; extra are the formats of the verb beside kubectl's.
func (o *output) install(cmd *cobra.Command, extra ...string) {
	o.flags = genericclioptions.NewPrintFlags("")
	o.flags.OutputFormat = nil // the flag is ours, for it lists more
	o.flags.AddFlags(cmd)
	o.flags.OutputFormat = &o.format
	o.flags.OutputFlagSpecified = func() bool { return cmd.Flags().Changed("output") }
	o.formats = append(o.flags.AllowedFormats(), "custom-columns", "custom-columns-file")
	o.formats = append(o.formats, extra...)
	cmd.Flags().StringVarP(&o.format, "output", "o", "", "Output format. One of: ("+strings.Join(o.formats, ", ")+").")
	complete(cmd, "output", o.formats...)
}

// printer returns the printer of the format; nil for a person's.
func (o *output) printer(operation, suffix string) (printers.ResourcePrinter, error) {
	kind, spec, _ := strings.Cut(o.format, "=")
	switch {
	case kind == "custom-columns" || kind == "custom-columns-file":
		return newColumnsPrinter(kind, spec)
	case o.format == wide, o.format == "" && operation == "" && *o.flags.TemplatePrinterFlags.TemplateArgument == "":
		return nil, nil //nolint:nilnil // the verb prints what a person reads
	}
	o.flags.NamePrintFlags.Operation = operation
	if err := o.flags.Complete("%s" + suffix); err != nil {
		return nil, err
	}
	p, err := o.flags.ToPrinter()
	if genericclioptions.IsNoCompatiblePrinterError(err) {
		return nil, fmt.Errorf("--output: %q: write one of %s", o.format, strings.Join(o.formats, ", ")) // kubectl's error knows its own alone
	}
	if err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	return p, nil
}

// human says that a person is to read it.
func (o *output) human() bool { return o.format == "" || o.format == wide }

// view returns a value as an object of its own kind.
func view(kind, namespace, name string, v any) (*unstructured.Unstructured, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", kind, err)
	}
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal(raw, &u.Object); err != nil {
		return nil, fmt.Errorf("write %s: %w", kind, err)
	}
	u.SetAPIVersion(viewVersion)
	u.SetKind(kind)
	u.SetNamespace(namespace)
	u.SetName(name)
	return u, nil
}

// poolObject returns a pool as it is printed, its managed fields apart.
func poolObject(p *v1alpha1.ShadowPool) (*unstructured.Unstructured, error) {
	raw, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write pool %s: %w", p.Key(), err)
	}
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal(raw, &u.Object); err != nil {
		return nil, fmt.Errorf("write pool %s: %w", p.Key(), err)
	}
	u.SetGroupVersionKind(v1alpha1.GroupVersionKind())
	if status, ok := u.Object["status"].(map[string]any); ok && len(status) == 0 {
		delete(u.Object, "status")
	}
	return u, nil
}

// list wraps objects as kubectl does when there may be several.
func list(items []*unstructured.Unstructured) *unstructured.UnstructuredList {
	l := &unstructured.UnstructuredList{Items: []unstructured.Unstructured{}}
	l.SetAPIVersion("v1")
	l.SetKind("List")
	for _, u := range items {
		l.Items = append(l.Items, *u)
	}
	return l
}

// show prints an object in one write, so that half of it never stands there.
func (f *factory) show(p printers.ResourcePrinter, obj runtime.Object) error {
	var buf bytes.Buffer
	if err := p.PrintObj(obj, &buf); err != nil {
		return err
	}
	return f.write(buf.String())
}

// write prints a text on the standard output.
func (f *factory) write(text string) error {
	_, err := f.Streams.Out.Write([]byte(text))
	return err
}
