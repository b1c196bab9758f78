package invariant

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

// selector is an object that selects pods.
type selector struct {
	kind   string
	object metav1.Object
	labels.Selector
	// since is when it began to select what it selects.
	since time.Time
}

func (s *selector) String() string { return name(s.kind, s.object) }

// exposure is a shadow that a selector, or an EndpointSlice of a Service,
// should not know.
type exposure struct{ pod, by types.UID }

type exposed struct {
	since time.Time
	until time.Time // were somebody there all the time
	what  string
}

func labelSelector(s *metav1.LabelSelector) labels.Selector {
	out, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return labels.Nothing()
	}
	return out
}

func deploymentSelector(d *appsv1.Deployment) labels.Selector { return labelSelector(d.Spec.Selector) }

func serviceSelector(s *corev1.Service) labels.Selector {
	if len(s.Spec.Selector) == 0 {
		return labels.Nothing()
	}
	return labels.SelectorFromSet(s.Spec.Selector)
}

// stepSelector takes an object that selects pods as it is now. A Deployment
// stands for the autoscalers that take its selector.
func (c *Checker) stepSelector(kind string, o metav1.Object, sel labels.Selector, gone bool) {
	if gone {
		delete(c.w.selectors, o.GetUID())
	} else {
		s, known := c.w.selectors[o.GetUID()]
		if known && s.String() == name(kind, o) && s.Selector.String() == sel.String() {
			return
		}
		c.w.selectors[o.GetUID()] = &selector{kind: kind, object: o, Selector: sel, since: c.now}
	}
	for _, p := range c.w.live() {
		c.exposePod(p)
	}
}

// exposePod compares a pod with every selector (H6).
func (c *Checker) exposePod(p *pod) {
	for uid, s := range c.w.selectors {
		key := exposure{p.UID, uid}
		if !p.gone.IsZero() || !c.wrong(p, s) {
			delete(c.w.exposures, key)
			continue
		}
		if c.w.exposures[key] != nil {
			continue
		}
		// Who makes the pod visible himself has no time to put it right; for a
		// selector that came later he has.
		c.w.exposures[key] = &exposed{since: s.since, until: s.since.Add(c.cfg.HideWithin), what: s.String()}
		if s.since.After(p.shadowSince) {
			c.Exposed++
		}
	}
	for key := range c.w.exposures {
		if _, ok := c.w.selectors[key.by]; !ok && c.w.slices[key.by] == nil {
			delete(c.w.exposures, key)
		}
	}
}

// wrong says that a selector matches a pod that it should not.
func (c *Checker) wrong(p *pod, s *selector) bool {
	if !shadow(p.Pod) || p.DeletionTimestamp != nil || p.Namespace != s.object.GetNamespace() {
		return false
	}
	if s.kind == "Service" && s.object.GetName() == v1alpha1.ShadowServiceName(p.Labels[v1alpha1.PoolLabel]) {
		return false
	}
	return s.Matches(labels.Set(p.Labels))
}

// expire finds exposures that have lasted too long.
func (c *Checker) expire() {
	for key, e := range c.w.exposures {
		p := c.w.pods[key.pod]
		if p == nil || !c.now.After(e.until.Add(c.awaySince(e.since))) {
			continue
		}
		if !shadow(p.Pod) {
			delete(c.w.exposures, key) // it went live before it was too long
			continue
		}
		c.broken("H6", name("Pod", p), e.what+" knows it although it is a shadow")
		e.until = c.now.Add(1000 * time.Hour)
	}
}

// slice is what an EndpointSlice lists.
type slice struct {
	service, namespace string
	ready              map[types.UID]bool
}

// stepSlice takes an EndpointSlice as it is now.
func (c *Checker) stepSlice(now *discoveryv1.EndpointSlice, gone bool) {
	before := c.w.slices[now.UID]
	after := &slice{service: now.Labels[discoveryv1.LabelServiceName], namespace: now.Namespace, ready: map[types.UID]bool{}}
	if !gone {
		for _, e := range now.Endpoints {
			if e.TargetRef != nil && (e.Conditions.Ready == nil || *e.Conditions.Ready) {
				after.ready[e.TargetRef.UID] = true
			}
		}
	}
	if before != nil {
		for uid := range before.ready {
			c.endpoint(uid, now.UID, after, -1)
		}
	}
	for uid := range after.ready {
		c.endpoint(uid, now.UID, after, +1)
	}
	c.w.slices[now.UID] = after
	if gone {
		delete(c.w.slices, now.UID)
	}
}

// endpoint counts a pod into or out of a slice.
func (c *Checker) endpoint(uid, by types.UID, s *slice, n int) {
	p, ok := c.w.pods[uid]
	if !ok {
		return
	}
	p.served = c.now
	if p.firstServed.IsZero() {
		p.firstServed = c.now
	}
	if s.service == v1alpha1.ShadowServiceName(p.Labels[v1alpha1.PoolLabel]) {
		return
	}
	p.servingIn += n
	key := exposure{uid, by}
	if n < 0 {
		if !s.ready[uid] {
			delete(c.w.exposures, key)
		}
		return
	}
	if shadow(p.Pod) && c.w.exposures[key] == nil {
		since := p.shadowSince
		for _, sel := range c.w.selectors {
			if sel.kind == "Service" && sel.object.GetName() == s.service && sel.object.GetNamespace() == s.namespace && sel.since.After(since) {
				since = sel.since
			}
		}
		c.w.exposures[key] = &exposed{since: since, until: since.Add(c.cfg.HideWithin + c.cfg.EndpointLag), what: "an EndpointSlice of Service " + s.namespace + "/" + s.service}
	}
}

// leaveSlices forgets a pod that is gone.
func (c *Checker) leaveSlices(p *pod) {
	for uid, s := range c.w.slices {
		delete(s.ready, p.UID)
		delete(c.w.exposures, exposure{p.UID, uid})
	}
	p.servingIn = 0
}
