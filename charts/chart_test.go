package charts

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	"helm.sh/helm/v4/pkg/chart/v2/lint/support"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	apiregistration "k8s.io/kube-aggregator/pkg/apis/apiregistration/v1"
	podsecurity "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

const dir = "foreshadow"

var release = Release{Name: "foreshadow", Namespace: "foreshadow"}

type values = map[string]any

// installation is a way to install the chart that the docs speak of.
type installation struct {
	name   string
	values values
}

func prometheus() values { return values{"url": "http://prometheus.monitoring:9090"} }

// longTerm is a source whose token is a key of a Secret.
func longTerm() values {
	return values{
		"name": "long-term", "url": "https://thanos-query.monitoring:10902", "namespaces": []any{"shop"}, "headers": values{"THANOS-TENANT": "shop"},
		"http_config": values{"authorization": values{"credentials_file": "/etc/foreshadow/sources-secrets/thanos-auth/token"}},
	}
}

func pool(name string) values {
	return values{
		"apiVersion": "foreshadow.dev/v1alpha1", "kind": "ShadowPool", "metadata": values{"name": name, "namespace": "shop"},
		"spec": values{"scaleTargetRef": values{"apiVersion": "apps/v1", "kind": "Deployment", "name": name}, "load": values{"query": "sum(rate(http_requests_total[2m]))"}},
	}
}

func installations() []installation {
	everything := values{
		"prometheus": values{"url": "https://prometheus.monitoring:9090", "configSecret": "prometheus-auth"},
		"shadows": values{
			"enabled": true, "namespaces": []any{"shop", "bank"}, "ownScale": true, "argoRollouts": true, "keda": true, "istio": true,
			"allowDrift": []any{"istio-proxy"}, "keepLabels": []any{"team"}, "priorityClassName": "system-cluster-critical",
			"tolerations": []any{values{"key": "infra", "operator": "Exists"}}, "nodeSelector": values{"pool": "infra"},
		},
		"image":            values{"digest": "sha256:" + strings.Repeat("0", 64)},
		"imagePullSecrets": []any{values{"name": "registry"}},
		"namespaces":       []any{"shop"}, "customMetrics": values{"apiService": "Always"},
		"serviceMonitor": values{"enabled": true, "labels": values{"release": "kube-prometheus-stack"}},
		"prometheusRule": values{"enabled": true}, "dashboards": values{"enabled": true},
		"networkPolicy": values{"metricsFrom": []any{values{"namespaceSelector": values{}}}, "prometheusTo": []any{values{"namespaceSelector": values{}}}},
	}
	return []installation{
		{"default", values{"prometheus": prometheus()}},
		{"shadows", values{"prometheus": prometheus(), "shadows": values{"enabled": true, "namespaces": []any{"shop"}}}},
		{"everything", everything},
		{"tenant", values{"profile": "tenant", "prometheus": prometheus(), "pools": []any{pool("web"), pool("api")}}},
		{"a certificate of Helm's", values{"prometheus": prometheus(), "tls": values{"source": "Helm"}}},
		{"cert-manager", values{"prometheus": prometheus(), "tls": values{"source": "CertManager"}}},
		{"own certificate", values{"prometheus": prometheus(), "tls": values{"source": "ExistingSecret", "existingSecret": "tls", "caBundle": "Y2E="}}},
		{"several sources", values{"prometheus": prometheus(), "sources": []any{longTerm()}, "sourcesSecrets": []any{"thanos-auth"}}},
		{"kept loads", values{"prometheus": prometheus(), "keep": values{"enabled": true, "storageClassName": "fast"}}},
		{"beside KEDA", values{
			"prometheus": prometheus(), "externalMetrics": values{"apiService": "Never"},
			"keda": values{"enabled": true, "certificatesSecret": "keda-tls", "clientNames": []any{"keda-operator"}},
		}},
	}
}

