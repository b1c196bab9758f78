package actuate

import (
	"context"
	"encoding/json"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// scale sets the replicas of the workload, where the pool owns its scale. Whoever
// else wants another number is overruled, but what the pool says now is asked
// after each conflict, and before the workload is lowered. The pool is read after
// the workload: who raised that in between has read the pool before.
func (c *act) scale(ctx context.Context, o *Outcome) {
	workload, was := workloadOf(c.w)
	if workload == nil {
		o.Result = ResultGone
		return
	}
	var err error
	for try := range tries {
		if was == o.Replicas {
			o.Result = ResultAlready
			return
		}
		if (try > 0 || was > o.Replicas) && !c.lowers(ctx, o) {
			return
		}
		var got client.Object
		got, err = c.send(ctx, pointScale, scaling(workload, o.Replicas))
		if err == nil {
			c.scaled(o, workload, got)
			return
		}
		if ctx.Err() != nil {
			o.Err = err
			return
		}
		if f := fateOf(err); f == fateGone {
			o.Result = ResultGone
			return
		} else if f == fateFinal || waitOf(err) > 0 {
			break
		}
		if !c.rereadWorkload(ctx, o, workload) {
			return
		}
		was = replicasIn(workload)
	}
	o.Result, o.Err = ResultFailed, err
	if fateOf(err) == fateConflict {
		o.Result = ResultConflict
	}
}

// rereadWorkload takes the workload as it is now. It says whether it is there.
func (c *act) rereadWorkload(ctx context.Context, o *Outcome, workload client.Object) bool {
	uid := workload.GetUID()
	err := c.read(ctx, workload.GetName(), workload)
	switch {
	case apierrors.IsNotFound(err), err == nil && workload.GetUID() != uid:
		o.Result = ResultGone
	case err != nil:
		o.Result, o.Err = ResultFailed, fmt.Errorf("read it again: %w", err)
	default:
		return true
	}
	return false
}

// scaling is the write of a workload's scale.
func scaling(workload client.Object, replicas int32) Write {
	// Strings and a number: nothing here can fail.
	raw, _ := json.Marshal(map[string]any{ //nolint:errchkjson // see above
		"metadata": map[string]any{"uid": workload.GetUID(), "resourceVersion": workload.GetResourceVersion()},
		"spec":     map[string]any{"replicas": replicas},
	})
	return Write{Verb: VerbPatch, Object: workload, Subresource: "scale", Patch: raw, Kind: shadow.KindScale}
}

// scaled takes what the server has: the workload or its Scale.
func (c *act) scaled(o *Outcome, workload, got client.Object) {
	if got == nil {
		o.Result, o.Err = ResultFailed, errNothingReturned
		return
	}
	if n := replicasIn(got); n != o.Replicas {
		o.Result, o.Err = ResultFailed, &differsError{".spec.replicas"}
		return
	}
	o.Result = ResultDone
	c.overlay.scaled(c.w.Pool.Key(), workload.GetUID(), got.GetResourceVersion(), o.Replicas)
}

// workloadOf returns a copy of the workload, and the replicas that it has; nil
// if there is none.
func workloadOf(w *observe.World) (client.Object, int32) {
	var out client.Object
	switch {
	case w.Deployment != nil:
		out = w.Deployment.DeepCopy()
	case w.ReplicaSet != nil:
		out = w.ReplicaSet.DeepCopy()
	case w.Rollout != nil:
		out = w.Rollout.DeepCopy()
	default:
		return nil, 0
	}
	if out.GetObjectKind().GroupVersionKind().Empty() {
		out.GetObjectKind().SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind(w.Pool.Spec.ScaleTargetRef.Kind))
	}
	return out, replicasIn(out)
}

// replicasIn reads spec.replicas, which is 1 where nobody wrote it.
func replicasIn(o client.Object) int32 {
	switch o := o.(type) {
	case *appsv1.Deployment:
		return observe.Replicas(o.Spec.Replicas)
	case *appsv1.ReplicaSet:
		return observe.Replicas(o.Spec.Replicas)
	case *autoscalingv1.Scale:
		return o.Spec.Replicas
	case *unstructured.Unstructured:
		if v, ok, err := unstructured.NestedInt64(o.Object, "spec", "replicas"); ok && err == nil {
			return int32(v)
		}
	}
	return observe.Replicas(nil)
}
