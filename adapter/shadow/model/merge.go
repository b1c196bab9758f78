package model

import (
	"encoding/json"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// mergePatch applies a JSON merge patch (RFC 7386) to a document, which it
// changes and returns.
func mergePatch(doc, patch any) any {
	p, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	d, ok := doc.(map[string]any)
	if !ok {
		d = map[string]any{}
	}
	for k, v := range p {
		if v == nil {
			delete(d, k)
			continue
		}
		d[k] = mergePatch(d[k], v)
	}
	return d
}

// patched returns an object with a merge patch applied, as a new one.
func patched(o client.Object, body []byte) (client.Object, error) {
	var patch any
	if err := json.Unmarshal(body, &patch); err != nil {
		return nil, fmt.Errorf("read patch: %w", err)
	}
	doc, err := document(o)
	if err != nil {
		return nil, err
	}
	return typed(kindOf(o), mergePatch(doc, patch))
}

// document returns an object as a JSON document.
func document(o client.Object) (map[string]any, error) {
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", kindOf(o), err)
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("read %s: %w", kindOf(o), err)
	}
	return doc, nil
}

// typed returns a JSON document as an object of a kind.
func typed(k Kind, doc any) (client.Object, error) {
	raw, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", k, err)
	}
	out := newObject(k)
	if err := json.Unmarshal(raw, out); err != nil {
		return nil, fmt.Errorf("read %s: %w", k, err)
	}
	return out, nil
}
