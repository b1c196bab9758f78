#!/bin/sh
# Unpacks what the node of the end-to-end tests takes from Debian: packages.sh [OUT]
#
# Nothing is installed, so no service starts and the machine stays as it is.
# There are two trees in a cache folder named by the versions: host has the
# container runtime with what it lacks here, tomcat what the image of that name
# is made of. The folder's path is printed; with OUT, it is also linked there.
# FORESHADOW_E2E_CACHE moves the cache.
set -eu

host='containerd runc containernetworking-plugins nftables iproute2'
tomcat='tomcat10 tomcat10-common libtomcat10-java libeclipse-jdt-core-java tomcat10-examples openjdk-17-jre-headless
	libtaglibs-standard-spec-java libtaglibs-standard-impl-java libtaglibs-standard-jstlel-java'
cache=${FORESHADOW_E2E_CACHE:-$HOME/.cache/foreshadow-e2e}
out=${1:-}

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || {
	# That is no failure: the tests find nothing and say that they did not run.
	echo "packages.sh: no apt-get and dpkg-deb here: the node takes containerd, runc, nft and tomcat10 from Debian" >&2
	exit 0
}
# missing PACKAGE...: those and what they need, without what is installed.
missing() { apt-get install -s --no-install-recommends "$@" | awk '$1 == "Inst" { print $2 }' | sort; }

listed=$(missing $host) || { apt-get -q update >&2; listed=$(missing $host); }
key=$(apt-cache policy $listed $tomcat | grep Candidate | cat - "$0" | sha256sum | cut -c 1-20)
dir=$cache/packages-$key

# unpack TREE PACKAGE...
unpack() {
	tree=$1
	shift
	mkdir -p "$work/debs" "$work/$tree"
	[ $# -eq 0 ] || (cd "$work/debs" && apt-get -q download "$@" >&2)
	for deb in "$work"/debs/*.deb; do
		[ ! -e "$deb" ] || dpkg-deb -x "$deb" "$work/$tree"
	done
	rm -r "$work/debs"
}

if [ ! -d "$dir" ]; then
	work=$dir.$$
	trap 'rm -rf "$work"' EXIT
	unpack host $listed
	unpack tomcat $tomcat
	# The rename makes a half-unpacked tree impossible to use.
	mv "$work" "$dir"
fi

if [ -n "$out" ]; then
	mkdir -p "$(dirname -- "$out")"
	ln -sfn "$dir" "$out"
fi
echo "$dir"
