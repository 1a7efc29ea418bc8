# shellcheck shell=bash
#
# Where the scripts keep what they fetched or built once, and how they find
# it; they source this file.  Sets $dir: DBAAS_ROOTS, by default dbaas_fdw in
# the user's cache.  It may be removed at any time.

dir=${DBAAS_ROOTS:-${XDG_CACHE_HOME:-$HOME/.cache}/dbaas_fdw}
mkdir -p "$dir"
dir=$(CDPATH='' cd "$dir" && pwd)

# find_mirror SUITE: prints the first of apt's repositories that has the suite
find_mirror()
{
	local uri
	for uri in $(apt-get indextargets --format "\$(REPO_URI)" | sort -u); do
		if /usr/lib/apt/apt-helper download-file "${uri%/}/dists/$1/InRelease" \
			"$dir/InRelease" >/dev/null 2>&1; then
			rm -f "$dir/InRelease"
			echo "$uri"
			return
		fi
	done
	echo "None of apt's repositories here has Debian $1." >&2
	return 1
}
