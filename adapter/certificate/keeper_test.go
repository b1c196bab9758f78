package certificate

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

const external = "v1beta1.external.metrics.k8s.io"

// world is an API server with APIServices, and a clock for all.
type world struct {
	client.WithWatch
	clock *clocktesting.FakeClock
}

func newWorld(t *testing.T, names ...string) *world {
	t.Helper()
	scheme := runtime.NewScheme()
	require.NoError(t, apiregistration.AddToScheme(scheme))
	w := &world{fake.NewClientBuilder().WithScheme(scheme).Build(), clocktesting.NewFakeClock(start)}
	for _, name := range names {
		w.register(t, name, "foreshadow-adapter")
	}
	return w
}

func (w *world) register(t *testing.T, name, service string) {
	t.Helper()
	require.NoError(t, w.Create(t.Context(), &apiregistration.APIService{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec:       apiregistration.APIServiceSpec{Service: &apiregistration.ServiceReference{Namespace: "foreshadow", Name: service}},
	}))
}

func (w *world) get(t *testing.T, name string) *apiregistration.APIService {
	t.Helper()
	var s apiregistration.APIService
	require.NoError(t, w.Get(t.Context(), client.ObjectKey{Name: name}, &s))
	return &s
}

// set writes a bundle as somebody else does.
func (w *world) set(t *testing.T, name string, bundle []byte) {
	t.Helper()
	s := w.get(t, name)
	s.Spec.CABundle = bundle
	require.NoError(t, w.Update(t.Context(), s))
}

func (w *world) keeper(t *testing.T, instance string, lifetime time.Duration, change ...func(*Options)) *Keeper {
	t.Helper()
	o := Options{
		APIServices: []string{external}, Host: host, Instance: instance, Lifetime: lifetime,
		Client: w.WithWatch, Clock: w.clock, Logger: log.NewNopLogger(), Registerer: prometheus.NewRegistry(),
	}
	for _, f := range change {
		f(&o)
	}
	k, err := New(o)
	require.NoError(t, err)
	return k
}

// serve runs a TLS server that shows what the keeper has, and counts the changes.
func serve(t *testing.T, k *Keeper) (address string, changes *atomic.Int64) {
	t.Helper()
	changes = &atomic.Int64{}
	k.OnChange(func() { changes.Add(1) })
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	server.TLS = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		pair, err := tls.X509KeyPair(k.CurrentCertKeyContent())
		return &pair, err
	}}
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), changes
}

// ask makes a request on a connection of its own, trusting a bundle as an API server does.
func (w *world) ask(ctx context.Context, address string, bundle []byte) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(bundle)
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: roots, ServerName: host, Time: w.clock.Now},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host, http.NoBody)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// Two replicas renew their certificates over several lifetimes, while an API server that learns of the bundle late asks both of them
// each second. No request fails.
func TestRotationFailsNoRequest(t *testing.T) {
	const lifetime, lives = 2 * time.Minute, 5
	failed, changes := rotate(t, lifetime, lives, takeUp-time.Second)
	require.Empty(t, failed)
	for _, n := range changes {
		require.Greater(t, n, int64(lives), "a certificate has 5/6 of a lifetime before it is replaced")
	}
}

// What the test above sees is there to be seen: an API server that learns of the bundle only when half a life has passed fails.
func TestRotationIsSeenToFail(t *testing.T) {
	const lifetime, lives = 2 * time.Minute, 2
	failed, _ := rotate(t, lifetime, lives, lifetime/2)
	require.NotEmpty(t, failed)
}

// rotate runs two replicas for so many lifetimes beside an API server that knows the bundle as it was so long ago.
func rotate(t *testing.T, lifetime time.Duration, lives int, lag time.Duration) (failed []string, changes []int64) {
	t.Helper()
	w := newWorld(t, external)
	keepers := []*Keeper{w.keeper(t, "a", lifetime), w.keeper(t, "b", lifetime)}
	var addresses []string
	var counts []*atomic.Int64
	for _, k := range keepers {
		address, n := serve(t, k)
		addresses, counts = append(addresses, address), append(counts, n)
	}
	var bundles [][]byte // one for each second
	for second := range lives * int(lifetime/time.Second) {
		for i, k := range keepers {
			if (second+2*i)%int(poll/time.Second) == 0 {
				k.step(t.Context())
			}
		}
		bundles = append(bundles, w.get(t, external).Spec.CABundle)
		known := bundles[max(0, second-int(lag/time.Second))]
		for i, k := range keepers {
			if k.Ready() != nil {
				continue // no Service leads there
			}
			if err := w.ask(t.Context(), addresses[i], known); err != nil {
				failed = append(failed, fmt.Sprintf("second %d, replica %d: %v", second, i, err))
			}
		}
		w.clock.Step(time.Second)
	}
	require.LessOrEqual(t, len(parse(bundles[len(bundles)-1])), 3*len(keepers))
	for _, n := range counts {
		changes = append(changes, n.Load())
	}
	return failed, changes
}

