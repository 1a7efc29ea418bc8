# shellcheck shell=bash
#
# What the scripts that build share; they source this file.

# What the caller of make set on its command line (with_llvm=no, CC=...) holds
# for the makes below too; its flags and its job server do not.
if [[ " ${MAKEFLAGS-}" == *' -- '* ]]; then
	export MAKEFLAGS="-- ${MAKEFLAGS#*-- }"
else
	unset MAKEFLAGS
fi
unset MFLAGS MAKELEVEL

# temporary [COMMAND...]: sets $work to a new directory, in TMPDIR if that is
# of use.  COMMAND, which runs others as the user who is to work there (like
# sudo), says whether it is: make and postgresql.conf have to take its path
# literally, a socket's path has room for some 100 bytes, and that user has to
# enter it and to execute what is there.
temporary()
{
	local dir
	for dir in "${TMPDIR:-/tmp}" /tmp /var/tmp; do
		work=$(mktemp -d "$dir/dbaas.XXXXXX" 2>/dev/null) || continue
		# As the kernel names it, which has neither links nor two slashes
		work=$(cd "$work" && pwd -P)
		chmod 711 "$work"
		echo '#!/bin/sh' >"$work/try"
		chmod 755 "$work/try"
		if [[ $work =~ ^/[A-Za-z0-9/._-]{1,49}$ ]] && "$@" "$work/try" 2>/dev/null; then
			rm "$work/try"
			chmod 700 "$work"
			[[ $dir == "${TMPDIR:-/tmp}" ]] ||
				echo "Using $dir, as TMPDIR=${TMPDIR:-/tmp} is of no use." >&2
			export TMPDIR=$dir
			return
		fi
		rm -rf "$work"
	done
	echo "Found no directory for temporary files that ${user:-the user} may enter" \
		"and run programs in; TMPDIR can name one." >&2
	exit 1
}
