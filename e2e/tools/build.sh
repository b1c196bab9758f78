#!/bin/sh
# Builds the programs of the end-to-end tests: build.sh [OUT [control-plane | node]]
#
# The binary is kept in a cache folder named by a hash of everything that goes
# into it, so a second run costs no compiling. Its path is printed; with OUT, it
# is also linked there. FORESHADOW_E2E_CACHE moves the cache.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cache=${FORESHADOW_E2E_CACHE:-$HOME/.cache/foreshadow-e2e}
out=${1:-}
case $out in
'' | /*) ;;
*) out=$PWD/$out ;;
esac

cd "$here"
version=$(awk '$1 == "k8s.io/kubernetes" { print $2 }' go.mod)
kwok=$(awk '$1 == "sigs.k8s.io/kwok" { print $2 }' go.mod)
minor=${version#v1.}
minor=${minor%%.*}

case ${2:-control-plane} in
control-plane)
	package=. name=controlplane
	what="etcd, kube-apiserver, kube-controller-manager, kube-scheduler ($version) and kwok ($kwok): ten to twenty minutes on two cores with cold caches"
	;;
node)
	package=./node name=node
	what="kubelet and kube-proxy ($version): two minutes on two cores after the control plane"
	;;
*)
	echo "build.sh: $2: write control-plane or node" >&2
	exit 2
	;;
esac

# Without these the servers call themselves v0.0.0 and refuse each other's versions.
base=k8s.io/component-base/version
ldflags="-s -w -X $base.gitVersion=$version -X $base.gitMajor=1 -X $base.gitMinor=$minor -X $base.gitTreeState=clean"
ldflags="$ldflags -X k8s.io/client-go/pkg/version.gitVersion=$version -X sigs.k8s.io/kwok/pkg/consts.Version=$kwok"

key=$({ cat go.mod go.sum "$package/main.go"; go version; printf '%s\n' "$ldflags"; } | sha256sum | cut -c 1-20)
binary=$cache/$key/$name

if [ ! -x "$binary" ]; then
	mkdir -p "$cache/$key"
	echo "building $what" >&2
	GOFLAGS='' GOWORK=off CGO_ENABLED=0 nice -n 10 go build -mod=readonly -trimpath -buildvcs=false -ldflags "$ldflags" -o "$binary.$$" "$package"
	# The rename makes a half-written file impossible to run.
	mv -f "$binary.$$" "$binary"
fi

if [ -n "$out" ]; then
	mkdir -p "$(dirname -- "$out")"
	ln -sfn "$binary" "$out"
fi
echo "$binary"
