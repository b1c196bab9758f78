package manifest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	kjson "sigs.k8s.io/json"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

var indexes = regexp.MustCompile(`\[[0-9]+\]`)

// unknownField rewrites what the strict decoder says of a field that the
// ShadowPool lacks: with the name that was probably meant.
func unknownField(err error) error {
	var at kjson.FieldError
	if !errors.As(err, &at) {
		return err
	}
	path := at.FieldPath()
	parent, name := "", path
	if i := strings.LastIndex(path, "."); i >= 0 {
		parent, name = path[:i], path[i+1:]
	}
	known := fieldsAt(parent)
	if len(known) == 0 {
		return fmt.Errorf("%s: unknown field: remove it", path)
	}
	if place, found := elsewhere[path]; found {
		return fmt.Errorf("%s: unknown field: write %s", path, place)
	}
	if near := nearest(name, known); near != "" {
		return fmt.Errorf("%s: unknown field: write %q, or remove it", path, near)
	}
	return fmt.Errorf("%s: unknown field: remove it, or write one of %s", path, strings.Join(known, ", "))
}

// typeError names the field whose value has the wrong type. The strict decoder
// keeps that to itself, so the document is read once more.
func typeError(asJSON []byte, err error) error {
	var mismatch *json.UnmarshalTypeError
	if !errors.As(json.Unmarshal(asJSON, &v1alpha1.ShadowPool{}), &mismatch) || mismatch.Field == "" {
		return fmt.Errorf("read document: %w", err)
	}
	wanted := "an object with the fields of the ShadowPool"
	switch mismatch.Type.Kind() {
	case reflect.String:
		wanted = "a string, in quotes where it looks like a number"
		if mismatch.Type == reflect.TypeFor[v1alpha1.Duration]() {
			wanted = `a duration, in quotes, such as "3m"`
		} else if strings.HasPrefix(mismatch.Value, "number") {
			wanted = fmt.Sprintf("it in quotes: %q", valueAt(asJSON, mismatch.Field))
		}
	case reflect.Int32, reflect.Int64:
		wanted = "a whole number, without quotes"
	case reflect.Slice:
		wanted = "a list"
	}
	return fmt.Errorf("%s: Invalid value: %s: write %s", mismatch.Field, cmp.Or(valueAt(asJSON, mismatch.Field), mismatch.Value), wanted)
}

// valueAt is the number or text at a path of a document; empty for all else.
func valueAt(asJSON []byte, path string) string {
	var at any
	d := json.NewDecoder(bytes.NewReader(asJSON))
	d.UseNumber()
	if err := d.Decode(&at); err != nil {
		return ""
	}
	for name := range strings.SplitSeq(path, ".") {
		m, _ := at.(map[string]any)
		at = m[name]
	}
	switch v := at.(type) {
	case json.Number:
		return v.String()
	case string:
		return strconv.Quote(v)
	}
	return ""
}

// elsewhere are fields that people look for in another place.
var elsewhere = map[string]string{
	"spec.load.window": "spec.history.window", "spec.load.step": "spec.history.step",
	"spec.window": "spec.history.window", "spec.step": "spec.history.step",
	"spec.query": "spec.load.query", "spec.capacityPerReplica": "spec.load.capacityPerReplica",
	"spec.quantile": "spec.prediction.quantile", "spec.coldStartLead": "spec.prediction.coldStartLead",
	"spec.timeZone": "spec.calendar.timeZone",
}

// fieldsAt lists the fields that the ShadowPool has at a path.
func fieldsAt(path string) []string {
	at := reflect.TypeFor[v1alpha1.ShadowPool]()
	for part := range strings.SplitSeq(indexes.ReplaceAllString(path, ""), ".") {
		if part == "" {
			continue
		}
		next, found := fieldsOf(at)[part]
		if !found {
			return nil
		}
		at = next
	}
	known := fieldsOf(at)
	names := make([]string, 0, len(known))
	for name := range known {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// fieldsOf maps the JSON names of a struct's fields to their types, looking
// through pointers and lists.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	out := map[string]reflect.Type{}
	if t.Kind() != reflect.Struct {
		return out
	}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case strings.Contains(options, "inline"):
			maps.Copy(out, fieldsOf(f.Type))
		case name != "" && name != "-" && f.IsExported():
			out[name] = f.Type
		}
	}
	return out
}

// nearest returns the known name with the fewest edits from name, or "" where
// none is near: a third of its letters, or the two of a swap.
func nearest(name string, known []string) string {
	best, least := "", max(2, len(name)/3)+1
	for _, candidate := range known {
		if d := edits(strings.ToLower(name), strings.ToLower(candidate)); d < least && d < len(name) {
			best, least = candidate, d
		}
	}
	return best
}

// edits counts the letters to insert, remove or replace to get from a to b
// (V. I. Levenshtein, 1966), a row of the table at a time.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
