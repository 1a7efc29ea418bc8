# A compiler of several words counts as one; a compiler or pg_config that is
# none is named in one line; what was built for one PostgreSQL is built anew
# for another; it may be built elsewhere than the sources are; and the tests
# find what is built here, whatever else is installed.
use strict;
use warnings;

# PostgreSQL's modules forget where the throwaway cluster is
my %cluster;

BEGIN
{
	%cluster =
	  map { ($_ => $ENV{$_}) } grep { defined $ENV{$_} } qw(PGHOST PGPORT PGUSER PGDATABASE);
}

use File::Basename qw(dirname);
use File::Find     ();
use File::Path     qw(make_path);
use IPC::Run;
use PostgreSQL::Test::Utils ();
use Test::More;

# What a command says, and whether it succeeds, with a variable set
sub told
{
	my ($command, $name, $value) = @_;
	local $ENV{$name} = $value;
	local $ENV{LC_ALL} = 'C';
	local $ENV{MAKEFLAGS} = '';    # what "make VARIABLE=VALUE test" gives would count for more
	my ($out, $err) = ('', '');
	my $done = IPC::Run::run($command, '<', \undef, '>', \$out, '2>', \$err);
	return ($done ? 'done' : 'failed', $out . $err);
}

sub looked { return told(['test/install-deps'], 'CC', shift) }

foreach my $cc ('env cc', '')
{
	is_deeply([ looked($cc) ], [ 'done', '' ], "CC='$cc' compiles, and nothing is missing");
}

foreach my $cc ('no-such-compiler', 'env no-such-compiler', 'cc --no-such-option')
{
	is_deeply(
		[ looked($cc) ],
		[ 'failed', "CC=$cc cannot compile, and cc can.\n" ],
		"CC='$cc' is named as what is wrong, and nothing is installed");
}

foreach my $program ('/nonexistent', '/bin/true', '/bin/ls')
{
	my $line = "PG_CONFIG=$program is not the pg_config of a PostgreSQL.";
	is_deeply(
		[ told(['test/install-deps'], 'PG_CONFIG', $program) ],
		[ 'failed', "$line\n" ],
		"$program is none, for the tests");
	my ($done, $text) = told([ 'make', '-n' ], 'PG_CONFIG', $program);
	is($done, 'failed', "nor for make");
	like($text, qr/^Makefile:\d+: \*\*\* \Q$line\E  Stop\.$/, 'which says so in one line');
}

# Where "cd" says where it went, the scripts still find themselves
{
	local $ENV{CDPATH} = '.';
	my ($done, $text) = told([ 'test/with-simulator', 'true' ], 'DBAAS_SIM_ARGS', '--services 1');
	is($done, 'done', 'a script under CDPATH') or diag($text);
}

foreach my $script ('test/with-simulator', 'examples/many-servers/start')
{
	my $line = '/nonexistent is not there: run "make sim", or install the package dbaas-sim';
	is_deeply(
		[ told([ $script, 'true' ], 'DBAAS_SIM', '/nonexistent') ],
		[ 'failed', "$line\n" ],
		"$script without a simulator says how to get one");
}

my $dir = PostgreSQL::Test::Utils::tempdir();
my $other = "$dir/pg_config";
PostgreSQL::Test::Utils::append_to_file($other, <<"END");
#!/bin/sh
[ "\$1" != --version ] || { echo 'PostgreSQL 15.0 (another one)'; exit; }
exec $ENV{PG_CONFIG} "\$@"
END
chmod 0755, $other or die "$other: $!";
my @objects = map { s/c$/o/r } 'dbaas_fdw.c', glob 'src/*/*.c';
foreach my $case ([ $ENV{PG_CONFIG}, 'the PostgreSQL that it was built for' ],
	[ $other, 'another one', @objects ])
{
	my ($pg_config, $name, @wanted) = @$case;
	my ($done, $text) = told([ 'make', '-n' ], 'PG_CONFIG', $pg_config);
	is($done, 'done', "make for $name") or diag($text);
	is( join(' ', sort $text =~ / -o (\S+\.o) /g),
		join(' ', sort @wanted),
		'compiles what it has to');
}

