package rig

import (
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/actuate"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// The functions below are the parts of which bugs are made.

// wrongPatch changes the metadata of the patches of a kind.
func wrongPatch(kind shadow.Kind, change func(meta map[string]any)) func() Tamper {
	return func() Tamper {
		return Tamper{Write: func(w *actuate.Write) {
			if w.Verb == actuate.VerbPatch && w.Kind == kind {
				w.Patch = repatched(w.Patch, change)
			}
		}}
	}
}

// repatched returns a patch with other metadata.
func repatched(patch []byte, change func(meta map[string]any)) []byte {
	var doc map[string]any
	if err := json.Unmarshal(patch, &doc); err != nil {
		panic(fmt.Sprintf("rig: patch: %v", err))
	}
	change(part(doc, "metadata"))
	out, err := json.Marshal(doc)
	if err != nil {
		panic(fmt.Sprintf("rig: patch: %v", err))
	}
	return out
}

// part returns an object within one, empty if it is not there.
func part(doc map[string]any, key string) map[string]any {
	out, ok := doc[key].(map[string]any)
	if !ok {
		out = map[string]any{}
	}
	doc[key] = out
	return out
}

// without takes a field of a patch away.
func without(path ...string) func(meta map[string]any) {
	return func(meta map[string]any) {
		for _, key := range path[:len(path)-1] {
			meta = part(meta, key)
		}
		delete(meta, path[len(path)-1])
	}
}

// wrongOwner changes the owner that an activation writes.
func wrongOwner(change func(owner map[string]any)) func(meta map[string]any) {
	return func(meta map[string]any) {
		owners, _ := meta["ownerReferences"].([]any)
		for _, o := range owners {
			if owner, ok := o.(map[string]any); ok {
				change(owner)
			}
		}
	}
}

// wrongPod changes the pods that are made.
func wrongPod(change func(*corev1.Pod)) func() Tamper {
	return func() Tamper {
		return Tamper{Write: func(w *actuate.Write) {
			if p, ok := w.Object.(*corev1.Pod); ok && w.Verb == actuate.VerbCreate {
				p = p.DeepCopy()
				change(p)
				w.Object = p
			}
		}}
	}
}

// wrongStatus changes the status that is written of a pool.
func wrongStatus(change func(*v1alpha1.ShadowPoolStatus)) func(*actuate.Write) {
	return func(w *actuate.Write) {
		if p, ok := w.Object.(*v1alpha1.ShadowPool); ok {
			p = p.DeepCopy()
			change(&p.Status)
			w.Object = p
		}
	}
}

// wrongPool changes the pool that a leader sees.
func wrongPool(change func(*v1alpha1.ShadowPool)) func() Tamper {
	return func() Tamper {
		return Tamper{World: func(w *observe.World) {
			w.Pool = w.Pool.DeepCopy()
			change(w.Pool)
		}}
	}
}

// wrongShadows changes what a leader sees of its shadows.
func wrongShadows(change func(in *shadow.Observed, p *shadow.Pod)) func() Tamper {
	return func() Tamper {
		return Tamper{Observed: func(in *shadow.Observed) {
			for i := range in.Pods {
				if p := &in.Pods[i]; p.Owner == shadow.OwnerPool && p.Active() {
					change(in, p)
				}
			}
		}}
	}
}

// never leaves the actions of a kind out.
func never(kind shadow.Kind) func() Tamper {
	return func() Tamper {
		return Tamper{Decision: func(_ shadow.Observed, d *shadow.Decision) {
			kept := make([]shadow.Action, 0, len(d.Actions))
			for _, a := range d.Actions {
				if a.Kind != kind {
					kept = append(kept, a)
				}
			}
			d.Actions = kept
		}}
	}
}

// inTwo sends an activation in two writes, of which the first has the keys of
// metadata that first keeps.
func inTwo(first func(meta map[string]any)) func() Tamper {
	return func() Tamper {
		return Tamper{Send: func(w actuate.Write, send func(actuate.Write) (client.Object, error)) (client.Object, error) {
			if w.Kind != shadow.KindActivate {
				return send(w)
			}
			one, two := w, w
			one.Patch = repatched(w.Patch, first)
			o, err := send(one)
			if err != nil {
				return o, err
			}
			two.Patch = repatched(w.Patch, func(meta map[string]any) { meta["resourceVersion"] = o.GetResourceVersion() })
			return send(two)
		}}
	}
}

// current returns the ReplicaSet of the newest template as it was observed.
func current(in *shadow.Observed) *shadow.ReplicaSet {
	for i := range in.ReplicaSets {
		if in.ReplicaSets[i].UID == in.Workload.CurrentUID {
			return &in.ReplicaSets[i]
		}
	}
	return nil
}

// raised returns ReplicaSets that ask for one more pod where they ask for any.
func raised(sets []*appsv1.ReplicaSet) []*appsv1.ReplicaSet {
	out := make([]*appsv1.ReplicaSet, len(sets))
	for i, rs := range sets {
		out[i] = rs.DeepCopy()
		if n := *rs.Spec.Replicas; n > 0 {
			out[i].Spec.Replicas = new(n + 1)
		}
	}
	return out
}