// advance lets a keeper work for a while.
func (w *world) advance(t *testing.T, k *Keeper, d time.Duration) {
	t.Helper()
	for range d / poll {
		w.clock.Step(poll)
		k.step(t.Context())
	}
}

func TestReadyOnceTheAPIServerKnows(t *testing.T) {
	w := newWorld(t, external)
	k := w.keeper(t, "a", DefaultLifetime)
	require.EqualError(t, k.Ready(), "the API server does not know the serving certificate: nothing has been written yet")
	k.step(t.Context())
	require.EqualError(t, k.Ready(), "the API server has just been told the serving certificate")
	w.advance(t, k, takeUp)
	require.NoError(t, k.Ready())
	cert, _ := k.CurrentCertKeyContent()
	require.Equal(t, cert, w.get(t, external).Spec.CABundle)
	w.set(t, external, nil)
	require.NoError(t, k.Ready(), "no other replica is better off")
}

func TestRefusedWritesAreSaid(t *testing.T) {
	w := newWorld(t, external)
	forbidden := apierrors.NewForbidden(schema.GroupResource{Group: "apiregistration.k8s.io", Resource: "apiservices"}, external, errors.New("no rule"))
	k := w.keeper(t, "a", DefaultLifetime, func(o *Options) {
		o.Client = interceptor.NewClient(w.WithWatch, interceptor.Funcs{
			Patch: func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
				return forbidden
			},
		})
	})
	k.step(t.Context())
	w.advance(t, k, time.Minute)
	require.EqualError(t, k.Ready(), "the API server does not know the serving certificate: APIService "+external+": "+forbidden.Error())
	require.InDelta(t, 13, testutil.ToFloat64(k.metrics.writes.WithLabelValues(resultError)), 0, "once for each look")
}

// An adapter that ends while it reads or writes has no trouble to tell of; one whose API server does not answer has.
func TestTheEndIsNoTrouble(t *testing.T) {
	hang := func(ctx context.Context) error {
		<-ctx.Done()
		return fmt.Errorf("ask https://10.0.0.1:443: %w", ctx.Err())
	}
	for name, tc := range map[string]struct {
		client func(begun func()) interceptor.Funcs
		stop   bool
		want   string
		errors float64
	}{
		"amid a look": {stop: true, client: func(begun func()) interceptor.Funcs {
			return interceptor.Funcs{Get: func(ctx context.Context, _ client.WithWatch, _ client.ObjectKey, _ client.Object, _ ...client.GetOption) error {
				begun()
				return hang(ctx)
			}}
		}},
		"amid a patch": {stop: true, client: func(begun func()) interceptor.Funcs {
			return interceptor.Funcs{Patch: func(ctx context.Context, _ client.WithWatch, _ client.Object, _ client.Patch, _ ...client.PatchOption) error {
				begun()
				return hang(ctx)
			}}
		}},
		"no answer": {want: "level=error", errors: 1, client: func(func()) interceptor.Funcs {
			return interceptor.Funcs{Patch: func(context.Context, client.WithWatch, client.Object, client.Patch, ...client.PatchOption) error {
				return context.DeadlineExceeded
			}}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, external)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var logs bytes.Buffer
			k := w.keeper(t, "a", DefaultLifetime, func(o *Options) {
				o.Client, o.Logger = interceptor.NewClient(w.WithWatch, tc.client(cancel)), log.NewLogfmtLogger(&logs)
			})
			if tc.stop {
				require.NoError(t, k.Run(ctx))
			} else {
				k.step(ctx)
			}
			require.Contains(t, logs.String(), tc.want)
			require.Equal(t, tc.want != "", logs.Len() > 0, logs.String())
			require.InDelta(t, tc.errors, testutil.ToFloat64(k.metrics.writes.WithLabelValues(resultError)), 0)
		})
	}
}

// Whatever becomes of the bundle, it is whole at the next look.
func TestBundleIsMended(t *testing.T) {
	mine := func(t *testing.T, w *world, k *Keeper) {
		t.Helper()
		cert, _ := k.CurrentCertKeyContent()
		require.Equal(t, cert, w.get(t, external).Spec.CABundle)
	}
	for name, harm := range map[string]func(t *testing.T, w *world){
		"emptied":     func(t *testing.T, w *world) { t.Helper(); w.set(t, external, nil) },
		"overwritten": func(t *testing.T, w *world) { t.Helper(); w.set(t, external, authority(t)) },
		"not verified": func(t *testing.T, w *world) {
			t.Helper()
			s := w.get(t, external)
			s.Spec.CABundle, s.Spec.InsecureSkipTLSVerify = nil, true
			require.NoError(t, w.Update(t.Context(), s))
		},
		"made anew": func(t *testing.T, w *world) {
			t.Helper()
			require.NoError(t, w.Delete(t.Context(), w.get(t, external)))
			w.register(t, external, "foreshadow-adapter")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, external)
			k := w.keeper(t, "a", DefaultLifetime)
			k.step(t.Context())
			mine(t, w, k)
			harm(t, w)
			w.advance(t, k, poll)
			mine(t, w, k)
			require.False(t, w.get(t, external).Spec.InsecureSkipTLSVerify)
		})
	}
}