# Out of the tree, as pg_buildext does it, beside a tree that is built
my $source = $ENV{TESTDIR};
my $build = "$dir/build";
mkdir $build or die "$build: $!";

sub files
{
	my ($where) = @_;
	my @found;
	File::Find::find(sub { push @found, $File::Find::name =~ s{^\Q$where\E/}{}r if -f }, $where);
	return join "\n", sort @found;
}

sub state_of_sources
{
	return join "\n",
	  map { join ' ', $_, (stat)[ 7, 9 ] } grep { -f } map { glob "$source/$_" } '*',
	  '{src,sim,sql}/*';
}

sub symbols
{
	my ($root) = @_;
	my ($library) = grep { m{/dbaas_fdw\.so$} } map { "$root/$_" } split /\n/, files($root);
	return told([ 'sh', '-c', 'nm -D --defined-only "$1" | cut -d " " -f 2-', 'sh', $library ],
		'LC_ALL', 'C');
}

sub make_there
{
	return told(
		[
			'make', '-s', '-j2', '-C', $build, '-f', "$source/Makefile", "VPATH=$source",
			'USE_PGXS=1', 'COPT=-O0', 'with_llvm=no', @_
		],
		'CDPATH', '');
}

is_deeply(
	[ told([ 'make', '-s', 'install', 'with_llvm=no', "DESTDIR=$dir/here" ], 'CDPATH', '') ],
	[ 'done', '' ],
	'a build in the tree, installed');
my $before = state_of_sources();
is_deeply([ make_there('all', 'sim') ], [ 'done', '' ], 'an out-of-tree build');
is_deeply(
	[ make_there('install', "DESTDIR=$dir/elsewhere") ],
	[ 'done', '' ],
	'and its installation');
like(files("$dir/here"), qr{/dbaas_fdw--0\.1\.sql$}m, 'which has scripts');
is(files("$dir/elsewhere"), files("$dir/here"), 'install the same files');
like(join("\n", symbols("$dir/here")),
	qr/\bdbaas_fdw_handler$/m, 'the library of the tree has functions');
is_deeply([ symbols("$dir/elsewhere") ], [ symbols("$dir/here") ],
	'and the other one has them too');
is(join(' ', grep { !-f "$build/$_" } @objects), '', 'its objects are its own');
like(
	(told([ "$build/sim/dbaas-sim", '--help' ], 'CDPATH', ''))[1],
	qr/^Usage: dbaas-sim /m,
	'and so is the simulator');
make_there('uninstall', "DESTDIR=$dir/elsewhere");
is(files("$dir/elsewhere"), '', 'it is uninstalled');
{
	# Where a library is missing that building it takes
	local $ENV{PKG_CONFIG_LIBDIR} = '/nonexistent';
	is_deeply([ make_there('clean') ], [ 'done', '' ], 'and removed, without a word');
	is(files($build), '', 'wholly');
}
is(state_of_sources(), $before, 'all of which leaves the sources as they were');

# An installation that has a broken copy of the extension
my %real = map { my $name = $_; chomp(my $path = `"$ENV{PG_CONFIG}" --$name`); ($name => $path) }
  qw(bindir sharedir pkglibdir);
my $root = "$dir/installed";
my $there = "$root/pg_config";
foreach my $path (sort values %real)
{
	make_path(dirname("$root$path"));
	is_deeply(
		[
			told(
				[ 'cp', $path eq $real{bindir} ? '-RL' : '-Rs', $path, "$root$path" ],
				'CDPATH', '')
		],
		[ 'done', '' ],
		"$path is copied") unless -e "$root$path";
}
my %broken = (
	"$real{pkglibdir}/dbaas_fdw.so" => 'no library',
	"$real{sharedir}/extension/dbaas_fdw.control" =>
	  "default_version = '0.0'\nmodule_pathname = '\$libdir/dbaas_fdw'\n",
	"$real{sharedir}/extension/dbaas_fdw--0.0.sql" => 'SELECT 1/0;');
foreach my $file (sort keys %broken)
{
	unlink "$root$file";
	PostgreSQL::Test::Utils::append_to_file("$root$file", $broken{$file});
}
chomp(my $pg_config = qx(command -v "$ENV{PG_CONFIG}"));
PostgreSQL::Test::Utils::append_to_file($there, <<"END");
#!/bin/sh
case \$1 in
	--bindir | --sharedir | --pkglibdir) echo "$root\$("$pg_config" "\$1")" ;;
	*) exec "$pg_config" "\$@" ;;
