# shellcheck shell=bash
#
# PostgreSQL's own formatter, for test/format and test/typedefs, which source
# this file.  pgindent and the list of PostgreSQL's typedefs come from Debian's
# source package of PostgreSQL 18, and pg_bsd_indent is compiled from it.  The
# first time this takes a network and some 40 MB; the tools stay in the cache
# (see cache.sh).  It expects "set -euo pipefail" and the tree's path in $here.

# shellcheck source=cache.sh disable=SC2154 # $here: see above
source "$here/test/lib/cache.sh"

# The version that decides what the format is, and the Debians that may have it
pgindent_major=18
pgindent_suites=(sid forky)
pgindent=$dir/pgindent-$pgindent_major

# fetch_pgindent_source DIRECTORY: leaves the source's archive in it
fetch_pgindent_source()
{
	local suite mirror apt
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial"
	apt=(apt-get -qq -o "Dir::Etc::SourceList=$1/sources.list" -o Dir::Etc::SourceParts=-
		-o "Dir::State::Lists=$1/lists" -o "Dir::Cache=$1/cache" -o APT::Sandbox::User=)
	for suite in "${pgindent_suites[@]}"; do
		mirror=$(find_mirror "$suite") || continue
		echo "deb-src" "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
			"$mirror $suite main" >"$1/sources.list"
		if (cd "$1" && "${apt[@]}" update &&
			"${apt[@]}" source --download-only --tar-only "postgresql-$pgindent_major"); then
			return
		fi
	done
	return 1
}

# build_pgindent DIRECTORY: makes the tools from the source's archive in it
build_pgindent()
{
	local pg_config=${PG_CONFIG:-pg_config}
	tar -C "$1" -xf "$1/postgresql-${pgindent_major}"_*.orig.tar.* \
		--strip-components=3 --wildcards \
		'*/src/tools/pgindent' '*/src/tools/pg_bsd_indent' || return
	# PostgreSQL 15 to 17 do not know pg_noreturn yet
	"${CC:-cc}" -O2 -w -Dpg_noreturn=_Noreturn -I "$1/pg_bsd_indent" \
		-I "$("$pg_config" --includedir-server)" "$1"/pg_bsd_indent/*.c \
		-o "$1/pgindent/pg_bsd_indent" \
		-L "$("$pg_config" --pkglibdir)" -L "$("$pg_config" --libdir)" -lpgcommon -lpgport -lm
}

# get_pgindent: makes sure that the tools are in $pgindent; false where they
# cannot be had
get_pgindent()
{
	local new=$pgindent.new
	# One at a time
	exec 7>"$pgindent.lock"
	flock 7
	[[ ! -x $pgindent/pg_bsd_indent ]] || return 0
	command -v apt-get >/dev/null || return
	"$here/test/install-deps" format || return
	echo "Fetching pgindent of PostgreSQL $pgindent_major."
	rm -rf "$new"
	mkdir "$new"
	if ! { fetch_pgindent_source "$new" && build_pgindent "$new"; } >"$pgindent.log" 2>&1; then
		tail -n 5 "$pgindent.log" >&2
		return 1
	fi
	rm -rf "$pgindent"
	mv "$new/pgindent" "$pgindent"
	rm -rf "$new"
}
