#!/bin/sh
# Builds helm and kubectl for the test that follows the pages for operators: build.sh OUT
#
# What is built is kept in a cache folder named by a hash of what goes into it, and linked to OUT. FORESHADOW_E2E_CACHE moves the cache.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
cache=${FORESHADOW_E2E_CACHE:-$HOME/.cache/foreshadow-e2e}
out=$1
case $out in
/*) ;;
*) out=$PWD/$out ;;
esac

cd "$here"
export GOFLAGS='' GOWORK=off CGO_ENABLED=0
version=$(awk '$1 == "k8s.io/kubectl" { print $2 }' go.mod)
# kubectl is of the version of Kubernetes that its modules say, v0.37.2 for v1.37.2.
ldflags="-s -w -X k8s.io/component-base/version.gitVersion=v1.${version#v0.}"
key=clients-$({ cat go.mod go.sum kubectl/main.go build.sh; go version; } | sha256sum | cut -c 1-20)
dir=$cache/$key

if [ ! -x "$dir/helm" ] || [ ! -x "$dir/kubectl" ]; then
	echo "building helm and kubectl ($version): five minutes on two cores after the control plane" >&2
	mkdir -p "$dir.$$"
	nice -n 10 go build -mod=readonly -trimpath -buildvcs=false -ldflags "$ldflags" -o "$dir.$$/" helm.sh/helm/v4/cmd/helm ./kubectl
	rm -rf "$dir"
	mv "$dir.$$" "$dir"
fi

mkdir -p "$(dirname -- "$out")"
ln -sfn "$dir" "$out"
