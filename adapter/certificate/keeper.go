package certificate

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	"github.com/prometheus/client_golang/prometheus"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The flags that messages about options name.
const (
	FlagAPIServices = "--certificate.api-services"
	FlagHost        = "--certificate.host"
	FlagInstance    = "--certificate.instance"
	FlagLifetime    = "--certificate.lifetime"
)

const (
	// DefaultLifetime leaves a third, eight hours, for an API server that cannot be written to.
	DefaultLifetime = 24 * time.Hour
	// MinLifetime leaves room for takeUp and a few polls between two thirds and the end.
	MinLifetime = time.Minute

	// poll is how often the APIServices are read: a bundle that somebody has emptied is whole again as soon.
	poll = 5 * time.Second
	// takeUp is how long a certificate is in the bundle before it serves: API servers learn of it by their watches.
	takeUp = 10 * time.Second
	// attempts is how often a patch that another replica has outrun is tried at once.
	attempts = 5
)

// Client reads and patches APIServices at the API server, not in a cache.
type Client interface {
	client.Reader
	Patch(ctx context.Context, obj client.Object, patch client.Patch, opts ...client.PatchOption) error
}

// Options say whom a Keeper works for.
type Options struct {
	// APIServices are the names of those whose caBundle is kept, such as v1beta1.external.metrics.k8s.io.
	APIServices []string
	// Host is what API servers verify: SERVICE.NAMESPACE.svc.
	Host string
	// Instance tells replicas apart. It stays when a container of a pod starts anew: the name of the pod.
	Instance   string
	Lifetime   time.Duration
	Client     Client
	Clock      clock.WithTicker
	Logger     log.Logger
	Registerer prometheus.Registerer
}

func (o *Options) validate() error {
	var errs []error
	if o.Host == "" {
		errs = append(errs, fmt.Errorf("%s: missing: write SERVICE.NAMESPACE.svc of the Service that %s name", FlagHost, FlagAPIServices))
	}
	if o.Instance == "" {
		errs = append(errs, fmt.Errorf("%s: missing: write a name that no other replica has, such as the pod's", FlagInstance))
	}
	if o.Lifetime < MinLifetime {
		errs = append(errs, fmt.Errorf("%s: %v: write at least %v", FlagLifetime, o.Lifetime, MinLifetime))
	}
	return errors.Join(errs...)
}

// Keeper has a certificate and sees to it that the API server trusts it. It is safe for concurrent use.
type Keeper struct {
	o       Options
	holder  holder
	metrics *metrics
	said    map[string]string // the last trouble with an APIService; Run's alone

	mu        sync.Mutex // guards what follows
	current   *pair
	next      *pair // being published; nil most of the time
	previous  *pair // served before current, and has not expired
	ready     bool
	trouble   error
	listeners []func()
}

// New makes a first certificate. Run publishes it.
func New(o Options) (*Keeper, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	first, err := newPair(o.Host, o.Instance, o.Clock.Now(), o.Lifetime)
	if err != nil {
		return nil, err
	}
	return &Keeper{
		o: o, holder: holder{o.Host, o.Instance}, metrics: newMetrics(o.Registerer), said: map[string]string{},
		current: first, trouble: errors.New("nothing has been written yet"),
	}, nil
}

// CurrentCertKeyContent returns what to serve with now, both as PEM.
func (k *Keeper) CurrentCertKeyContent() (cert, key []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.current.cert, k.current.key
}

// OnChange has f called whenever there is something else to serve with. f must not wait.
func (k *Keeper) OnChange(f func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.listeners = append(k.listeners, f)
}

// Ready says why API servers may not trust what is served. Once they do, it goes on saying nothing: a bundle that is emptied later is
// mended, and no other replica is better off.
func (k *Keeper) Ready() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ready = k.ready || k.published(k.current, k.o.Clock.Now())
	switch {
	case k.ready:
		return nil
	case k.trouble != nil:
		return fmt.Errorf("the API server does not know the serving certificate: %w", k.trouble)
	default:
		return errors.New("the API server has just been told the serving certificate")
	}
}

// published says whether API servers had time to take a certificate up.
func (k *Keeper) published(p *pair, now time.Time) bool {
	return !p.since.IsZero() && now.Sub(p.since) >= takeUp
}

// Run keeps the bundles until ctx ends.
func (k *Keeper) Run(ctx context.Context) error {
	ticker := k.o.Clock.NewTicker(poll)
	defer ticker.Stop()
	for {
		k.step(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C():
		}
	}
}

