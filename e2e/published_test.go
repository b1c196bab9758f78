//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	externalv1beta1 "k8s.io/metrics/pkg/apis/external_metrics/v1beta1"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/e2e/cluster"
	"github.com/foreshadow-dev/foreshadow/e2e/process"
	"github.com/foreshadow-dev/foreshadow/e2e/prom"
)

const (
	warmReplicas   = "foreshadow_warm_replicas"
	warmUpProgress = "foreshadow_shadow_warmup_progress_ratio"
)

// customMetrics is the version of the custom metrics API that the adapter gets.
// The other one has an owner, as where another adapter was there first.
var customMetrics = schema.GroupVersion{Group: "custom.metrics.k8s.io", Version: "v1beta1"}

// published is a shop beside an adapter that says how its shadows are, and a
// person who may read that.
type published struct {
	*shop
	metrics *adapter
	reader  kubernetes.Interface
}

const readerBinding = `
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader-external}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: foreshadow-external-metrics-reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: reader}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: reader-custom}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: foreshadow-custom-metrics-reader}
subjects: [{apiGroup: rbac.authorization.k8s.io, kind: User, name: reader}]
`

// TestPublished reads through the API server what the metrics role says of
// shadows. Its Prometheus never runs: that is none of their business.
func TestPublished(t *testing.T) {
	const shadows = 3
	never, err := prom.New(prom.Config{DataDir: t.TempDir(), LogDir: shared.logs})
	require.NoError(t, err)
	p := &published{shop: openShop(t, "published", 4, shadows, ""), metrics: shared.newAdapter(t, never)}
	p.reader = p.as(t, "reader")
	require.NoError(t, shared.Apply(t.Context(), readerBinding))
	p.register(t)

	t.Run("discovery lists what there is", p.discovers)
	t.Run("warm shadows are counted, and each is done", func(t *testing.T) { p.agree(t, shadows) })
	t.Run("who may not read is refused", p.refusesStrangers)
	t.Run("what went live is no shadow any more, and none is warm", func(t *testing.T) { p.goesLive(t, shadows) })
	t.Run("the next ones are counted as they get warm", func(t *testing.T) { p.agree(t, shadows) })
	t.Run("nothing is said of shadows whose keeper is not known to live", p.keeperGone)
	p.rec.judge(t)
}

// register puts both metrics APIs of the adapter behind the API server until the
// test ends.
func (p *published) register(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		ctx := context.Background()
		require.NoError(t, errors.Join(
			shared.UnregisterAPIService(ctx, customMetrics), shared.UnregisterAPIService(ctx, externalv1beta1.SchemeGroupVersion)))
	})
	p.metrics.start(t)
	require.NoError(t, shared.RegisterAPIService(t.Context(), cluster.APIService{
		GroupVersion: customMetrics, Namespace: adapterNamespace, Service: adapterService, Port: p.metrics.port,
	}))
}

// as returns a client of the API server for a user.
func (p *published) as(t *testing.T, user string) kubernetes.Interface {
	t.Helper()
	path, err := shared.CreateUser(user)
	require.NoError(t, err)
	cfg, err := clientcmd.BuildConfigFromFlags("", path)
	require.NoError(t, err)
	cfg.QPS = -1 // waits look often
	c, err := kubernetes.NewForConfig(cfg)
	require.NoError(t, err)
	return c
}

// raw is kubectl get --raw. Its error is what the server says.
func raw(ctx context.Context, c kubernetes.Interface, path string) ([]byte, error) {
	body, err := c.CoreV1().RESTClient().Get().RequestURI(path).Do(ctx).Raw()
	var status metav1.Status
	if err != nil && json.Unmarshal(body, &status) == nil && status.Kind == "Status" {
		return nil, &apierrors.StatusError{ErrStatus: status}
	}
	return body, err
}

func (p *published) warmPath() string {
	return "/apis/external.metrics.k8s.io/v1beta1/namespaces/" + p.namespace + "/" + warmReplicas + "?labelSelector=pool%3Dweb"
}

func (p *published) progressPath(pod string) string {
	return "/apis/" + customMetrics.String() + "/namespaces/" + p.namespace + "/pods/" + pod + "/" + warmUpProgress
}

// warm reads foreshadow_warm_replicas.
func (p *published) warm(ctx context.Context) (int64, error) {
	body, err := raw(ctx, p.reader, p.warmPath())
	if err != nil {
		return 0, err
	}
	var list externalv1beta1.ExternalMetricValueList
	if err := json.Unmarshal(body, &list); err != nil || len(list.Items) != 1 {
		return 0, fmt.Errorf("%d items (%w): %s", len(list.Items), err, body)
	}
	return list.Items[0].Value.Value(), nil
}

// progress reads the progress of one pod, or of all for "*", by the pods' names.
func (p *published) progress(ctx context.Context, pod string) (map[string]string, error) {
	body, err := raw(ctx, p.reader, p.progressPath(pod))
	if err != nil {
		return nil, err
	}
	var list struct {
		Items []struct {
			DescribedObject corev1.ObjectReference
			Timestamp       time.Time
			Value           resource.Quantity
		}
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("read %s: %w", body, err)
	}
	out := map[string]string{}
	for _, item := range list.Items {
		if item.DescribedObject.Kind != "Pod" || item.Timestamp.IsZero() {
			return nil, fmt.Errorf("this is no value of a pod: %s", body)
		}
		out[item.DescribedObject.Name] = item.Value.String()
	}
	return out, nil
}