// each runs a test for every installation.
func each(t *testing.T, f func(t *testing.T, in installation, objects []*unstructured.Unstructured)) {
	t.Helper()
	for _, in := range installations() {
		t.Run(in.name, func(t *testing.T) {
			objects, err := Render(dir, release, in.values)
			require.NoError(t, err)
			require.NotEmpty(t, objects)
			f(t, in, objects)
		})
	}
}

func TestLint(t *testing.T) {
	each(t, func(t *testing.T, in installation, _ []*unstructured.Unstructured) {
		t.Helper()
		for _, m := range lint.RunAll(dir, in.values, release.Namespace).Messages {
			if m.Severity > support.InfoSev {
				t.Errorf("%s: %v", m.Path, m.Err)
			}
		}
	})
}

// foreign are kinds whose types are not ours to link: those of operators.
var foreign = []string{"cert-manager.io/v1", "monitoring.coreos.com/v1"}

// An unknown field, or one of a wrong type, fails: an API server would drop the one
// and refuse the other.
func TestObjectsAreWhatAnAPIServerTakes(t *testing.T) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, apiregistration.AddToScheme, apiextensions.AddToScheme} {
		require.NoError(t, add(scheme))
	}
	decoder := serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDeserializer()
	each(t, func(t *testing.T, _ installation, objects []*unstructured.Unstructured) {
		t.Helper()
		seen := map[string]bool{}
		for _, o := range objects {
			id := strings.Join([]string{o.GetAPIVersion(), o.GetKind(), o.GetNamespace(), o.GetName()}, "/")
			require.False(t, seen[id], "%s is there twice", id)
			seen[id] = true
			if slices.Contains(foreign, o.GetAPIVersion()) {
				continue
			}
			raw, err := o.MarshalJSON()
			require.NoError(t, err)
			_, _, err = decoder.Decode(raw, nil, nil)
			require.NoError(t, err, id)
		}
	})
}

// pods are the pod templates of the Deployments, and of the StatefulSet that the adapter may be.
func pods(t *testing.T, objects []*unstructured.Unstructured) map[string]corev1.PodTemplateSpec {
	t.Helper()
	out := map[string]corev1.PodTemplateSpec{}
	for _, o := range objects {
		if o.GetKind() != "Deployment" && o.GetKind() != "StatefulSet" {
			continue
		}
		d := &appsv1.Deployment{}
		require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, d))
		out[d.Name] = d.Spec.Template
	}
	return out
}

func TestPodsAreRestricted(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	require.NoError(t, err)
	restricted := podsecurity.LevelVersion{Level: podsecurity.LevelRestricted, Version: podsecurity.LatestVersion()}
	each(t, func(t *testing.T, _ installation, objects []*unstructured.Unstructured) {
		t.Helper()
		for name, pod := range pods(t, objects) {
			for _, r := range evaluator.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec) {
				require.True(t, r.Allowed, "%s: %s: %s", name, r.ForbiddenReason, r.ForbiddenDetail)
			}
			for _, c := range pod.Spec.Containers {
				require.True(t, *c.SecurityContext.ReadOnlyRootFilesystem, name)
			}
		}
	})
}

// rules are what the Roles and ClusterRoles grant, by kind and namespace.
func rules(t *testing.T, objects []*unstructured.Unstructured) map[string][]rbacv1.PolicyRule {
	t.Helper()
	out := map[string][]rbacv1.PolicyRule{}
	for _, o := range objects {
		if o.GetKind() != "Role" && o.GetKind() != "ClusterRole" {
			continue
		}
		role := &rbacv1.Role{}
		require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, role))
		where := strings.TrimSuffix(fmt.Sprintf("%s in %s", role.Kind, role.Namespace), " in ")
		out[where] = append(out[where], role.Rules...)
	}
	return out
}

