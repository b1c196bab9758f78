// Command node is what runs on a node of the end-to-end tests, in one binary:
// the first argument names the program, kubelet or kube-proxy, the rest are its
// arguments. It is apart from the control plane so that who needs no real node
// need not compile it.
package main

import (
	"context"
	"fmt"
	"os"

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/restclient"
	_ "k8s.io/component-base/metrics/prometheus/version"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	program := ""
	if len(os.Args) > 1 {
		program = os.Args[1]
		// The programs read os.Args themselves, each as if it stood alone.
		os.Args = os.Args[1:]
	}
	switch program {
	case "kubelet":
		os.Exit(cli.Run(kubelet.NewKubeletCommand(context.Background())))
	case "kube-proxy":
		os.Exit(cli.Run(proxy.NewProxyCommand()))
	default:
		fmt.Fprintln(os.Stderr, "node: write the program first, kubelet or kube-proxy, then its arguments")
		os.Exit(2)
	}
}