esac
END
chmod 0755, $there or die "$there: $!";
{
	local $ENV{DBAAS_SIM} = '/nonexistent';
	local $ENV{DBAAS_SIM_ENDPOINT} = 'http://127.0.0.1:1/v2';
	my ($done, $text) = told([ 'test/throwaway', 'sh', '-c', <<'END' ], 'PG_CONFIG', $there);
		set -e
		make -s installcheck REGRESS=smoke
		psql -X -A -t -v ON_ERROR_STOP=1 -c "LOAD 'dbaas_fdw'" \
			-c 'CREATE EXTENSION dbaas_fdw' -c 'SELECT dbaas_fdw_version()'
		PGOPTIONS='-c session_preload_libraries=dbaas_fdw' psql -X -A -t -c 'SHOW dbaas_fdw.dry_run'
		psql -X -c "SET dynamic_library_path = '\$libdir'" -c "LOAD 'dbaas_fdw'" 2>&1 || true
END
	is($done, 'done', 'the tests pass it by') or diag($text);
	like(
		$text,
		qr/\bsmoke\b.*\n(?:.*\n)*LOAD\nCREATE EXTENSION\ndbaas_fdw [\d.]+, .*\noff$/m,
		'and find what is built here');
	like(
		$text,
		qr/ERROR: .*dbaas_fdw\.so: (?:invalid ELF header|file too short)/,
		'though the broken one is there');
}

# "make installcheck" says in one line what it needs
sub installcheck
{
	my ($name, $value) = @_;
	my ($done, $text) = told([ 'make', '-s', 'installcheck', 'REGRESS=smoke' ], $name, $value);
	return ($done, join "\n", $text =~ /^make installcheck: (.*)/mg);
}

local @ENV{ keys %cluster } = values %cluster;
foreach my $case (
	[
		PGHOST => '/nonexistent',
		qr/^psql as \S+ cannot connect \(.*\/nonexistent.*\); PGHOST, PGPORT and PGUSER say where/
	],
	[
		PGUSER => 'nobody_there',
		qr/^psql as \S+ cannot connect \(.*role "nobody_there" does not exist\); /
	],
	[ PGUSER => 'ordinary', qr/^ordinary is no superuser there; PGUSER can name one$/ ],
	[
		DBAAS_SIM => '/nonexistent',
		qr{^there is no simulator /nonexistent, which DBAAS_SIM names; }
	])
{
	my ($name, $value, $line) = @$case;
	system('createuser', '--no-superuser', $value) if $value eq 'ordinary';
	my ($done, $text) = installcheck($name, $value);
	is($done, 'failed', "make installcheck with $name=$value");
	like($text, $line, 'says what it needs');
}
{
	my ($done, $text) = told(
		[
			'sh', '-c', 'cd / && PG_CONFIG="$1" exec "$2/test/may-installcheck"',
			'sh', $pg_config, $source
		],
		'CDPATH', '');
	like(
		$text,
		qr{^make installcheck: \S+ cannot write to /, where the results go; .*\n\z},
		'so it does without the right to write') if $< != 0;
	($done, $text) = told(['test/may-installcheck'], 'CDPATH', '');
	is_deeply([ $done, $text ], [ 'done', '' ], 'and nothing where it has all');
}

# Of a failure over a long text its ends are shown
{
	my ($done, $text) = told(
		[
			'perl',
			'-MDbaasTest',
			'-MTest::More',
			'-e',
			q{like(join("\n", map { "line $_" } 1 .. 20000), qr/nothing/); is("a\nb", }
			  . q{"c\nd"); done_testing()}
		],
		'CDPATH', '');
	is($done, 'failed', 'a test that fails');
	like(
		$text,
		qr/line 1\n.*lines left out\].*line 20000'/s,
		'shows how what it got begins and ends');
	like($text, qr/got: 'a\n# b'/, 'all of it where that is short');
	cmp_ok(scalar(split /\n/, $text), '<', 120, 'in some lines');
}

done_testing();
