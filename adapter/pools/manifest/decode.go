package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
	kjson "sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// MaxBytes bounds a pools file. Thousands of pools are a few MiB.
const MaxBytes = 16 << 20

// Decode reads the ShadowPools of a YAML stream, with their defaults. A pool
// without namespace is in "default". It says at once all that is wrong, each
// with the file's name, the document, the field and what to write instead.
//
// It takes what an API server takes, and one thing more: an empty string where
// the spec has a default, such as mode: "", gets the default
// (v1alpha1.ShadowPool.Default).
func Decode(file string, raw []byte) ([]*v1alpha1.ShadowPool, error) {
	if len(raw) > MaxBytes {
		return nil, fmt.Errorf("%s: %d bytes: write at most %d, in several files for several adapters", file, len(raw), MaxBytes)
	}
	docs := split(bytes.TrimPrefix(raw, []byte("\ufeff")))
	if len(docs) == 0 {
		return nil, fmt.Errorf("%s: no ShadowPool: write at least one document of apiVersion %s and kind %s", file, v1alpha1.GroupVersion(), v1alpha1.Kind)
	}
	var (
		pools []*v1alpha1.ShadowPool
		all   []error
		taken = newTaken()
	)
	for _, doc := range docs {
		pool, errs := decodeOne(doc.text)
		where := fmt.Sprintf("%s: document %d", file, doc.number)
		if pool != nil && pool.Name != "" {
			where += " (" + pool.Key().String() + ")"
			errs = append(errs, taken.add(pool, doc.number)...)
		}
		for _, err := range errs {
			all = append(all, fmt.Errorf("%s: %w", where, err))
		}
		pools = append(pools, pool)
	}
	if len(all) > 0 {
		return nil, errors.Join(all...)
	}
	return pools, nil
}

// decodeOne reads one document. The pool may be there although errs are.
func decodeOne(text []byte) (pool *v1alpha1.ShadowPool, errs []error) {
	asJSON, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return nil, []error{plainYAMLError(err)}
	}
	if errs := checkKind(asJSON); len(errs) > 0 {
		return nil, errs
	}
	pool = &v1alpha1.ShadowPool{}
	strict, err := kjson.UnmarshalStrict(asJSON, pool)
	if err != nil {
		return nil, []error{typeError(asJSON, err)}
	}
	for _, err := range strict {
		errs = append(errs, unknownField(err))
	}
	if pool.Namespace == "" {
		pool.Namespace = "default"
	}
	pool.Status = v1alpha1.ShadowPoolStatus{}
	pool.Default()
	for _, err := range append(append(pool.Validate(), pool.ValidatePause()...), validateNamespace(pool)...) {
		errs = append(errs, err)
	}
	return pool, errs
}

// checkKind looks at apiVersion and kind first: a document of another kind
// would otherwise drown its reader in unknown fields.
func checkKind(asJSON []byte) []error {
	var head struct {
		APIVersion any `json:"apiVersion"`
		Kind       any `json:"kind"`
	}
	if err := kjson.UnmarshalCaseSensitivePreserveInts(asJSON, &head); err != nil {
		return []error{errors.New("no object: write a ShadowPool with apiVersion, kind, metadata and spec")}
	}
	var errs []error
	for _, each := range []struct {
		name, want string
		got        any
	}{{"apiVersion", v1alpha1.GroupVersion().String(), head.APIVersion}, {"kind", v1alpha1.Kind, head.Kind}} {
		switch each.got {
		case each.want:
		case nil, "":
			errs = append(errs, field.Required(field.NewPath(each.name), "write "+each.want))
		default:
			errs = append(errs, field.NotSupported(field.NewPath(each.name), each.got, []string{each.want}))
		}
	}
	return errs
}

func validateNamespace(pool *v1alpha1.ShadowPool) field.ErrorList {
	if len(validation.IsDNS1123Label(pool.Namespace)) == 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(field.NewPath("metadata", "namespace"), pool.Namespace,
		"write at most 63 lower-case letters, digits and '-'")}
}

// plainYAMLError drops what the YAML library says about itself.
func plainYAMLError(err error) error {
	said := strings.TrimPrefix(err.Error(), "error converting YAML to JSON: ")
	return fmt.Errorf("read YAML: %s", strings.TrimPrefix(said, "yaml: "))
}