// step renews what is old, publishes it, and serves with it when it is time.
func (k *Keeper) step(ctx context.Context) {
	now := k.o.Clock.Now()
	k.renew(now)
	missed, err := k.publish(ctx, k.own(), now)
	if err != nil && stopped(ctx) {
		return
	}
	for _, f := range k.settle(k.o.Clock.Now(), missed, err) {
		f()
	}
}

// renew makes the next pair where two thirds of the life of this one have passed.
func (k *Keeper) renew(now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.next != nil || now.Before(k.current.after(4)) {
		return
	}
	next, err := newPair(k.o.Host, k.o.Instance, now, k.o.Lifetime)
	if err != nil {
		level.Error(k.o.Logger).Log("msg", "serving certificate cannot be renewed, the one before stays in use", "expires", k.current.leaf.NotAfter, "err", err)
		return
	}
	k.next = next
	level.Info(k.o.Logger).Log("msg", "serving certificate is renewed", "expires", next.leaf.NotAfter)
}

// own returns the certificates that must be in every bundle.
func (k *Keeper) own() (out []*x509.Certificate) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, p := range []*pair{k.previous, k.current, k.next} {
		if p != nil {
			out = append(out, p.leaf)
		}
	}
	return out
}

// settle takes what came of publishing, and returns whom to tell that something else serves.
func (k *Keeper) settle(now time.Time, missed bool, err error) []func() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.trouble = err
	k.ready = k.ready || k.published(k.current, now)
	for _, p := range []*pair{k.current, k.next} {
		if p == nil {
			continue
		}
		if missed {
			p.since = time.Time{} // what API servers had taken up is of no use any more
		}
		if err == nil && p.since.IsZero() {
			p.since = now
		}
	}
	if k.previous != nil && now.After(k.previous.leaf.NotAfter) {
		k.previous = nil
	}
	if !k.due(now) {
		return nil
	}
	k.previous, k.current, k.next = k.current, k.next, nil
	level.Info(k.o.Logger).Log("msg", "renewed serving certificate is in use", "expires", k.current.leaf.NotAfter)
	return k.listeners
}

// due says whether to serve with the next pair. With an expired one nobody is served: then it need not wait for anything.
func (k *Keeper) due(now time.Time) bool {
	if k.next == nil || k.next.since.IsZero() {
		return false
	}
	return now.After(k.current.leaf.NotAfter) || k.published(k.next, now) && !now.Before(k.current.after(5))
}

// publish has every APIService trust own. missed says that one of them did not.
func (k *Keeper) publish(ctx context.Context, own []*x509.Certificate, now time.Time) (missed bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, poll)
	defer cancel()
	var errs []error
	for _, name := range k.o.APIServices {
		m, err := k.keep(ctx, name, own, now)
		if err != nil && stopped(ctx) {
			return missed, err
		}
		missed = missed || m
		if err != nil {
			errs = append(errs, fmt.Errorf("APIService %s: %w", name, err))
		}
		k.say(name, err)
	}
	return missed, errors.Join(errs...)
}

// keep mends one bundle. An APIService that is not there leads nobody here, and neither does one of another Service, which is left alone.
func (k *Keeper) keep(ctx context.Context, name string, own []*x509.Certificate, now time.Time) (missed bool, err error) {
	for range attempts {
		var s apiregistration.APIService
		if err = k.o.Client.Get(ctx, client.ObjectKey{Name: name}, &s); err != nil {
			return missed, client.IgnoreNotFound(err)
		}
		if s.Spec.Service == nil || s.Spec.Service.Name+"."+s.Spec.Service.Namespace+".svc" != k.o.Host {
			return missed, nil
		}
		merged, m := k.holder.merge(s.Spec.CABundle, own, now)
		missed = missed || m
		if bytes.Equal(merged, s.Spec.CABundle) && !s.Spec.InsecureSkipTLSVerify {
			return missed, nil
		}
		before := s.DeepCopy()
		s.Spec.CABundle, s.Spec.InsecureSkipTLSVerify = merged, false // an API server takes one of them only
		err = k.o.Client.Patch(ctx, &s, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{}))
		if err != nil && stopped(ctx) {
			return missed, err
		}
		k.metrics.observe(err)
		if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			return missed, err
		}
	}
	return missed, err
}

// stopped says that the adapter ends: what fails by that is nobody's trouble. An API server that takes longer than poll is.
func stopped(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

// say logs what has changed about an APIService.
func (k *Keeper) say(name string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	switch text {
	case k.said[name]:
	case "":
		level.Info(k.o.Logger).Log("msg", "the API server knows the serving certificate again", "api_service", name)
	default:
		level.Error(k.o.Logger).Log("msg", "the API server cannot be told the serving certificate", "api_service", name, "err", err)
	}
	k.said[name] = text
}
