#!/bin/sh
# Builds Thanos for the tests of the ecosystem: build.sh OUT
#
# The program is kept in a cache folder named by a hash of what goes into it, and linked to OUT. FORESHADOW_E2E_CACHE moves the cache.
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
key=thanos-$({ cat go.mod go.sum build.sh; go version; } | sha256sum | cut -c 1-20)
program=$cache/$key

if [ ! -x "$program" ]; then
	echo "building Thanos: a quarter of an hour on two cores with cold caches" >&2
	mkdir -p "$cache"
	# Thanos casts labels to slices, which they are with this tag alone.
	nice -n 19 go build -tags slicelabels -mod=readonly -trimpath -buildvcs=false -ldflags '-s -w' -o "$program.$$" github.com/thanos-io/thanos/cmd/thanos
	mv "$program.$$" "$program"
fi

mkdir -p "$(dirname -- "$out")"
ln -sfn "$program" "$out"
