# Every way from a released version to this one, as it is walked where people work:
# there are tables, views, mappings and grants, one session is in the middle of a
# transaction that writes, another has statements prepared, and a history is kept.
#
# "make upgrades" gives it the libraries of the released versions, by DBAAS_RELEASES, a
# directory with what each installs.  Then a version is installed and used, and the new
# files take the place of the old ones under the sessions.  Without it, the library is
# the new one from the start, and only the scripts are old.
use strict;
use warnings;

use DbaasTest;
use File::Basename          qw(basename);
use File::Copy              qw(copy);
use File::Path              qw(make_path);
use PostgreSQL::Test::Utils qw(slurp_file append_to_file);
use Test::More;

my $releases = $ENV{DBAAS_RELEASES};

# An installation of its own beside the one that all tests use, to exchange what is in it
my $common = slurp_file($ENV{TEMP_CONFIG});
my ($stage) = $common =~ m{'([^':]*/stage)};
plan skip_all => 'SKIPPED: this PostgreSQL finds extensions in its own directory alone'
  unless defined $stage;
my $own = PostgreSQL::Test::Utils::tempdir();
$ENV{TEMP_CONFIG} = "$own.conf";
append_to_file($ENV{TEMP_CONFIG}, $common =~ s/\Q$stage\E/$own/gr);
chomp(my @dirs = map { qx($ENV{PG_CONFIG} --$_) } qw(pkglibdir sharedir));
my ($lib, $share) = ($dirs[0], "$dirs[1]/extension");
make_path("$own$lib", "$own$share");

sub put
{
	my ($from) = @_;
	unlink glob "$own$share/dbaas_fdw*";
	foreach my $file (glob("$from$lib/dbaas_fdw.so"), glob("$from$share/dbaas_fdw*"))
	{
		my $to = $own . substr $file, length $from;
		# A new file: sessions keep the one that they have loaded
		copy($file, "$to.new") or die "$to.new: $!";
		rename "$to.new", $to or die "$to: $!";
	}
	return;
}

put($stage);
my $t = DbaasTest->new(zones => 2, services => 4, logs => 20, operation_time => 0, import => 0);
my $sim = $t->sim;
my $new = $t->sql(q{SELECT extversion FROM pg_extension WHERE extname = 'dbaas_fdw'});
my $all = 'SELECT zone, name, type FROM exo.dbaas_services ORDER BY 1, 2';
my %fresh;
$t->create_server;
$t->sql(q{SELECT dbaas_fdw_complete('exo')});
$fresh{consists} = consists();
$fresh{services} = $t->sql($all);
my @paths = split /\n/, $t->sql(
	qq{SELECT source, path FROM pg_extension_update_paths('dbaas_fdw')
	WHERE target = '$new' AND path IS NOT NULL});
$t->sql('DROP EXTENSION dbaas_fdw CASCADE');
cmp_ok(scalar @paths, '>', 0, 'ways lead to this version');

