package cluster

import (
	"context"
	"fmt"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// firstLists holds one live list of the ReplicaSets of each namespace, made
// after this process began to lead: the caches may be as old as the wait for the
// lease.
type firstLists struct {
	live client.Reader

	mu    sync.Mutex
	lists map[string]*firstList
}

type firstList struct {
	mu   sync.Mutex
	sets []appsv1.ReplicaSet
	done bool
}

// of returns the list of a namespace.
func (f *firstLists) of(ctx context.Context, namespace string) ([]appsv1.ReplicaSet, error) {
	f.mu.Lock()
	if f.lists == nil {
		f.lists = map[string]*firstList{}
	}
	l := f.lists[namespace]
	if l == nil {
		l = &firstList{}
		f.lists[namespace] = l
	}
	f.mu.Unlock()

	l.mu.Lock() // the other pools of the namespace wait for the same list
	defer l.mu.Unlock()
	if l.done {
		return l.sets, nil
	}
	var list appsv1.ReplicaSetList
	if err := f.live.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list ReplicaSets of namespace %s: %w", namespace, err)
	}
	for i := range list.Items {
		rs := &list.Items[i]
		l.sets = append(l.sets, appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{ // the rest is not read
			Namespace: rs.Namespace, Name: rs.Name, UID: rs.UID, Generation: rs.Generation, OwnerReferences: rs.OwnerReferences,
		}})
	}
	l.done = true
	return l.sets, nil
}

// ready says that the cache shows the pool's ReplicaSets as they are, or as they
// were after this process began to lead: before that nothing is done.
func (r *reconciler) ready(ctx context.Context, w *observe.World, k *known) (bool, error) {
	if k.begun {
		return true, nil
	}
	sets, err := r.first.of(ctx, w.Pool.Namespace)
	if err != nil {
		return false, err
	}
	for i := range sets {
		rs := &sets[i]
		if !isOf(w, rs) {
			continue
		}
		var shown appsv1.ReplicaSet
		found, err := r.get(ctx, client.ObjectKeyFromObject(rs), &shown)
		switch {
		case err != nil:
			return false, err
		case !found && !r.gone(ctx, rs), found && shown.UID == rs.UID && shown.Generation < rs.Generation:
			return false, nil
		}
	}
	k.begun = true
	return true, nil
}

// gone says that a ReplicaSet which the cache does not show is not there any more.
func (r *reconciler) gone(ctx context.Context, rs *appsv1.ReplicaSet) bool {
	var live appsv1.ReplicaSet
	err := r.live.Get(ctx, client.ObjectKeyFromObject(rs), &live)
	return err == nil && live.UID != rs.UID || client.IgnoreNotFound(err) == nil && err != nil
}

// isOf says that a ReplicaSet is one of the pool's.
func isOf(w *observe.World, rs *appsv1.ReplicaSet) bool {
	ref := w.Pool.Spec.ScaleTargetRef
	if ref.Kind == "ReplicaSet" {
		return rs.Name == ref.Name
	}
	owner := controllerOf(rs)
	return owner.Kind == ref.Kind && owner.Name == ref.Name
}