func TestRightsAreNarrow(t *testing.T) {
	each(t, func(t *testing.T, in installation, objects []*unstructured.Unstructured) {
		t.Helper()
		for where, list := range rules(t, objects) {
			for _, r := range list {
				require.NotContains(t, slices.Concat(r.APIGroups, r.Resources, r.Verbs), "*", where)
				for _, no := range []string{"secrets", "pods/exec", "pods/attach", "serviceaccounts/token"} {
					require.NotContains(t, r.Resources, no, where)
				}
				for _, no := range []string{"escalate", "bind", "impersonate", "deletecollection"} {
					require.NotContains(t, r.Verbs, no, where)
				}
				ofPods := slices.ContainsFunc(r.Resources, func(s string) bool { return s == "pods" || strings.HasPrefix(s, "pods/") && r.APIGroups[0] == "" })
				if ofPods {
					require.True(t, strings.HasPrefix(where, "Role in "), "%s may touch pods", where)
					require.Contains(t, []string{"shadows", "everything"}, in.name, "the metrics role touches no pod")
				}
			}
		}
	})
}

// A tenant cannot ask for anything beyond the namespace of the release.
func TestTenantRendersNothingClusterScoped(t *testing.T) {
	each(t, func(t *testing.T, in installation, objects []*unstructured.Unstructured) {
		t.Helper()
		if in.name != "tenant" {
			return
		}
		kinds := map[string]int{}
		for _, o := range objects {
			kinds[o.GetKind()]++
			require.Equal(t, release.Namespace, o.GetNamespace(), o.GetName())
		}
		require.Equal(t, map[string]int{
			"ConfigMap": 1, "Deployment": 1, "NetworkPolicy": 1, "PodDisruptionBudget": 1, "Service": 1, "ServiceAccount": 1,
		}, kinds)
	})
}

// KEDA reaches the scaler by the Service, through the policy, at the port that the adapter listens on with the Secret's files.
func TestKEDAReachesTheScaler(t *testing.T) {
	each(t, func(t *testing.T, in installation, objects []*unstructured.Unstructured) {
		t.Helper()
		_, enabled := in.values["keda"]
		seen := map[string]int{}
		for _, o := range objects {
			switch o.GetKind() + " " + o.GetName() {
			case "Service foreshadow-adapter":
				s := &corev1.Service{}
				require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, s))
				for _, p := range s.Spec.Ports {
					if p.Port == 9403 {
						seen["service"]++
						require.Equal(t, "keda", p.TargetPort.StrVal)
					}
				}
			case "NetworkPolicy foreshadow-adapter":
				n := &networkingv1.NetworkPolicy{}
				require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, n))
				for _, r := range n.Spec.Ingress {
					if r.Ports[0].Port.StrVal == "keda" {
						seen["policy"]++
						require.Equal(t, "keda", r.From[0].NamespaceSelector.MatchLabels["kubernetes.io/metadata.name"])
					}
				}
			}
		}
		adapter := pods(t, objects)["foreshadow-adapter"].Spec
		for _, p := range adapter.Containers[0].Ports {
			if p.Name == "keda" && p.ContainerPort == 9403 {
				seen["port"]++
			}
		}
		for _, v := range adapter.Volumes {
			if v.Secret != nil && v.Secret.SecretName == "keda-tls" {
				seen["secret"]++
			}
		}
		want := map[string]int{}
		if enabled {
			want = map[string]int{"service": 1, "policy": 1, "port": 1, "secret": 1}
		}
		require.Equal(t, want, seen)
	})
}

