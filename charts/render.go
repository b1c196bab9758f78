// Package charts renders the Helm chart of this repository as Helm does, for the
// tests that read, check and install what comes out. Nothing that ships links it.
package charts

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// Release is where and as what the chart is rendered.
type Release struct{ Name, Namespace string }

// Render returns the objects that `helm template` would print for the values, in
// the order of their files. Values that the schema does not take are an error that
// names their path; what does not fit together is one that says what to write.
// No cluster is asked: what the chart looks up in one is not there.
func Render(dir string, r Release, values map[string]any) ([]*unstructured.Unstructured, error) {
	files, err := render(dir, r, values)
	if err != nil {
		return nil, err
	}
	var out []*unstructured.Unstructured
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if filepath.Ext(name) != ".yaml" {
			continue
		}
		objects, err := decode(files[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		out = append(out, objects...)
	}
	return out, nil
}

func render(dir string, r Release, values map[string]any) (map[string]string, error) {
	chart, err := loader.LoadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("load chart: %w", err)
	}
	all, err := util.ToRenderValues(chart, values, common.ReleaseOptions{Name: r.Name, Namespace: r.Namespace, IsInstall: true, Revision: 1}, nil)
	if err != nil {
		return nil, err
	}
	return engine.Render(chart, all)
}

func decode(manifest string) ([]*unstructured.Unstructured, error) {
	d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(manifest)), len(manifest)+1)
	var out []*unstructured.Unstructured
	for {
		o := &unstructured.Unstructured{}
		err := d.Decode(&o.Object)
		switch {
		case errors.Is(err, io.EOF):
			return out, nil
		case err != nil:
			return nil, err
		case len(o.Object) > 0:
			out = append(out, o)
		}
	}
}

// Arguments returns the arguments of the first container of a Deployment.
func Arguments(deployment *unstructured.Unstructured) ([]string, error) {
	d := &appsv1.Deployment{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(deployment.Object, d); err != nil {
		return nil, fmt.Errorf("read Deployment %s: %w", deployment.GetName(), err)
	}
	return d.Spec.Template.Spec.Containers[0].Args, nil
}

// Manifest writes objects as one stream of YAML documents.
func Manifest(objects []*unstructured.Unstructured) (string, error) {
	var b strings.Builder
	for _, o := range objects {
		raw, err := o.MarshalJSON() // JSON is YAML
		if err != nil {
			return "", err
		}
		b.WriteString("---\n")
		b.Write(raw)
	}
	return b.String(), nil
}
