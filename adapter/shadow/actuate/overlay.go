package actuate

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow"
	"github.com/foreshadow-dev/foreshadow/adapter/shadow/observe"
)

// patience is how long a cache may take to show a write. After it the object is
// read live: a pod that came and went between two looks is never shown.
const patience = 5 * time.Second

// Overlay holds what our own writes returned until the caches show it.
type Overlay struct {
	clock clock.PassiveClock

	mu    sync.Mutex
	pools map[Pool]*layer
}

// layer is the part of one pool.
type layer struct {
	pods map[types.UID]*entry
	// pool is what the last status returned; nil if the cache shows it.
	pool *v1alpha1.ShadowPool
	// draft is a status that is to be written, since when it is.
	draft *v1alpha1.ShadowPoolStatus
	since time.Time
	// minor says that it differs in the progress of warm-ups alone.
	minor bool
	// real is the pool without the draft.
	real *v1alpha1.ShadowPool
	// workload is the last scale that was written.
	workload *scaleEntry
	// activated is when shadows last went live.
	activated time.Time
	// denial is that new shadows are refused.
	denial denial
	// service is when the Service was written.
	service time.Time
	// refused are the resizes that the server would not do, resized is when it
	// last did one of a kind.
	refused map[observe.Resize]resizeRefusal
	resized map[shadow.Kind]time.Time
}

// entry is a pod as we know it to be.
type entry struct {
	pod *corev1.Pod
	is  existence
	// unseen says that no cache has shown it yet.
	unseen bool
	at     time.Time
}

type existence int

const (
	there existence = iota
	// ending: we have deleted it; the server has not shown it since.
	ending
	// gone: the server says that there is no such pod.
	gone
)

type scaleEntry struct {
	uid             types.UID
	resourceVersion string
	replicas        int32
	at              time.Time
}

func newOverlay(c clock.PassiveClock) *Overlay {
	return &Overlay{clock: c, pools: map[Pool]*layer{}}
}

func (o *Overlay) layer(pool Pool) *layer {
	l := o.pools[pool]
	if l == nil {
		l = &layer{pods: map[types.UID]*entry{}}
		o.pools[pool] = l
	}
	return l
}

// put keeps a pod, unless something newer is known.
func (o *Overlay) put(pool Pool, p *corev1.Pod, is existence, unseen bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.layer(pool)
	if was := l.pods[p.UID]; was != nil {
		if is == there && newer(was.pod, p) {
			return
		}
		unseen = was.unseen
	}
	l.pods[p.UID] = &entry{pod: p, is: is, unseen: unseen, at: o.clock.Now()}
}

func (o *Overlay) created(pool Pool, p *corev1.Pod) { o.put(pool, p, there, true) }
func (o *Overlay) wrote(pool Pool, p *corev1.Pod)   { o.put(pool, p, there, false) }
func (o *Overlay) gone(pool Pool, p *corev1.Pod)    { o.put(pool, p, gone, false) }

// deleted keeps that a pod is about to end.
func (o *Overlay) deleted(pool Pool, p *corev1.Pod) {
	p = p.DeepCopy()
	at := metav1.NewTime(o.clock.Now())
	p.DeletionTimestamp = &at
	o.put(pool, p, ending, false)
}

// status keeps the pool as its status was written.
func (o *Overlay) status(pool *v1alpha1.ShadowPool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.layer(pool.Key()).pool = pool
}

// scaled keeps the number of replicas that was written.
func (o *Overlay) scaled(pool Pool, uid types.UID, resourceVersion string, replicas int32) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.layer(pool).workload = &scaleEntry{uid: uid, resourceVersion: resourceVersion, replicas: replicas, at: o.clock.Now()}
}

// served notes that the Service was written.
func (o *Overlay) served(pool Pool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.layer(pool).service = o.clock.Now()
}

// serves is for how long yet the caches may not show the Service that was
// written.
func (o *Overlay) serves(pool Pool) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	if l := o.pools[pool]; l != nil && !l.service.IsZero() {
		return l.service.Add(patience).Sub(o.clock.Now())
	}
	return 0
}

// forget drops all that is known of a pool.
func (o *Overlay) forget(pool Pool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.pools, pool)
}

// due is when what the caches have not shown is to be looked at again; 0 if
// there is nothing.
func (o *Overlay) due(pool Pool) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.pools[pool]
	if l == nil {
		return 0
	}
	first := time.Duration(0)
	now := o.clock.Now()
	for _, e := range l.pods {
		if e.is == gone {
			continue // there is nothing to read: the cache alone has yet to drop it
		}
		if d := max(e.at.Add(patience).Sub(now), time.Millisecond); first == 0 || d < first {
			first = d
		}
	}
	return first
}

