package charts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"strings"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/yaml"
)

// definitions is how the generated part of values.schema.json begins. It is the last key of the file.
const definitions = ",\n  \"$defs\": "

// promDuration is what a flag, a sources file and a ServiceMonitor take, as Prometheus reads it: whole numbers, each unit once, the longest
// first. goDuration is cert-manager's, which knows no days.
var (
	promDuration = map[string]any{"type": "string", "minLength": 2, "pattern": "^([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$"}
	goDuration   = map[string]any{"type": "string", "pattern": "^([0-9]+(h|m|s|ms))+$"}
)

// kept are the keywords that mean the same in the schema of a CRD and in JSON Schema.
var kept = []string{"type", "enum", "required", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"}

// The rules in CEL that a keyword can say, too. The others are told by the adapter when it reads the file.
var (
	celRequired = regexp.MustCompile(`^has\(self\.(\w+)\)(?: && has\(self\.(\w+)\))?$`)
	celRange    = regexp.MustCompile(`^self >= (\d+)(?: && self <= (\d+))?$`)
	celPattern  = regexp.MustCompile(`^self\.matches\('([^']+)'\)`)
	celNotBlank = regexp.MustCompile(`^self\.trim\(\) != ''$`)
)

// SetDefinitions returns values.schema.json with what it refers to: the forms of a duration, and the spec of the CRD as $defs.spec for the
// pools of profile tenant. A field that the CRD does not have is refused: an API server would drop it, and say so.
func SetDefinitions(values, crd []byte) ([]byte, error) {
	var kind apiextensions.CustomResourceDefinition
	if err := yaml.UnmarshalStrict(crd, &kind); err != nil {
		return nil, fmt.Errorf("read CRD: %w", err)
	}
	if len(kind.Spec.Versions) != 1 {
		return nil, fmt.Errorf("CRD %s has %d versions: say which one the pools of a tenant have", kind.Name, len(kind.Spec.Versions))
	}
	raw, err := json.Marshal(kind.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"])
	if err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	var spec map[string]any
	if err := json.Unmarshal(raw, &spec); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	text, err := json.MarshalIndent(map[string]any{"duration": promDuration, "goDuration": goDuration, "spec": closed(spec)}, "  ", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	before, _, found := bytes.Cut(values, []byte(definitions))
	if !found {
		return nil, errors.New(`values.schema.json has no "$defs" as its last key`)
	}
	return append(append(bytes.Clone(before), definitions...), append(text, "\n}\n"...)...), nil
}

// closed is a schema of a CRD as JSON Schema that refuses unknown fields.
func closed(in map[string]any) map[string]any {
	out := map[string]any{}
	for _, k := range kept {
		if v, ok := in[k]; ok {
			out[k] = v
		}
	}
	validations, _ := in["x-kubernetes-validations"].([]any)
	for _, r := range validations {
		text, _ := r.(map[string]any)["rule"].(string)
		translate(strings.Join(strings.Fields(text), " "), out)
	}
	if items, ok := in["items"].(map[string]any); ok {
		out["items"] = closed(items)
	}
	if more, ok := in["additionalProperties"].(map[string]any); ok {
		out["additionalProperties"] = closed(more)
	}
	if properties, ok := in["properties"].(map[string]any); ok {
		fields := maps.Clone(properties)
		for name, field := range properties {
			fields[name] = closed(field.(map[string]any))
		}
		out["properties"], out["additionalProperties"] = fields, false
	}
	return out
}

// translate adds what a rule in CEL says.
func translate(rule string, out map[string]any) {
	if m := celRequired.FindStringSubmatch(rule); m != nil {
		required, _ := out["required"].([]any)
		for _, field := range m[1:] {
			if field != "" {
				required = append(required, field)
			}
		}
		out["required"] = required
	}
	if m := celRange.FindStringSubmatch(rule); m != nil {
		for i, keyword := range []string{"minimum", "maximum"} {
			if m[i+1] != "" {
				out[keyword] = json.Number(m[i+1])
			}
		}
	}
	if m := celPattern.FindStringSubmatch(rule); m != nil {
		out["pattern"] = m[1]
	}
	if celNotBlank.MatchString(rule) {
		out["pattern"] = `\S`
	}
}
