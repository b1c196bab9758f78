package cli

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
	"github.com/foreshadow-dev/foreshadow/adapter/client"
)

var deployments = schema.GroupVersionKind{Group: "apps", Version: "v1", Kind: "Deployment"}

// targetKinds are the kinds that a person may write before a name.
var targetKinds = []struct {
	names []string
	gvk   schema.GroupVersionKind
}{
	{[]string{"deployment", "deployments", "deploy"}, deployments},
	{[]string{"replicaset", "replicasets", "rs"}, deployments.GroupVersion().WithKind("ReplicaSet")},
	{[]string{"rollout", "rollouts", "ro"}, schema.GroupVersionKind{Group: "argoproj.io", Version: "v1alpha1", Kind: "Rollout"}},
	{[]string{"pool", "shadowpool", "shadowpools", "shp"}, v1alpha1.GroupVersionKind()},
}

// cutKind reads KIND/NAME or, as -o name prints it, KIND.GROUP/NAME.
func cutKind(arg string) (kind, name string, found bool) {
	kind, name, found = strings.Cut(arg, "/")
	kind, _, _ = strings.Cut(strings.ToLower(kind), ".")
	return kind, name, found
}

// parseTarget reads NAME, of a Deployment, or KIND/NAME.
func parseTarget(namespace, arg string) (client.Target, error) {
	kind, name, found := cutKind(arg)
	if !found {
		kind, name = targetKinds[0].names[0], arg
	}
	for _, k := range targetKinds {
		switch {
		case !slices.Contains(k.names, kind):
			continue
		case name == "":
			return client.Target{}, fmt.Errorf("%q: write the name behind the kind, such as %s/web", arg, kind)
		case k.gvk.Kind == v1alpha1.Kind:
			return client.Pool(namespace, name), nil
		}
		return client.Target{Namespace: namespace, Workload: v1alpha1.ScaleTargetRef{
			APIVersion: k.gvk.GroupVersion().String(), Kind: k.gvk.Kind, Name: name,
		}}, nil
	}
	return client.Target{}, fmt.Errorf("%q: write NAME or deployment/NAME, replicaset/NAME, rollout/NAME or pool/NAME: shadows join through a ReplicaSet", arg)
}

// parsePool reads POOL or pool/POOL.
func parsePool(arg string) (string, error) {
	kind, name, found := cutKind(arg)
	if !found {
		return arg, nil
	}
	if k := targetKinds[len(targetKinds)-1]; slices.Contains(k.names, kind) && name != "" {
		return name, nil
	}
	return "", fmt.Errorf("%q: write the name of a pool, or pool/NAME", arg)
}

// parsePools reads the pools of a verb.
func parsePools(args []string) ([]string, error) {
	names := make([]string, 0, len(args))
	for _, arg := range args {
		name, err := parsePool(arg)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}