// The adapter reads the sources and the files of their credentials, and may go out to them; no rule lets it read a Secret.
func TestSourcesAreMounted(t *testing.T) {
	v := values{"prometheus": prometheus(), "sources": []any{longTerm()}, "sourcesSecrets": []any{"thanos-auth"}}
	objects, err := Render(dir, release, v)
	require.NoError(t, err)
	adapter := pods(t, objects)["foreshadow-adapter"].Spec
	require.Contains(t, adapter.Containers[0].Args, "--history.sources-file=/etc/foreshadow/sources/sources.yaml")
	mounted := map[string]string{}
	for _, m := range adapter.Containers[0].VolumeMounts {
		require.True(t, m.ReadOnly, m.Name)
		mounted[m.Name] = m.MountPath
	}
	for _, volume := range adapter.Volumes {
		switch {
		case volume.ConfigMap != nil:
			require.Equal(t, "/etc/foreshadow/sources", mounted[volume.Name])
			for _, o := range objects {
				if o.GetKind() == "ConfigMap" && o.GetName() == volume.ConfigMap.Name {
					text, _, err := unstructured.NestedString(o.Object, "data", "sources.yaml")
					require.NoError(t, err)
					require.Contains(t, text, "name: long-term")
				}
			}
		case volume.Secret.SecretName == "thanos-auth":
			require.Equal(t, "/etc/foreshadow/sources-secrets/thanos-auth", mounted[volume.Name])
		}
	}
	require.Equal(t, int32(10902), portTo(t, v))
}

// Each replica has a volume of its own, where its loads are kept, and may write there.
func TestEachReplicaHasItsVolume(t *testing.T) {
	objects, err := Render(dir, release, values{"prometheus": prometheus(), "keep": values{"enabled": true, "volumeSize": "5Gi"}})
	require.NoError(t, err)
	var set *appsv1.StatefulSet
	for _, o := range objects {
		require.NotEqual(t, "Deployment", o.GetKind())
		if o.GetKind() == "StatefulSet" {
			set = &appsv1.StatefulSet{}
			require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, set))
		}
	}
	require.NotNil(t, set)
	require.Equal(t, appsv1.ParallelPodManagement, set.Spec.PodManagementPolicy)
	require.Len(t, set.Spec.VolumeClaimTemplates, 1)
	claim := set.Spec.VolumeClaimTemplates[0]
	require.Equal(t, []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, claim.Spec.AccessModes)
	require.Equal(t, "5Gi", claim.Spec.Resources.Requests.Storage().String())
	pod := set.Spec.Template.Spec
	require.Contains(t, pod.Containers[0].VolumeMounts, corev1.VolumeMount{Name: claim.Name, MountPath: "/data/keep"})
	require.Contains(t, pod.Containers[0].Args, "--history.keep-path=/data/keep/store")
	require.Contains(t, pod.Containers[0].Args, "--history.keep-size=1073741824")
	require.Equal(t, int64(65532), *pod.SecurityContext.FSGroup)
}

// The adapter may go out to where its Prometheus is, whatever its port.
func TestPrometheusIsReached(t *testing.T) {
	for url, want := range map[string]int32{
		"http://prometheus.monitoring:9090":                   9090,
		"http://vmselect.monitoring:8481/select/0/prometheus": 8481,
		"http://mimir.monitoring/prometheus":                  80,
		"https://thanos.monitoring":                           443,
		"http://[fd00::1]:9091":                               9091,
	} {
		require.Equal(t, want, portTo(t, values{"prometheus": values{"url": url}}), url)
	}
	require.Equal(t, int32(8080), portTo(t, values{"prometheus": prometheus(), "networkPolicy": values{"prometheusPort": 8080}}))
}

// portTo is the last port that the adapter may go out to.
func portTo(t *testing.T, v values) int32 {
	t.Helper()
	objects, err := Render(dir, release, v)
	require.NoError(t, err)
	for _, o := range objects {
		if o.GetKind() != "NetworkPolicy" {
			continue
		}
		n := &networkingv1.NetworkPolicy{}
		require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, n))
		return n.Spec.Egress[len(n.Spec.Egress)-1].Ports[0].Port.IntVal
	}
	t.Fatal("there is no NetworkPolicy")
	return 0
}

