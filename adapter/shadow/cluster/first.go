package cluster

import (
	"context"
	"fmt"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// firstLists holds one live list of the ReplicaSets of each namespace, made
// after this process began to lead: the caches may be as old as the wait for the
// lease. What the cache has shown since is dropped from it.
type firstLists struct {
	live client.Reader

	mu    sync.Mutex
	lists map[string]*firstList
}

type firstList struct {
	mu   sync.Mutex
	left []listed
	done bool
}

// listed is what counts of a ReplicaSet that was listed.
type listed struct {
	types.NamespacedName
	uid        types.UID
	generation int64
	// kind and owner are those of who controls it.
	kind, owner string
}

// of returns the list of a namespace.
func (f *firstLists) of(ctx context.Context, namespace string) (*firstList, error) {
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
		return l, nil
	}
	var list appsv1.ReplicaSetList
	if err := f.live.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return nil, fmt.Errorf("list ReplicaSets of namespace %s: %w", namespace, err)
	}
	for i := range list.Items {
		rs := &list.Items[i]
		ref := controllerOf(rs)
		l.left = append(l.left, listed{client.ObjectKeyFromObject(rs), rs.UID, rs.Generation, ref.Kind, ref.Name})
	}
	l.done = true
	return l, nil
}

// drop takes out what need not be waited for any more, and says whether anything
// is left that matters.
func (l *firstList) drop(over func(listed) (bool, error), matters func(listed) bool) (left bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var kept []listed
	for _, rs := range l.left {
		is := false
		if err == nil {
			is, err = over(rs)
		}
		if !is {
			kept = append(kept, rs)
			left = left || matters(rs)
		}
	}
	l.left = kept
	return left, err
}

// ready says that the cache shows the pool's ReplicaSets as they are, or as they
// were after this process began to lead: before that nothing is done.
func (r *reconciler) ready(ctx context.Context, w *observe.World, k *known) (bool, error) {
	if k.begun {
		return true, nil
	}
	list, err := r.first.of(ctx, w.Pool.Namespace)
	if err != nil {
		return false, err
	}
	mine := func(rs listed) bool { return isOf(w, rs) }
	asked := false // of the strangers that the cache does not show one is asked for at each look
	left, err := list.drop(func(rs listed) (bool, error) {
		var shown appsv1.ReplicaSet
		found, err := r.get(ctx, rs.NamespacedName, &shown)
		switch {
		case err != nil:
			return false, err
		case found:
			return shown.UID != rs.uid || shown.Generation >= rs.generation, nil
		case mine(rs) || !asked:
			asked = asked || !mine(rs)
			return r.gone(ctx, rs), nil
		}
		return false, nil
	}, mine)
	k.begun = err == nil && !left
	return k.begun, err
}

// gone says that a ReplicaSet which the cache does not show is not there any more.
func (r *reconciler) gone(ctx context.Context, rs listed) bool {
	var live appsv1.ReplicaSet
	err := r.live.Get(ctx, rs.NamespacedName, &live)
	return err == nil && live.UID != rs.uid || client.IgnoreNotFound(err) == nil && err != nil
}

// isOf says that a ReplicaSet is one of the pool's.
func isOf(w *observe.World, rs listed) bool {
	ref := w.Pool.Spec.ScaleTargetRef
	if ref.Kind == "ReplicaSet" {
		return rs.Name == ref.Name
	}
	return rs.kind == ref.Kind && rs.owner == ref.Name
}
