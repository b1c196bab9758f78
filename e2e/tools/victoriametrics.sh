#!/bin/sh
# Unpacks VictoriaMetrics from Debian for the tests of the ecosystem: victoriametrics.sh OUT
#
# Nothing is installed, so no service starts. The program is kept in a cache folder named by its version and linked to OUT.
# FORESHADOW_E2E_CACHE moves the cache.
set -eu

out=$1
cache=${FORESHADOW_E2E_CACHE:-$HOME/.cache/foreshadow-e2e}
case $out in
/*) ;;
*) out=$PWD/$out ;;
esac
command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
	# That is no failure: the test finds nothing and says so.
	echo "victoriametrics.sh: no apt-get and dpkg-deb here: VictoriaMetrics is taken from Debian" >&2
	exit 0
}
version=$(apt-cache policy victoria-metrics | awk '$1 == "Candidate:" { print $2 }')
[ -n "$version" ] || { apt-get -q update >&2; version=$(apt-cache policy victoria-metrics | awk '$1 == "Candidate:" { print $2 }'); }
dir=$cache/victoria-metrics-$version
if [ ! -x "$dir/usr/bin/victoria-metrics" ]; then
	work=$dir.$$
	trap 'rm -rf "$work"' EXIT
	mkdir -p "$work"
	(cd "$work" && apt-get -q download victoria-metrics >&2 && dpkg-deb -x ./*.deb . && rm ./*.deb)
	# The rename makes a half-unpacked tree impossible to use.
	mv "$work" "$dir"
fi
mkdir -p "$(dirname -- "$out")"
ln -sfn "$dir/usr/bin/victoria-metrics" "$out"
