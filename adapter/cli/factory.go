package cli

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/rest"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

// fieldOwner is the name under which the server remembers what these verbs wrote.
const fieldOwner = "kubectl-foreshadow"

// factory makes the clients of the verbs from the flags that all of them share.
type factory struct {
	Config
	flags *genericclioptions.ConfigFlags
}

// namespace is the one that the flags or the kubeconfig name.
func (f *factory) namespace() (string, error) {
	ns, _, err := f.flags.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return "", fmt.Errorf("read kubeconfig: %w", err)
	}
	return ns, nil
}

// kube returns a client of the cluster.
func (f *factory) kube() (ctrlclient.WithWatch, error) {
	cfg, err := f.flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	if f.unconfigured() {
		cfg.Wrap(explainUnconfigured)
	}
	cfg.QPS = -1 // a verb makes a handful of requests
	cfg.WarningHandler = rest.NewWarningWriter(f.Streams.ErrOut, rest.WarningWriterOptions{Deduplicate: true})
	scheme, err := newScheme()
	if err != nil {
		return nil, err
	}
	c, err := ctrlclient.NewWithWatch(cfg, ctrlclient.Options{Scheme: scheme, Mapper: newMapper()})
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", cfg.Host, err)
	}
	return c, nil
}

// client returns the API of Foreshadow, whose writes are as dry as asked for.
func (f *factory) client(d dryRun) (*client.Client, error) {
	kube, err := f.kube()
	if err != nil {
		return nil, err
	}
	return client.New(d.wrap(kube), f.Clock), nil
}

// newScheme knows the kinds that are read as Go types.
func newScheme() (*runtime.Scheme, error) {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		v1alpha1.AddToScheme, appsv1.AddToScheme, autoscalingv2.AddToScheme, corev1.AddToScheme,
		networkingv1.AddToScheme, policyv1.AddToScheme, metav1.AddMetaToScheme,
	} {
		if err := add(s); err != nil {
			return nil, fmt.Errorf("build scheme: %w", err)
		}
	}
	return s, nil
}

// newMapper knows the resources of the kinds that the verbs touch: asking the
// server for them would cost a request per API group.
func newMapper() meta.RESTMapper {
	m := meta.NewDefaultRESTMapper(nil)
	for _, k := range []struct{ group, version, kind, plural, singular string }{
		{v1alpha1.Group, v1alpha1.Version, v1alpha1.Kind, v1alpha1.Resource, "shadowpool"},
		{"", "v1", "Pod", "pods", "pod"},
		{"", "v1", "Service", "services", "service"},
		{"apps", "v1", "Deployment", "deployments", "deployment"},
		{"apps", "v1", "ReplicaSet", "replicasets", "replicaset"},
		{"argoproj.io", "v1alpha1", "Rollout", "rollouts", "rollout"},
		{"autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", "horizontalpodautoscaler"},
		{"keda.sh", "v1alpha1", "ScaledObject", "scaledobjects", "scaledobject"},
		{"networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies", "networkpolicy"},
		{"policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets", "poddisruptionbudget"},
		{"security.istio.io", "v1", "AuthorizationPolicy", "authorizationpolicies", "authorizationpolicy"},
	} {
		gv := schema.GroupVersion{Group: k.group, Version: k.version}
		m.AddSpecific(gv.WithKind(k.kind), gv.WithResource(k.plural), gv.WithResource(k.singular), meta.RESTScopeNamespace)
	}
	gv := corev1.SchemeGroupVersion
	m.AddSpecific(gv.WithKind("Namespace"), gv.WithResource("namespaces"), gv.WithResource("namespace"), meta.RESTScopeRoot)
	return m
}

// pools returns the named pools of a namespace, or all of it where there is no
// name, or all of the cluster where the namespace is empty. They have their
// defaults.
func (f *factory) pools(ctx context.Context, kube ctrlclient.Client, namespace string, names []string) ([]*v1alpha1.ShadowPool, error) {
	c := client.New(kube, f.Clock)
	if len(names) == 0 {
		return c.Pools(ctx, namespace)
	}
	out := make([]*v1alpha1.ShadowPool, 0, len(names))
	for _, name := range names {
		p, err := c.FindPool(ctx, client.Pool(namespace, name))
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
