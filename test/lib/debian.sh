# shellcheck shell=bash
#
# Debians of their own, for test/majors, bare, deb and portability, which source
# this file.  Takes root and, the first time, a network and some 300 MB for each
# Debian, 2 GB with all that the tests need.  They come, with debootstrap, from
# the mirror that apt uses here, and stay for the next time in the directory $dir
# (see cache.sh).  Remove it to start anew.  It expects "set -euo pipefail" and
# the tree's path in $here.

if ((EUID != 0)); then
	echo "${0##*/} needs root, for debootstrap and chroot." >&2
	exit 2
fi

# shellcheck source=cache.sh disable=SC2154 # $here: see above
source "$here/test/lib/cache.sh"
# One run at a time
exec 8>"$dir/lock"
flock 8

# The Debian that has each major; 16 is in none
suites=([15]=bookworm [17]=trixie [18]=sid)

# choose_majors [MAJOR...]: sets majors to these, by default to all
choose_majors()
{
	local major
	majors=("$@")
	(($# > 0)) || majors=("${!suites[@]}")
	for major in "${majors[@]}"; do
		if ! [[ $major =~ ^[0-9]+$ && -n ${suites[$major]-} ]]; then
			echo "usage: ${0##*/} [MAJOR...], of: ${!suites[*]}" >&2
			exit 2
		fi
	done
}

# How apt gets here what it gets
apt_settings()
{
	apt-config dump | grep -E '^Acquire::(Check-|Retries|https?::(proxy|timeout))' || true
}

# create_root SUITE ROOT [OPTION...]: a minimal Debian with git and make; the options are
# debootstrap's
create_root()
{
	local mirror http_proxy=${http_proxy-}
	mirror=$(find_mirror "$1") || return
	if ! command -v debootstrap >/dev/null; then
		apt-get -qq -y install debootstrap || return
	fi
	[[ -n $http_proxy ]] || eval "$(apt-config shell http_proxy Acquire::http::Proxy)"
	[[ -z $http_proxy ]] || export http_proxy

	echo "Installing Debian $1."
	rm -rf "$2.new" "$2"
	if ! unshare --mount debootstrap --variant=minbase --include=make,git,ca-certificates \
		"${@:3}" "$1" "$2.new" "$mirror" \
		>"$dir/debootstrap.log" 2>&1 8>&-; then
		tail -n 20 "$dir/debootstrap.log" >&2
		return 1
	fi
	mkdir -p "$2.new/etc/apt/apt.conf.d"
	apt_settings >"$2.new/etc/apt/apt.conf.d/99dbaas_fdw"
	mv "$2.new" "$2"
}

# inside ROOT COMMAND [ARG...]: what it mounts and starts ends with it.  Of the
# environment it has the network's settings, the tests' and those in the array
# root_env, no locale.
root_env=()
inside()
{
	local root=$1 name settings=("${root_env[@]}")
	shift
	for name in http_proxy https_proxy no_proxy TERM DBAAS_TEST_JOBS DBAAS_TEST_TIMEOUT; do
		[[ -z ${!name-} ]] || settings+=("$name=${!name}")
	done
	# shellcheck disable=SC2016 # the inner shell's
	env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root "${settings[@]}" \
		unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" sh -ec '
			mount --rbind /dev "$0/dev"
			mount -t tmpfs tmpfs "$0/dev/shm"
			exec chroot "$0" "$@"' "$root" "$@" </dev/null 8>&-
}

# copy_tree ROOT: this tree's files, but those that git ignores, are /dbaas_fdw there
copy_tree()
{
	local file
	rm -rf "$1/dbaas_fdw" "$1/shared"
	mkdir "$1/dbaas_fdw"
	git -C "$here" -c safe.directory="$here" ls-files -z --cached --others --exclude-standard |
		while IFS= read -rd '' file; do
			[[ ! -e $here/$file ]] || printf '%s\0' "$file"
		done | tar -C "$here" -cf - --null --no-recursion --files-from=- |
		tar -xof - -C "$1/dbaas_fdw" || return
	# As in test/throwaway
	if [[ -r $here/../shared/api/openapi-dbaas.json ]]; then
		mkdir -p "$1/shared/api"
		cp "$here/../shared/api/openapi-dbaas.json" "$1/shared/api/"
	fi
}

# sum_up LOG: sets passed and failed from the last line of "make test"; false
# where there is none
# shellcheck disable=SC2034 # for the script that sources this
sum_up()
{
	passed=0
	failed=0
	[[ $(tail -n 1 "$1") =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]] || return
	passed=${BASH_REMATCH[1]}
	failed=${BASH_REMATCH[2]}
}