// written are the APIServices that the adapter is told to write to and may write to: the same.
func written(t *testing.T, objects []*unstructured.Unstructured) []string {
	t.Helper()
	var told, may []string
	for _, arg := range pods(t, objects)["foreshadow-adapter"].Spec.Containers[0].Args {
		if list, ok := strings.CutPrefix(arg, "--certificate.api-services="); ok {
			told = strings.Split(list, ",")
		}
	}
	for where, list := range rules(t, objects) {
		for _, r := range list {
			if slices.Contains(r.Resources, "apiservices") {
				require.Equal(t, "ClusterRole", where)
				require.NotEmpty(t, r.ResourceNames, "a rule without names is one for all of them")
				require.Equal(t, []string{"get", "patch"}, r.Verbs)
				may = append(may, r.ResourceNames...)
			}
		}
	}
	require.Equal(t, told, may)
	return told
}

func count(list ...bool) (n int) {
	for _, b := range list {
		if b {
			n++
		}
	}
	return n
}

// The API server must be able to tell our server from another one.
func TestAPIServicesAreVerified(t *testing.T) {
	each(t, func(t *testing.T, in installation, objects []*unstructured.Unstructured) {
		t.Helper()
		n := 0
		for _, o := range objects {
			if o.GetKind() != "APIService" {
				continue
			}
			n++
			require.NotContains(t, o.Object["spec"], "insecureSkipTLSVerify")
			_, hasBundle, _ := unstructured.NestedString(o.Object, "spec", "caBundle")
			_, injected := o.GetAnnotations()["cert-manager.io/inject-ca-from"]
			written := slices.Contains(written(t, objects), o.GetName())
			require.Equal(t, 1, count(hasBundle, injected, written), "%s has its bundle from one", o.GetName())
		}
		require.LessOrEqual(t, len(written(t, objects)), n, "what is not registered is nobody's to write")
		want := map[string]int{"everything": 3, "tenant": 0, "beside KEDA": 0}
		if w, ok := want[in.name]; ok {
			require.Equal(t, w, n)
		} else {
			require.Equal(t, 1, n)
		}
	})
}

// The schema of a tenant's pools is that of the CRD, that of durations the one of schema.go.
func TestDefinitionsAreCurrent(t *testing.T) {
	values, err := os.ReadFile("foreshadow/values.schema.json")
	require.NoError(t, err)
	crd, err := os.ReadFile("foreshadow/files/crds/foreshadow.dev_shadowpools.yaml")
	require.NoError(t, err)
	want, err := SetDefinitions(values, crd)
	require.NoError(t, err)
	require.Equal(t, string(want), string(values), "values.schema.json is stale: run 'make generate'")
}

// A pool that the adapter would refuse is refused before it is installed, by its path.
func TestBadPoolsOfATenant(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(spec values)
		want   string
	}{
		"no load":               {func(s values) { delete(s, "load") }, "missing property 'load'"},
		"no query":              {func(s values) { s["load"] = values{} }, "missing property 'query'"},
		"an unknown field":      {func(s values) { s["shadowPercent"] = 10 }, "shadowPercent"},
		"a number for a text":   {func(s values) { s["load"].(values)["capacityPerReplica"] = 100 }, "/pools/1/spec/load/capacityPerReplica"},
		"a text for a number":   {func(s values) { s["maxShadows"] = "many" }, "/pools/1/spec/maxShadows"},
		"a value of no list":    {func(s values) { s["mode"] = "Guess" }, "/pools/1/spec/mode"},
		"no form of a duration": {func(s values) { s["history"] = values{"window": "two weeks"} }, "/pools/1/spec/history/window"},
		"a number out of range": {func(s values) { s["shadowPercentage"] = 1000 }, "/pools/1/spec/shadowPercentage"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := pool("api")
			tc.change(bad["spec"].(values))
			_, err := Render(dir, release, values{"profile": "tenant", "prometheus": prometheus(), "pools": []any{pool("web"), bad}})
			require.ErrorContains(t, err, tc.want)
		})
	}
}

// secretly is a source with credentials in the values, which would stand in a ConfigMap.
func secretly(httpConfig values) values {
	return values{"name": "a", "url": "http://x", "namespaces": []any{"shop"}, "http_config": httpConfig}
}