foreach my $path (@paths)
{
	my ($from, $way) = split /\|/, $path;
	my @versions = split /--/, $way;
	# At once, and version by version
	walk($from, $new);
	walk($from, @versions[ 1 .. $#versions ]) if @versions > 2;
}

# What there is after an upgrade, but for the order of columns
sub consists
{
	return $t->sql(
		q{SELECT relname, relkind, ftoptions, (SELECT string_agg(concat_ws(' ', attname,
			format_type(atttypid, atttypmod), attfdwoptions), ', ' ORDER BY attname)
			FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)
		FROM pg_class c LEFT JOIN pg_foreign_table ON ftrelid = c.oid
		WHERE relnamespace = 'exo'::regnamespace ORDER BY relname});
}

sub walk
{
	my ($from, @to) = @_;
	my $name = join ' to ', $from, @to;
	$sim->reset;
	put("$releases/$from") if $releases;

	# Where people work
	my $mapping = sprintf q{api_key '%s', api_secret '%s'}, $sim->key, $sim->secret;
	$t->sql(
		qq{
		CREATE EXTENSION dbaas_fdw VERSION '$from';
		CREATE ROLE reader LOGIN});
	$t->create_server;
	$t->sql(
		qq{
		CREATE VIEW public.running AS
			SELECT s.zone, s.name, count(m.time) > 0 AS measured
			FROM exo.dbaas_services s LEFT JOIN exo.dbaas_metrics m
				ON m.zone = s.zone AND m.service_name = s.name
			GROUP BY 1, 2;
		CREATE FOREIGN TABLE public.mine (zone text, called text OPTIONS (field 'name'))
			SERVER exoscale OPTIONS (resource 'services');
		CREATE USER MAPPING FOR reader SERVER exoscale
			OPTIONS ($mapping);
		GRANT USAGE ON SCHEMA exo TO reader;
		GRANT SELECT ON exo.dbaas_services, public.mine TO reader;
		ALTER ROLE reader SET dbaas_fdw.delete_limit = 1});
	my $running = $t->sql('SELECT * FROM running ORDER BY 1, 2');
	my $keeps = $t->sql(q{SELECT count(*) FROM pg_proc WHERE proname = 'dbaas_fdw_history'});
	$t->sql(q{SELECT dbaas_fdw_history('exo', 'hist'); CALL dbaas_fdw_collect('hist')}) if $keeps;

	# An open session, and one with a write that waits
	my $open = $t->session;
	$open->sql("PREPARE services AS $all");
	is($open->sql('EXECUTE services'), $fresh{services}, "$name: a session reads");
	my ($zone, $service) = split /\|/, $t->sql(
		q{SELECT zone, name FROM exo.dbaas_services WHERE NOT termination_protection
		ORDER BY 1, 2 LIMIT 1});
	my $writes = $t->session;
	$writes->sql(
		"BEGIN; DELETE FROM exo.dbaas_services WHERE zone = '$zone' AND name = '$service'");
	my $old = $open->sql('SELECT dbaas_fdw_version()');
	like($old, qr/^dbaas_fdw \Q$from\E\b/, 'its library is the old one') if $releases;

	# The upgrade, of the files and of the database
	put($stage);
	foreach my $to (@to)
	{
		$t->sql("ALTER EXTENSION dbaas_fdw UPDATE TO '$to'");
		is($t->sql(q{SELECT extversion FROM pg_extension WHERE extname = 'dbaas_fdw'}),
			$to, "$name: is $to now");
		is($t->sql($all), $fresh{services}, "$name: $to reads");
	}
	$sim->clear;
	$writes->sql('COMMIT');
	is( join(', ', map { "$_->{method} $_->{path}" } grep { $_->{method} ne 'GET' } $sim->requests),
		"DELETE /dbaas-service/$service",
		"$name: the write that waited is sent, once");
	$writes->quit;

	# It alters tables, so it waits for transactions that use them
	my @made = split /\n/, $t->sql(q{SELECT dbaas_fdw_complete('exo')});
	is(consists(), $fresh{consists}, "$name: the schema has what an import makes");
	is($t->sql(q{SELECT dbaas_fdw_complete('exo')}), '', "$name: and is complete");

	# The session from before: what its library does not know is an error, with the advice
	# to reconnect since 0.3, and the session goes on
	is($open->sql('SELECT dbaas_fdw_version()'), $old, "$name: the open session keeps its library");
	my %said;
	foreach my $table (
		split /\n/,
		$t->sql(
			q{SELECT relname FROM pg_class WHERE relnamespace = 'exo'::regnamespace
			AND relkind = 'f'}))
	{
		my (undef, $stderr) =
		  $open->sql_both("SELECT * FROM exo.$table WHERE zone = '$zone' LIMIT 1");
		my $error = DbaasTest::parse_error($stderr) or next;
		# Those that need a key say so
		next if $error->{sqlstate} eq 'HV00L';
		next if $error->{sqlstate} =~ /^HV00[05DJ]$/ && $releases;
		$said{$table} = $stderr;
	}
	is_deeply(\%said, {}, "$name: it reads each table, or says what it does not know");
	is($open->sql('SELECT 1'), 1, "$name: and works on");
	$open->quit;

	# And a new one
	like(
		$t->sql('SELECT dbaas_fdw_version()'),
		qr/^dbaas_fdw \Q$new\E\b/,
		"$name: a new session has the new library");
	is( $t->sql('SELECT * FROM running ORDER BY 1, 2'),
		$running =~ s/^\Q$zone|$service|\E.*\n?//mr,
		"$name: one's own view");
	is($t->sql('SELECT count(*), count(called) FROM mine'), '7|7', "$name: and table");
	is( $t->sql(
			"SET ROLE reader; SELECT count(*) FROM mine; SELECT count(*) FROM exo.dbaas_services"),
		"7\n7",
		"$name: another user's mapping and rights");
	$t->sql(q{SELECT dbaas_fdw_history('exo', 'hist')}) unless $keeps;
	$t->sql(q{CALL dbaas_fdw_collect('hist')});
	$t->sql(q{CALL dbaas_fdw_collect('hist')});

	is( $t->sql(
			q{SELECT count(*) FROM (SELECT zone, service_name, time, node, unit, message
				FROM exo.dbaas_logs EXCEPT ALL SELECT zone, service_name, time, node, unit, message
				FROM hist.logs) AS lost}),
		0,
		"$name: a history has all entries");
	$t->sql(
		'DROP SCHEMA hist CASCADE; DROP EXTENSION dbaas_fdw CASCADE;
		DROP SCHEMA exo; DROP OWNED BY reader; DROP ROLE reader; DROP VIEW IF EXISTS running');
	return;
}

done_testing();
