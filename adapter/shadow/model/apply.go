package model

import (
	"maps"
	"slices"
	"strings"
)

// listMapKeys are the lists whose elements server-side apply tells apart, by
// the path of the list, with the field that is the key.
var listMapKeys = map[string]string{".status.conditions": "type", ".status.shadows": "name"}

// owned is what a field owner applied last.
type owned map[string]any

// applied returns a document as it is once an owner has applied a part of it
// with force: what he applied before and leaves out now goes, unless another
// owner has it.
func applied(doc, part map[string]any, before owned, others []owned) map[string]any {
	out := set(doc, part, "")
	return without(out, before, part, others, "")
}

// set puts a part into a document.
func set(doc, part map[string]any, path string) map[string]any {
	out := maps.Clone(doc)
	if out == nil {
		out = map[string]any{}
	}
	for k, v := range part {
		at := path + "." + k
		switch v := v.(type) {
		case map[string]any:
			old, _ := out[k].(map[string]any)
			out[k] = set(old, v, at)
		case []any:
			out[k] = setList(out[k], v, at)
		default:
			out[k] = v
		}
	}
	return out
}

// setList puts a part into a list: of a list that is a map, only the elements
// that are named.
func setList(old any, part []any, path string) any {
	key, ok := listMapKeys[path]
	if !ok {
		return part
	}
	list, _ := old.([]any)
	out := slices.Clone(list)
	for _, v := range part {
		elem, _ := v.(map[string]any)
		i := find(out, key, elem[key])
		if i < 0 {
			out = append(out, elem)
			continue
		}
		was, _ := out[i].(map[string]any)
		out[i] = set(was, elem, path+"[]")
	}
	return out
}

func find(list []any, key string, value any) int {
	return slices.IndexFunc(list, func(v any) bool {
		m, ok := v.(map[string]any)
		return ok && m[key] == value
	})
}

// without takes out of a document what was applied before and is not now.
func without(doc, before, now map[string]any, others []owned, path string) map[string]any {
	for k, was := range before {
		at := path + "." + k
		is, still := now[k]
		theirs := below(others, k)
		switch was := was.(type) {
		case map[string]any:
			d, ok := doc[k].(map[string]any)
			if !ok {
				continue
			}
			isMap, _ := is.(map[string]any)
			doc[k] = without(d, was, isMap, theirs, at)
			if !still && len(theirs) == 0 && len(d) == 0 {
				delete(doc, k)
			}
		case []any:
			withoutList(doc, k, was, is, theirs, at)
		default:
			if !still && len(theirs) == 0 {
				delete(doc, k)
			}
		}
	}
	return doc
}

func withoutList(doc map[string]any, k string, was []any, is any, others []owned, path string) {
	key, ok := listMapKeys[path]
	isList, _ := is.([]any)
	if !ok {
		if is == nil && len(others) == 0 {
			delete(doc, k)
		}
		return
	}
	list, _ := doc[k].([]any)
	list = slices.DeleteFunc(slices.Clone(list), func(v any) bool {
		m, _ := v.(map[string]any)
		mine := find(was, key, m[key]) >= 0 && find(isList, key, m[key]) < 0
		return mine && !slices.ContainsFunc(others, func(o owned) bool {
			theirs, _ := o[""].([]any)
			return find(theirs, key, m[key]) >= 0
		})
	})
	for i, v := range list {
		m, _ := v.(map[string]any)
		at, still := find(was, key, m[key]), find(isList, key, m[key])
		if at >= 0 && still >= 0 {
			list[i] = withoutFields(m, was[at], isList[still], others, key)
		}
	}
	doc[k] = list
	if len(list) == 0 {
		delete(doc, k)
	}
}

// withoutFields takes out of an element what was applied before and is not now.
func withoutFields(m map[string]any, was, is any, others []owned, key string) map[string]any {
	before, _ := was.(map[string]any)
	now, _ := is.(map[string]any)
	var theirs []owned
	for _, o := range others {
		list, _ := o[""].([]any)
		if i := find(list, key, m[key]); i >= 0 {
			elem, _ := list[i].(map[string]any)
			theirs = append(theirs, elem)
		}
	}
	return without(maps.Clone(m), before, now, theirs, "")
}

// below returns what other owners have under a key; a list stands under the
// empty key.
func below(others []owned, k string) []owned {
	var out []owned
	for _, o := range others {
		switch v := o[k].(type) {
		case nil:
		case map[string]any:
			out = append(out, v)
		default:
			out = append(out, owned{"": v})
		}
	}
	return out
}

// trimmed returns what of an object's document an owner applies: the status, or
// all but the status, without what the server writes.
func trimmed(doc map[string]any, subresource string) map[string]any {
	out := maps.Clone(doc)
	meta, _ := out["metadata"].(map[string]any)
	meta = maps.Clone(meta)
	for _, k := range []string{"creationTimestamp", "resourceVersion", "uid", "generation", "managedFields", "name", "namespace", "deletionTimestamp"} {
		delete(meta, k)
	}
	out["metadata"] = meta
	delete(out, "apiVersion")
	delete(out, "kind")
	if strings.EqualFold(subresource, "status") {
		return map[string]any{"status": out["status"]}
	}
	delete(out, "status")
	return out
}