// A bundle that has just been emptied tells API servers nothing of the next certificate, which waits as if it were new.
func TestAMendedBundleIsTakenUpBeforeTheNextServes(t *testing.T) {
	w := newWorld(t, external)
	k := w.keeper(t, "a", DefaultLifetime)
	first, _ := k.CurrentCertKeyContent()
	k.step(t.Context())
	w.clock.SetTime(k.current.after(4))
	k.step(t.Context())
	require.NotNil(t, k.next)
	w.clock.SetTime(k.current.after(5))
	w.set(t, external, nil)
	k.step(t.Context())
	now, _ := k.CurrentCertKeyContent()
	require.Equal(t, first, now)
	w.advance(t, k, takeUp)
	now, _ = k.CurrentCertKeyContent()
	require.NotEqual(t, first, now)
}

// Where no API server could be told in time, the next one serves as soon as one can.
func TestAnExpiredCertificateIsReplacedAtOnce(t *testing.T) {
	w := newWorld(t, external)
	var down atomic.Bool
	k := w.keeper(t, "a", DefaultLifetime, func(o *Options) {
		o.Client = interceptor.NewClient(w.WithWatch, interceptor.Funcs{
			Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
				if down.Load() {
					return errors.New("connection refused")
				}
				return c.Get(ctx, key, obj, opts...)
			},
		})
	})
	first, _ := k.CurrentCertKeyContent()
	k.step(t.Context())
	down.Store(true)
	w.clock.Step(DefaultLifetime + time.Second)
	k.step(t.Context())
	now, _ := k.CurrentCertKeyContent()
	require.Equal(t, first, now, "the API server does not know another one")
	down.Store(false)
	w.advance(t, k, poll)
	now, _ = k.CurrentCertKeyContent()
	require.NotEqual(t, first, now)
	require.Contains(t, string(w.get(t, external).Spec.CABundle), string(now))
}

func TestAPIServicesOfOthersAreLeftAlone(t *testing.T) {
	w := newWorld(t)
	w.register(t, external, "keda-metrics-apiserver")
	w.set(t, external, []byte("theirs"))
	k := w.keeper(t, "a", DefaultLifetime, func(o *Options) { o.APIServices = []string{external, "v1beta2.custom.metrics.k8s.io"} })
	k.step(t.Context())
	w.advance(t, k, takeUp)
	require.Equal(t, "theirs", string(w.get(t, external).Spec.CABundle))
	require.NoError(t, k.Ready(), "nobody is led here, so nobody is held up")
}

// Replicas that patch at the same time: each time one is outrun it looks again.
func TestReplicasRace(t *testing.T) {
	w := newWorld(t, external)
	b := w.keeper(t, "b", DefaultLifetime)
	var once atomic.Bool
	a := w.keeper(t, "a", DefaultLifetime, func(o *Options) {
		o.Client = interceptor.NewClient(w.WithWatch, interceptor.Funcs{
			Patch: func(ctx context.Context, c client.WithWatch, obj client.Object, p client.Patch, opts ...client.PatchOption) error {
				if !once.Swap(true) {
					b.step(ctx)
				}
				return c.Patch(ctx, obj, p, opts...)
			},
		})
	})
	a.step(t.Context())
	require.Len(t, parse(w.get(t, external).Spec.CABundle), 2)
	require.InDelta(t, 1, testutil.ToFloat64(a.metrics.writes.WithLabelValues(resultConflict)), 0)
	writes := w.get(t, external).ResourceVersion
	w.advance(t, a, time.Minute)
	w.advance(t, b, time.Minute)
	require.Equal(t, writes, w.get(t, external).ResourceVersion, "who agrees writes nothing")
}

// Run does by a clock what the tests above do by hand.
func TestRun(t *testing.T) {
	w := newWorld(t, external)
	ctx, cancel := context.WithCancel(t.Context())
	var ended []chan error
	var keepers []*Keeper
	for _, instance := range []string{"a", "b", "c"} {
		k := w.keeper(t, instance, MinLifetime)
		done := make(chan error, 1)
		go func() { done <- k.Run(ctx) }()
		keepers, ended = append(keepers, k), append(ended, done)
	}
	address, changes := serve(t, keepers[0])
	require.Eventually(t, func() bool {
		w.clock.Step(time.Second) // whether anybody has come to work since the last one or not
		return keepers[0].Ready() == nil && changes.Load() > 3 && w.ask(t.Context(), address, w.get(t, external).Spec.CABundle) == nil
	}, time.Minute, time.Millisecond)
	cancel()
	for _, done := range ended {
		require.NoError(t, <-done)
	}
}

func TestOptionsAreRefused(t *testing.T) {
	_, err := New(Options{Lifetime: time.Second})
	require.EqualError(t, err, "--certificate.host: missing: write SERVICE.NAMESPACE.svc of the Service that --certificate.api-services name\n"+
		"--certificate.instance: missing: write a name that no other replica has, such as the pod's\n"+
		"--certificate.lifetime: 1s: write at least 1m0s")
}
