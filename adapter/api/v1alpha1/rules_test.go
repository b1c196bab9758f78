package v1alpha1_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
)

// rule is one thing that the schema can refuse: where, and in which words.
type rule struct {
	path string
	says string
}

func (r rule) meets(sentence string) bool {
	return strings.HasPrefix(sentence, r.path+": ") && strings.Contains(sentence, r.says)
}

// rulesOf lists the rules of what a person writes: metadata belongs to the
// server, status to the adapter.
func rulesOf(s *apiextensions.JSONSchemaProps, path []string) []rule {
	here := strings.Join(path, ".")
	var out []rule
	for _, v := range s.XValidations {
		out = append(out, rule{path: strings.TrimPrefix(here+v.FieldPath, "."), says: v.Message})
	}
	if s.MaxLength != nil {
		out = append(out, rule{path: here, says: fmt.Sprintf("Too long: may not be more than %d bytes", *s.MaxLength)})
	}
	if s.MaxProperties != nil {
		out = append(out, rule{path: here, says: fmt.Sprintf("must have at most %d items", *s.MaxProperties)})
	}
	if s.MaxItems != nil {
		out = append(out, rule{path: here, says: fmt.Sprintf("must have at most %d items", *s.MaxItems)})
	}
	if s.Items != nil && s.Items.Schema != nil {
		out = append(out, rulesOf(s.Items.Schema, append(slices.Clone(path[:len(path)-1]), path[len(path)-1]+"[0]"))...)
	}
	if s.Enum != nil {
		out = append(out, rule{path: here, says: "Unsupported value"})
	}
	for _, name := range s.Required {
		out = append(out, rule{path: strings.TrimPrefix(here+"."+name, "."), says: "Required value"})
	}
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if len(path) == 0 && (name == "metadata" || name == "status") {
			continue
		}
		property := s.Properties[name]
		out = append(out, rulesOf(&property, append(slices.Clone(path), name))...)
	}
	return out
}