// apply brings a World up to what is known, and drops what it shows by itself.
func (o *Overlay) apply(w *observe.World) {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.pools[w.Pool.Key()]
	if l == nil {
		return
	}
	l.applyPool(w)
	l.applyScale(w)
	l.applyPods(w)
	l.applyRefusals(w)
	if len(l.pods) == 0 && l.pool == nil && l.draft == nil && l.activated.IsZero() && l.denial.times == 0 && l.service.IsZero() && l.workload == nil &&
		len(l.refused) == 0 && len(l.resized) == 0 {
		delete(o.pools, w.Pool.Key())
	}
}

func (l *layer) applyPool(w *observe.World) {
	switch {
	case l.pool == nil:
	case l.pool.UID != w.Pool.UID || !newer(l.pool, w.Pool):
		l.pool = nil
	default:
		w.Pool = l.pool.DeepCopy()
		w.Pool.Default()
	}
	l.applyDraft(w)
}

func (l *layer) applyScale(w *observe.World) {
	e := l.workload
	if e == nil {
		return
	}
	switch {
	case w.Deployment != nil && w.Deployment.UID == e.uid && older(w.Deployment.ResourceVersion, e.resourceVersion):
		d := *w.Deployment
		d.Spec.Replicas, d.ResourceVersion = &e.replicas, e.resourceVersion
		w.Deployment = &d
	case w.ReplicaSet != nil && w.ReplicaSet.UID == e.uid && older(w.ReplicaSet.ResourceVersion, e.resourceVersion):
		rs := *w.ReplicaSet
		rs.Spec.Replicas, rs.ResourceVersion = &e.replicas, e.resourceVersion
		w.ReplicaSet = &rs
	case w.Rollout != nil && w.Rollout.GetUID() == e.uid && older(w.Rollout.GetResourceVersion(), e.resourceVersion):
		w.Rollout = scaledRollout(w.Rollout, e)
	default:
		l.workload = nil
	}
}

// scaledRollout returns a Rollout as a write of its scale has left it.
func scaledRollout(is *unstructured.Unstructured, e *scaleEntry) *unstructured.Unstructured {
	out := is.DeepCopy()
	spec, ok := out.Object["spec"].(map[string]any)
	if !ok {
		spec = map[string]any{}
		out.Object["spec"] = spec
	}
	spec["replicas"] = int64(e.replicas)
	out.SetResourceVersion(e.resourceVersion)
	return out
}

func (l *layer) applyPods(w *observe.World) {
	pods := make([]*corev1.Pod, 0, len(w.Pods)+len(l.pods))
	shown := make(map[types.UID]bool, len(w.Pods))
	for _, p := range w.Pods {
		e := l.pods[p.UID]
		if e == nil {
			pods = append(pods, p)
			continue
		}
		shown[p.UID] = true
		e.unseen = false
		switch {
		case e.is == gone:
		case e.is == there && newer(e.pod, p), e.is == ending && !newer(p, e.pod):
			pods = append(pods, e.pod)
		default:
			delete(l.pods, p.UID)
			pods = append(pods, p)
		}
	}
	var unseen []*corev1.Pod
	for uid, e := range l.pods {
		switch {
		case shown[uid]:
		case !e.unseen || e.is == gone:
			delete(l.pods, uid) // it is gone, and the cache knows it
		default:
			unseen = append(unseen, e.pod)
		}
	}
	slices.SortFunc(unseen, func(a, b *corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	w.Pods = append(pods, unseen...)
}

// late returns the pods that a cache should have shown by now.
func (o *Overlay) late(pool Pool) []*corev1.Pod {
	o.mu.Lock()
	defer o.mu.Unlock()
	l := o.pools[pool]
	if l == nil {
		return nil
	}
	var out []*corev1.Pod
	for _, e := range l.pods {
		if e.is != gone && o.clock.Since(e.at) >= patience {
			out = append(out, e.pod)
		}
	}
	slices.SortFunc(out, func(a, b *corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// verify reads live what a cache should have shown by now.
func (o *Overlay) verify(ctx context.Context, r Reader, pool Pool) error {
	late := o.late(pool)
	for _, p := range late {
		live, err := readPod(ctx, r, p)
		switch {
		case err != nil:
			return err
		case live == nil:
			o.gone(pool, p)
		default:
			o.confirm(pool, live)
		}
	}
	return nil
}

// confirm takes a pod as it was read live.
func (o *Overlay) confirm(pool Pool, live *corev1.Pod) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if e := o.layer(pool).pods[live.UID]; e != nil {
		e.pod, e.is, e.at = live, there, o.clock.Now()
	}
}
