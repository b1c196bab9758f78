package model

import (
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Server is the API server: it checks what it is sent and stores it.
type Server struct {
	*Store
	// Admit changes or refuses a pod that is created; nil admits all as it is.
	Admit func(p *corev1.Pod) error
	// AdmitResize refuses a resize; nil admits all.
	AdmitResize func(p *corev1.Pod) error
	// fields holds, by object and field owner, what was applied last.
	fields map[managed]map[string]owned
}

type managed struct {
	uid types.UID
	sub string
}

func newServer(l *Loop) *Server {
	return &Server{Store: newStore(l), fields: map[managed]map[string]owned{}}
}

// Get returns what is stored.
func (s *Server) Get(k Kind, key types.NamespacedName) (client.Object, error) {
	if o := s.get(k, key); o != nil {
		return o, nil
	}
	return nil, apierrors.NewNotFound(k.resource(), key.Name)
}

// Create stores a new object; a name is made from metadata.generateName.
func (s *Server) Create(by string, o client.Object) (client.Object, error) {
	k := kindOf(o)
	o = copyOf(o)
	if o.GetName() == "" {
		s.made++
		o.SetName(o.GetGenerateName() + suffix(s.made))
	}
	if s.get(k, keyOf(o)) != nil {
		return nil, apierrors.NewAlreadyExists(k.resource(), o.GetName())
	}
	if o.GetResourceVersion() != "" {
		return nil, apierrors.NewBadRequest("resourceVersion should not be set on objects to be created")
	}
	o.SetUID(s.uid())
	o.SetCreationTimestamp(stamp(s.loop.Now()))
	o.SetGeneration(1)
	o.SetDeletionTimestamp(nil)
	if err := s.prepare(o); err != nil {
		return nil, err
	}
	if errs := validateMeta(o); len(errs) > 0 {
		return nil, apierrors.NewInvalid(k.gvk().GroupKind(), o.GetName(), errs)
	}
	s.put(by, k, o)
	return o, nil
}

// prepare does with a new object what its kind asks for: what a client may not
// say about it goes, quotas count it.
func (s *Server) prepare(o client.Object) error {
	p, ok := o.(*corev1.Pod)
	if !ok {
		dropStatus(o)
		return nil
	}
	if s.Admit != nil {
		if err := s.Admit(p); err != nil {
			return apierrors.NewForbidden(Pod.resource(), p.Name, err)
		}
	}
	if err := s.charge(p); err != nil {
		return err
	}
	p.Status = corev1.PodStatus{Phase: corev1.PodPending, QOSClass: qos(p)}
	return nil
}

// Update stores an object as it is given; where it bears a resourceVersion, only
// over that one. A subresource limits what is taken.
func (s *Server) Update(by string, o client.Object, subresource string) (client.Object, error) {
	k := kindOf(o)
	old := s.get(k, keyOf(o))
	if old == nil {
		return nil, apierrors.NewNotFound(k.resource(), o.GetName())
	}
	return s.commit(by, subresource, old, copyOf(o))
}

// Patch merges a JSON patch into an object.
func (s *Server) Patch(by string, k Kind, key types.NamespacedName, subresource string, body []byte) (client.Object, error) {
	old := s.get(k, key)
	if old == nil {
		return nil, apierrors.NewNotFound(k.resource(), key.Name)
	}
	o, err := patched(old, body)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	return s.commit(by, subresource, old, o)
}

// Apply merges what a field owner has to say into an object, with force.
func (s *Server) Apply(owner string, o client.Object, subresource string) (client.Object, error) {
	k := kindOf(o)
	old := s.get(k, keyOf(o))
	if old == nil {
		if subresource != "" {
			return nil, apierrors.NewNotFound(k.resource(), o.GetName())
		}
		o = copyOf(o)
		o.SetResourceVersion("")
		return s.Create(owner, o)
	}
	doc, err := document(old)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	part, err := document(o)
	if err != nil {
		return nil, apierrors.NewInternalError(err)
	}
	part = trimmed(part, subresource)
	at := managed{old.GetUID(), subresource}
	var others []owned
	for name, f := range s.fields[at] {
		if name != owner {
			others = append(others, f)
		}
	}
	doc = applied(doc, part, s.fields[at][owner], others)
	merged, err := typed(k, doc)
	if err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	merged.SetResourceVersion(o.GetResourceVersion())
	if uid := o.GetUID(); uid != "" {
		merged.SetUID(uid)
	}
	out, err := s.commit(owner, subresource, old, merged)
	if err != nil {
		return nil, err
	}
	if s.fields[at] == nil {
		s.fields[at] = map[string]owned{}
	}
	s.fields[at][owner] = part
	return out, nil
}

// commit stores the next version of an object, if it may be.
func (s *Server) commit(by, subresource string, old, o client.Object) (client.Object, error) {
	k := kindOf(old)
	if uid := o.GetUID(); uid != "" && uid != old.GetUID() {
		return nil, apierrors.NewInvalid(k.gvk().GroupKind(), old.GetName(), uidChanged(uid))
	}
	if rv := o.GetResourceVersion(); rv != "" && rv != old.GetResourceVersion() {
		return nil, apierrors.NewConflict(k.resource(), old.GetName(), fmt.Errorf("the object has been modified; version %s is now %s", rv, old.GetResourceVersion()))
	}
	if p, ok := o.(*corev1.Pod); ok && subresource == resize && s.AdmitResize != nil {
		if err := s.AdmitResize(p); err != nil {
			return nil, apierrors.NewForbidden(Pod.resource(), p.Name, err)
		}
	}
	keepMeta(old, o)
	if errs := restrict(subresource, old, o); len(errs) > 0 {
		return nil, apierrors.NewInvalid(k.gvk().GroupKind(), old.GetName(), errs)
	}
	if errs := validateMeta(o); len(errs) > 0 {
		return nil, apierrors.NewInvalid(k.gvk().GroupKind(), old.GetName(), errs)
	}
	if same(old, o) {
		return old, nil
	}
	if subresource != status && !sameSpec(old, o) {
		o.SetGeneration(old.GetGeneration() + 1)
	}
	if o.GetDeletionTimestamp() != nil && len(o.GetFinalizers()) == 0 && k != Pod {
		s.remove(by, k, keyOf(o))
		return o, nil
	}
	s.put(by, k, o)
	return o, nil
}

// keepMeta restores what no client may change.
func keepMeta(old, o client.Object) {
	o.SetUID(old.GetUID())
	o.SetName(old.GetName())
	o.SetNamespace(old.GetNamespace())
	o.SetResourceVersion(old.GetResourceVersion())
	o.SetCreationTimestamp(old.GetCreationTimestamp())
	o.SetGeneration(old.GetGeneration())
	o.SetDeletionTimestamp(old.GetDeletionTimestamp())
	o.SetDeletionGracePeriodSeconds(old.GetDeletionGracePeriodSeconds())
}

// DeleteOptions are the preconditions and the manner of a deletion.
type DeleteOptions struct {
	UID             types.UID
	ResourceVersion string
	// Grace is in seconds; nil takes the pod's own.
	Grace *int64
	// Propagation is Background unless set.
	Propagation metav1.DeletionPropagation
}

// Delete ends an object, or begins to.
func (s *Server) Delete(by string, k Kind, key types.NamespacedName, opts DeleteOptions) error {
	old := s.get(k, key)
	if old == nil {
		return apierrors.NewNotFound(k.resource(), key.Name)
	}
	if opts.UID != "" && opts.UID != old.GetUID() {
		return apierrors.NewConflict(k.resource(), key.Name, fmt.Errorf("precondition failed: UID %s, is %s", opts.UID, old.GetUID()))
	}
	if opts.ResourceVersion != "" && opts.ResourceVersion != old.GetResourceVersion() {
		return apierrors.NewConflict(k.resource(), key.Name, fmt.Errorf("precondition failed: version %s, is %s", opts.ResourceVersion, old.GetResourceVersion()))
	}
	if p, ok := old.(*corev1.Pod); ok {
		s.deletePod(by, p, opts.Grace)
		return nil
	}
	finalizer := map[metav1.DeletionPropagation]string{
		metav1.DeletePropagationForeground: metav1.FinalizerDeleteDependents,
		metav1.DeletePropagationOrphan:     metav1.FinalizerOrphanDependents,
	}[opts.Propagation]
	if finalizer == "" && len(old.GetFinalizers()) == 0 {
		s.remove(by, k, key)
		return nil
	}
	if old.GetDeletionTimestamp() != nil {
		return nil
	}
	o := copyOf(old)
	if finalizer != "" {
		o.SetFinalizers(append(o.GetFinalizers(), finalizer))
	}
	now := stamp(s.loop.Now())
	o.SetDeletionTimestamp(&now)
	o.SetGeneration(old.GetGeneration() + 1)
	s.put(by, k, o)
	return nil
}

// deletePod gives a pod its grace period; one that no node has goes at once.
func (s *Server) deletePod(by string, p *corev1.Pod, grace *int64) {
	seconds := int64(corev1.DefaultTerminationGracePeriodSeconds)
	if p.Spec.TerminationGracePeriodSeconds != nil {
		seconds = *p.Spec.TerminationGracePeriodSeconds
	}
	if grace != nil {
		seconds = *grace
	}
	if p.Spec.NodeName == "" {
		seconds = 0
	}
	if seconds == 0 && len(p.Finalizers) == 0 {
		s.remove(by, Pod, keyOf(p))
		return
	}
	if p.DeletionTimestamp != nil {
		return
	}
	o := copyOf(p)
	at := stamp(s.loop.Now())
	at.Time = at.Add(secondsOf(seconds))
	o.DeletionTimestamp, o.DeletionGracePeriodSeconds = &at, &seconds
	s.put(by, Pod, o)
}

// edit changes an object in place, as a component does that owns the part which
// it changes; nothing happens if the object is gone.
func edit[T client.Object](s *Server, by, subresource string, o T, change func(T)) {
	old := s.get(kindOf(o), keyOf(o))
	if old == nil || old.GetUID() != o.GetUID() {
		return
	}
	next, ok := copyOf(old).(T)
	if !ok {
		return
	}
	change(next)
	if _, err := s.commit(by, subresource, old, next); err != nil {
		panic(fmt.Sprintf("model: %s writes %s %s: %v", by, kindOf(o), o.GetName(), err))
	}
}

// suffix makes the end of a name.
func suffix(n int) string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	out := []byte("zzzzz")
	for i := range out {
		out[i] = letters[(n*7+i*11)%len(letters)]
		n /= 3
	}
	return string(out) + strconv.Itoa(n%10)
}
