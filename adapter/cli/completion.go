package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	ctrlclient "sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/foreshadow-dev/foreshadow/adapter/api/v1alpha1"
)

const completionHelp = `Generate the completion script of kubectl-foreshadow for a shell.

kubectl completes "kubectl foreshadow ..." itself where it finds an executable
named kubectl_complete-foreshadow on the PATH. It is two lines:

  #!/bin/sh
  exec kubectl foreshadow __complete "$@"

Pools and workloads are completed with what the cluster has.`

// explainCompletion says how kubectl itself completes a plugin.
func explainCompletion(root *cobra.Command) {
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Long = completionHelp
		}
	}
}

// complete completes a flag with fixed values.
func complete(cmd *cobra.Command, flag string, values ...string) {
	mustComplete(cmd, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// mustComplete completes a flag that the command has.
func mustComplete(cmd *cobra.Command, flag string, c cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, c); err != nil {
		panic("cli: " + err.Error())
	}
}

// completeFlags completes the flags that all verbs share.
func (f *factory) completeFlags(root *cobra.Command) {
	mustComplete(root, "namespace", f.completeFrom(schema.GroupVersionKind{Version: "v1", Kind: "Namespace"}, ""))
	mustComplete(root, "context", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		raw, err := f.flags.ToRawKubeConfigLoader().RawConfig()
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		var names []string
		for name := range raw.Contexts {
			names = append(names, name)
		}
		slices.Sort(names)
		return names, cobra.ShellCompDirectiveNoFileComp
	})
}

// completeFrom completes with the names of a kind in the namespace, each after a
// prefix.
func (f *factory) completeFrom(gvk schema.GroupVersionKind, prefix string) cobra.CompletionFunc {
	return func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
		var names []string
		for _, name := range f.names(cmd.Context(), gvk) {
			if s := prefix + name; strings.HasPrefix(s, toComplete) && !slices.Contains(args, s) {
				names = append(names, s)
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}

// names lists the objects of a kind. A cluster that does not answer completes
// nothing: the verb itself says why.
func (f *factory) names(ctx context.Context, gvk schema.GroupVersionKind) []string {
	if ctx == nil {
		ctx = context.Background()
	}
	kube, err := f.kube()
	if err != nil {
		return nil
	}
	var in []ctrlclient.ListOption
	if gvk.Kind != "Namespace" {
		ns, err := f.namespace()
		if err != nil {
			return nil
		}
		in = append(in, ctrlclient.InNamespace(ns))
	}
	var found metav1.PartialObjectMetadataList
	found.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
	if err := kube.List(ctx, &found, in...); err != nil {
		return nil
	}
	names := make([]string, 0, len(found.Items))
	for i := range found.Items {
		names = append(names, found.Items[i].Name)
	}
	slices.Sort(names)
	return names
}

// completePools completes with the pools of the namespace.
func (f *factory) completePools() cobra.CompletionFunc {
	return f.completeFrom(v1alpha1.GroupVersionKind(), "")
}

// completeOnePool does so for a verb that takes one pool.
func (f *factory) completeOnePool(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return f.completePools()(cmd, args, toComplete)
}

// completeTargets completes with Deployments, and behind a kind and a slash
// with the objects of that kind.
func (f *factory) completeTargets(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	kind, _, found := strings.Cut(toComplete, "/")
	if !found {
		names, directive := f.completeFrom(deployments, "")(cmd, args, toComplete)
		for _, k := range targetKinds {
			if strings.HasPrefix(k.names[0], toComplete) {
				names, directive = append(names, k.names[0]+"/"), directive|cobra.ShellCompDirectiveNoSpace
			}
		}
		return names, directive
	}
	for _, k := range targetKinds {
		if slices.Contains(k.names, kind) {
			return f.completeFrom(k.gvk, kind+"/")(cmd, args, toComplete)
		}
	}
	return nil, cobra.ShellCompDirectiveNoFileComp
}