func (p *published) discovers(t *testing.T) {
	for groupVersion, want := range map[string][]string{
		customMetrics.String():            {"pods/" + warmUpProgress},
		"external.metrics.k8s.io/v1beta1": {predictedCapacity, "foreshadow_predicted_load", warmReplicas},
	} {
		var list *metav1.APIResourceList
		// The API server asks an adapter that it found dead anew each half a minute; until then it answers for it.
		require.NoError(t, process.Until(t.Context(), time.Minute, groupVersion, func(context.Context) (string, bool) {
			var err error
			if list, err = p.reader.Discovery().ServerResourcesForGroupVersion(groupVersion); !apierrors.IsServiceUnavailable(err) {
				require.NoError(t, err)
			}
			return fmt.Sprint(err), err == nil
		}))
		var got []string
		for _, r := range list.APIResources {
			got = append(got, r.Name)
		}
		require.ElementsMatch(t, want, got, groupVersion)
	}
}

// agree waits until so many shadows are warm, and both metrics say what the pods
// do.
func (p *published) agree(t *testing.T, shadows int) {
	p.awaitWarm(t, shadows)
	want := map[string]string{}
	for _, pod := range p.shadows(t) {
		require.Equal(t, string(v1alpha1.ShadowReady), pod.Labels[v1alpha1.StateLabel])
		want[pod.Name] = "1"
	}
	require.Len(t, want, shadows)
	require.NoError(t, process.Until(t.Context(), 30*time.Second, "the metrics to say what the pods do", func(ctx context.Context) (string, bool) {
		n, err := p.warm(ctx)
		all, err2 := p.progress(ctx, "*")
		return fmt.Sprintf("%d warm (%v), progress %v (%v)", n, err, all, err2), n == int64(shadows) && cmp.Equal(want, all)
	}))
	for name := range want {
		one, err := p.progress(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, map[string]string{name: "1"}, one)
	}
	for _, path := range []string{p.warmPath(), p.progressPath("*")} {
		body, err := raw(t.Context(), p.reader, path)
		require.NoError(t, err)
		t.Logf("kubectl get --raw '%s'\n%s", path, body)
	}
}

func (p *published) refusesStrangers(t *testing.T) {
	stranger := p.as(t, "stranger")
	for _, path := range []string{p.warmPath(), p.progressPath("*")} {
		_, err := raw(t.Context(), stranger, path)
		require.True(t, apierrors.IsForbidden(err), "%s: %v", path, err)
	}
	live := p.live(t)[0].Name
	_, err := p.progress(t.Context(), live)
	require.True(t, apierrors.IsNotFound(err), "pod %s is no shadow: %v", live, err)
	require.EqualError(t, err, "the server could not find the metric "+warmUpProgress+" for pods "+live)
}

// goesLive raises the workload by all its shadows.
func (p *published) goesLive(t *testing.T, shadows int) {
	were := p.shadows(t)
	replicas := len(p.live(t)) + shadows
	p.scaleTo(t, replicas)
	require.NoError(t, process.Until(t.Context(), 30*time.Second, "no shadow to be warm", func(ctx context.Context) (string, bool) {
		n, err := p.warm(ctx)
		return fmt.Sprintf("%d warm (%v)", n, err), err == nil && n == 0
	}))
	p.awaitSettled(t, replicas)
	for _, pod := range were {
		_, err := p.progress(t.Context(), pod.Name)
		require.True(t, apierrors.IsNotFound(err), "pod %s has gone live: %v", pod.Name, err)
	}
}

// keeperGone stops the role that keeps the shadows. What it wrote still holds for
// a while, but not for an adapter that has never seen it alive.
func (p *published) keeperGone(t *testing.T) {
	p.stop(t)
	n, err := p.warm(t.Context())
	require.NoError(t, err, "a rollout of the role takes no number away")
	require.EqualValues(t, 3, n)
	require.NoError(t, p.metrics.child.Stop(adapterGrace))
	p.metrics.start(t)
	const sentence = "is withheld: nobody is known to keep the shadows"
	for _, path := range []string{p.warmPath(), p.progressPath("*")} {
		// Its first answers are that it does not know the API server yet.
		require.NoError(t, process.Until(t.Context(), 30*time.Second, "the adapter to say why it does not answer", func(ctx context.Context) (string, bool) {
			_, err := raw(ctx, p.reader, path)
			return fmt.Sprint(err), apierrors.IsServiceUnavailable(err) && strings.Contains(err.Error(), sentence)
		}))
	}
	p.start(t)
	require.NoError(t, process.Until(t.Context(), time.Minute, "the role to be seen alive", func(ctx context.Context) (string, bool) {
		n, err := p.warm(ctx)
		return fmt.Sprintf("%d warm (%v)", n, err), err == nil && n == 3
	}))
}
