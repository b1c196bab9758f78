// Package guide follows the pages for operators, word by word, on a control plane
// of its own: what docs/install.md, docs/troubleshooting.md and docs/uninstall.md
// tell to type is typed, in that order.
//
// git, make, go, helm and kubectl are the real ones. The control plane has no
// kubelet and no network between pods: the pods of the chart run as processes
// under the arguments and the ServiceAccount that it gives them, and admission
// leads its Service to them (network.yaml). The tests bear the build tag e2e.
package guide
