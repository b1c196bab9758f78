#!/bin/sh
# Builds KEDA's operator and metrics adapter for the tests of the ecosystem: build.sh OUT
#
# What is built is kept in a cache folder named by a hash of what goes into it, and linked to OUT: the programs, and KEDA's CRDs in
# OUT/crds. FORESHADOW_E2E_CACHE moves the cache.
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
key=keda-$({ cat go.mod go.sum; go version; } | sha256sum | cut -c 1-20)
dir=$cache/$key

if [ ! -x "$dir/adapter" ] || [ ! -x "$dir/operator" ]; then
	echo "building KEDA's operator and metrics adapter: half an hour on two cores with cold caches" >&2
	rm -rf "$dir.$$"
	mkdir -p "$dir.$$"
	nice -n 19 go build -mod=readonly -trimpath -buildvcs=false -ldflags '-s -w' -o "$dir.$$/" \
		github.com/kedacore/keda/v2/cmd/operator github.com/kedacore/keda/v2/cmd/adapter
	mkdir "$dir.$$/crds"
	cp "$(go list -m -f '{{.Dir}}' github.com/kedacore/keda/v2)"/config/crd/bases/*.yaml "$dir.$$/crds/"
	chmod -R u+w "$dir.$$/crds"
	rm -rf "$dir"
	mv "$dir.$$" "$dir"
fi

mkdir -p "$(dirname -- "$out")"
ln -sfn "$dir" "$out"