func TestBadValues(t *testing.T) {
	with := func(key string, v any) values { return values{"prometheus": prometheus(), key: v} }
	for name, tc := range map[string]struct {
		values values
		want   string
	}{
		"no Prometheus":         {values{}, "prometheus.url: write the URL of a Prometheus HTTP API"},
		"a URL without scheme":  {values{"prometheus": values{"url": "prometheus:9090"}}, "/prometheus/url"},
		"a number for text":     {with("log", values{"level": 3}), "/log/level"},
		"text for a number":     {with("adapter", values{"replicas": "two"}), "/adapter/replicas"},
		"an unknown value":      {with("adaptor", values{}), "adaptor"},
		"an unknown field":      {with("adapter", values{"replica": 2}), "replica"},
		"a namespace":           {with("namespaces", []any{"Shop"}), "/namespaces/0"},
		"a duration":            {with("adapter", values{"refreshInterval": "1 minute"}), "/adapter/refreshInterval"},
		"a profile":             {with("profile", "small"), "/profile"},
		"shadows nowhere":       {with("shadows", values{"enabled": true}), "shadows.namespaces: write the namespaces"},
		"shadows not enabled":   {with("shadows", values{"namespaces": []any{"shop"}}), "shadows.enabled: shadows.namespaces is written"},
		"shadows of a tenant":   {values{"prometheus": prometheus(), "profile": "tenant", "pools": []any{pool("web")}, "shadows": values{"enabled": true}}, "shadows.enabled: shadows need ShadowPools"},
		"a tenant without pool": {with("profile", "tenant"), "pools: write the ShadowPools"},
		"pools of a cluster":    {with("pools", []any{pool("web")}), "pools: only profile tenant takes pools"},
		"KEDA without a Secret": {with("keda", values{"enabled": true}), "keda.certificatesSecret: write the name of a Secret"},
		"a port of another":     {with("keda", values{"port": 9402}), "/keda/port"},
		"a source for nobody":   {with("sources", []any{values{"name": "a", "url": "http://x"}}), "/sources/0"},
		"a source's password":   {with("sources", []any{values{"name": "a", "url": "http://me:pw@x", "namespaces": []any{"shop"}}}), "/sources/0/url"},
		"a source's token":      {with("sources", []any{secretly(values{"authorization": values{"credentials": "hunter2"}})}), "/sources/0/http_config/authorization/credentials"},
		"a source's key":        {with("sources", []any{secretly(values{"oauth2": values{"tls_config": values{"key": "hunter2"}}})}), "/sources/0/http_config/oauth2/tls_config/key"},
		"the default source":    {with("sources", []any{values{"name": "default", "url": "http://x", "namespaces": []any{"shop"}}}), "/sources/0/name"},
		"Secrets of no source":  {with("sourcesSecrets", []any{"auth"}), "sources: sourcesSecrets is written"},
		"a volume's size":       {with("keep", values{"volumeSize": "much"}), "/keep/volumeSize"},
		"no ShadowPool":         {with("pools", []any{values{"kind": "Pod"}}), "/pools/0"},
		"a flag":                {with("adapter", values{"extraArgs": []any{"log.level=debug"}}), "/adapter/extraArgs/0"},
		"a lifetime":            {with("tls", values{"lifetime": "1 day"}), "/tls/lifetime"},
		"days of cert-manager":  {with("tls", values{"source": "CertManager", "certManager": values{"duration": "90d"}}), "/tls/certManager/duration"},
		"a short lifetime":      {with("tls", values{"lifetime": "30s"}), "tls.lifetime: 30s: write at least 1m"},
		"a long lifetime":       {with("tls", values{"lifetime": "300y"}), "tls.lifetime: 300y: write at most 292y"},
		"no Secret":             {with("tls", values{"source": "ExistingSecret"}), "tls.existingSecret: write the name of a Secret"},
		"no CA":                 {with("tls", values{"source": "ExistingSecret", "existingSecret": "tls"}), "tls.caBundle: write the CA"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Render(dir, release, tc.values)
			require.ErrorContains(t, err, tc.want)
		})
	}
}
