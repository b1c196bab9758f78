package charts

import (
	"testing"

	"github.com/stretchr/testify/require"
	admissionregistration "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
)

// oldest is the first version of Kubernetes that the chart takes.
func oldest() *version.Version { return version.MustParse("1.33") }

// judge returns the message of the first rule of the policy that an update of a
// pod breaks, as the API server's own code says; empty if it breaks none.
func judge(t *testing.T, p *admissionregistration.ValidatingAdmissionPolicy, before, after *corev1.Pod, subresource string) string {
	t.Helper()
	compiler, err := cel.NewCompositedCompiler(environment.MustBaseEnvSet(oldest()))
	require.NoError(t, err)
	for _, v := range p.Spec.Variables {
		require.Nil(t, compiler.CompileAndStoreVariable(&validating.Variable{Name: v.Name, Expression: v.Expression}, cel.OptionalVariableDeclarations{}, environment.NewExpressions).Error)
	}
	rules := make([]cel.ExpressionAccessor, 0, len(p.Spec.Validations))
	for _, v := range p.Spec.Validations {
		rules = append(rules, &validating.ValidationCondition{Expression: v.Expression, Message: v.Message})
	}
	compiled := compiler.CompileCondition(rules, cel.OptionalVariableDeclarations{}, environment.NewExpressions)
	require.Empty(t, compiled.CompilationErrors())
	kind, of := corev1.SchemeGroupVersion.WithKind("Pod"), corev1.SchemeGroupVersion.WithResource("pods")
	attributes := admission.NewAttributesRecord(after, before, kind, after.Namespace, after.Name, of, subresource, admission.Update, &metav1.PatchOptions{}, false, &user.DefaultInfo{})
	versioned := &admission.VersionedAttributes{Attributes: attributes, VersionedKind: kind}
	versioned.VersionedObject.Set(after)
	versioned.VersionedOldObject.Set(before)
	request := cel.CreateAdmissionRequest(attributes, metav1.GroupVersionResource(of), metav1.GroupVersionKind(kind))
	results, _, err := compiled.ForInput(compiler.CreateContext(t.Context()), versioned, request, cel.OptionalVariableBindings{}, nil, celconfig.RuntimeCELCostBudget)
	require.NoError(t, err)
	for _, r := range results {
		require.NoError(t, r.Error)
		if r.EvalResult.Value() != true {
			return r.ExpressionAccessor.(*validating.ValidationCondition).Message
		}
	}
	return ""
}

// limits are CPU and memory limits, and a small CPU request.
func limits(cpu, memory string) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{
		Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("10m")},
		Limits:   corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(cpu), corev1.ResourceMemory: resource.MustParse(memory)},
	}
}

func TestPolicyConfinesResizes(t *testing.T) {
	objects, err := Render(dir, release, values{"prometheus": prometheus(), "shadows": values{"enabled": true, "namespaces": []any{"shop"}}})
	require.NoError(t, err)
	var policy *admissionregistration.ValidatingAdmissionPolicy
	for _, o := range objects {
		if o.GetKind() == "ValidatingAdmissionPolicy" {
			policy = &admissionregistration.ValidatingAdmissionPolicy{}
			require.NoError(t, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, policy))
		}
	}
	require.NotNil(t, policy)
	whole := new(limits("4", "1Gi"))
	tests := []struct {
		name   string
		before func(*corev1.Pod)
		resize func(*corev1.Pod)
		want   string
	}{
		{name: "the CPU of a container", resize: func(p *corev1.Pod) { p.Spec.Containers[0].Resources = limits("500m", "64Mi") }},
		{
			name:   "the CPU of a container in a pod with resources of its own",
			before: func(p *corev1.Pod) { p.Spec.Resources = whole },
			resize: func(p *corev1.Pod) { p.Spec.Containers[0].Resources = limits("500m", "64Mi") },
		},
		{
			name: "a container without resources", before: func(p *corev1.Pod) { p.Spec.Containers[0].Resources = corev1.ResourceRequirements{} },
			resize: func(*corev1.Pod) {},
		},
		{
			name: "the memory of a container", resize: func(p *corev1.Pod) { p.Spec.Containers[0].Resources = limits("2", "128Mi") },
			want: "the role foreshadow-shadows resizes the CPU of a pod and nothing else",
		},
		{
			name: "memory where there was none", before: func(p *corev1.Pod) { p.Spec.Containers[0].Resources = corev1.ResourceRequirements{} },
			resize: func(p *corev1.Pod) { p.Spec.Containers[0].Resources = limits("2", "64Mi") },
			want:   "the role foreshadow-shadows resizes the CPU of a pod and nothing else",
		},
		{
			name: "a sidecar", resize: func(p *corev1.Pod) { p.Spec.InitContainers[0].Resources = limits("500m", "64Mi") },
			want: "the role foreshadow-shadows resizes no init container and no sidecar",
		},
		{
			name: "resources of the whole pod", resize: func(p *corev1.Pod) { p.Spec.Resources = whole },
			want: "the role foreshadow-shadows changes no resources of a whole pod",
		},
		{
			name: "more of the whole pod", before: func(p *corev1.Pod) { p.Spec.Resources = new(limits("2", "64Mi")) },
			resize: func(p *corev1.Pod) { p.Spec.Resources = whole },
			want:   "the role foreshadow-shadows changes no resources of a whole pod",
		},
		{
			name: "a pod of others", before: func(p *corev1.Pod) { p.Labels = nil }, resize: func(*corev1.Pod) {},
			want: "the role foreshadow-shadows changes pods with the label foreshadow.dev/pool, no others",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "web-1", Namespace: "shop", Labels: map[string]string{"foreshadow.dev/pool": "web"}}}
			before.Spec.Containers = []corev1.Container{{Name: "app", Image: "app:1", Resources: limits("2", "64Mi")}}
			before.Spec.InitContainers = []corev1.Container{{Name: "sidecar", Image: "app:1", Resources: limits("1", "64Mi")}}
			if tt.before != nil {
				tt.before(before)
			}
			after := before.DeepCopy()
			tt.resize(after)
			require.Equal(t, tt.want, judge(t, policy, before, after, "resize"))
		})
	}
}
