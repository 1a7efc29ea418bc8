# dbaas_fdw_history(): what it makes and adds to, whose the tables are, and that
# they outlive dumps, the extension and an upgrade.
use strict;
use warnings;

use DbaasTest;
use IPC::Run ();
use Test::More;

my $t = DbaasTest->new(zones => 2, services => 3, logs => 20);

sub error_of
{
	my ($sql) = @_;
	my $error = $t->sql_error($sql);
	return "$error->{sqlstate} $error->{message}";
}

my $made = "SELECT string_agg(h, ' ') FROM dbaas_fdw_history('exo', 'hist') AS h WHERE h NOT IN "
  . q{('changes', 'disk_forecast', 'slow_hours', 'uptime')};
is( $t->sql($made),
	'keep runs cursors '
	  . join(' ', map { "$_ keep.$_" } qw(services details integrations backups logs metrics)),
	'the tables are made, and the schema with them');
is_deeply([ $t->requests($made) ], [], 'without a request, and nothing is made twice');
is($t->sql($made), '', 'so it says');

is( $t->sql(
		q{
		SELECT string_agg(concat_ws(' ', relation, enabled, every, coalesce(retention::text, '-'),
			first), E'\n' ORDER BY relation) FROM hist.keep}),
	join("\n",
		'backups t 01:00:00 - 1 day',
		'details t 01:00:00 - 1 day',
		map { "$_ t 00:00:00 - 1 day" } qw(integrations logs metrics services)),
	'what is kept, and how often');

# The columns are those of the imported tables
my $columns = q{
	SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum)
	FROM pg_attribute WHERE attrelid = '%s'::regclass AND attnum > 0 AND NOT attisdropped
	AND attname NOT IN ('parameters', 'with_outcome', 'outcome')};
foreach my $pair (
	[qw(services services)], [qw(details service_details)],
	[qw(integrations integrations)], [qw(backups backups)])
{
	my ($kept, $imported) = @$pair;
	is( $t->sql(sprintf $columns, "hist.$kept"),
		$t->sql(sprintf $columns, "exo.dbaas_$imported")
		  . ', valid_from timestamp with time zone, valid_to timestamp with time zone',
		"$kept has the columns of dbaas_$imported");
}
is( $t->sql(sprintf $columns, 'hist.logs'),
	'zone text, service_name text, time timestamp with time zone, node text, unit text, '
	  . 'message text',
	'logs has its columns');
is( $t->sql(sprintf $columns, 'hist.metrics'),
	'zone text, service_name text, metric text, node text, time timestamp with time zone, '
	  . 'value double precision',
	'and metrics');
is( $t->sql(
		q{
		SELECT count(*) FROM pg_class AS c WHERE relnamespace = 'hist'::regnamespace
			AND relkind IN ('r', 'p') AND obj_description(oid, 'pg_class') IS NULL}),
	0,
	'every table has a comment');
is( $t->sql(
		q{SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
		WHERE relkind = 'p' AND relnamespace = 'hist'::regnamespace}),
	'logs metrics',
	'logs and metrics are partitioned');

# What a later release, or the user, leaves to be made
$t->sql(
	q{
	INSERT INTO hist.services (zone, name, plan, valid_from) VALUES ('z', 'a', 'p', now());
	ALTER TABLE hist.services DROP COLUMN plan;
	DELETE FROM hist.keep WHERE relation = 'logs';
	UPDATE hist.keep SET every = '3 hours', enabled = false WHERE relation = 'details';
	DROP TABLE hist.backups;
	ALTER FOREIGN TABLE exo.dbaas_integrations ADD COLUMN extra text OPTIONS (field 'extra')});
is($t->sql($made), 'services.plan integrations.extra backups keep.logs',
	'what is missing is added');
is($t->sql(q{SELECT every, enabled FROM hist.keep WHERE relation = 'details'}),
	'03:00:00|f', 'what the user says stays');
is($t->sql('SELECT zone, name, plan FROM hist.services'), 'z|a|', 'and so do rows');
$t->sql('DELETE FROM hist.services');

# From which schema it is collected
sub notice_of
{
	my ($schema) = @_;
	my (undef, undef, $said) =
	  $t->node->psql('postgres', "SELECT dbaas_fdw_history('$schema', 'hist')");
	return $said;
}
$t->sql(
	q{
	CREATE SCHEMA second;
	IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO second});
like(
	notice_of('second'),
	qr/NOTICE:  the history in schema "hist" was of schema "exo", and is of schema "second"/,
	'another schema of imported tables is not taken without a word');
is($t->sql('SELECT DISTINCT source FROM hist.keep'), 'second', 'but taken');
$t->sql('ALTER SCHEMA second RENAME TO third');
is(notice_of('third'), '', 'another name is no other schema');
like(notice_of('exo'), qr/was of schema "third", and is of schema "exo"/, 'and back');
is(notice_of('exo'), '', 'where it stays');
$t->sql('SET client_min_messages = warning; DROP SCHEMA third CASCADE');

# Whose they are
is( $t->sql(
		q{SELECT count(*) FROM pg_depend AS d WHERE refclassid = 'pg_extension'::regclass
		AND deptype = 'e' AND (classid, objid) IN (
			SELECT 'pg_class'::regclass, oid FROM pg_class
				WHERE relnamespace = 'hist'::regnamespace
			UNION SELECT 'pg_namespace'::regclass, 'hist'::regnamespace)}),
	0,
	'none belongs to the extension');
$t->sql(
	q{
	CREATE ROLE keeper;
	GRANT CREATE ON DATABASE postgres TO keeper;
	GRANT USAGE ON SCHEMA exo TO keeper;
	CREATE SCHEMA "Own ""%s %1$I" AUTHORIZATION keeper;
	CREATE SCHEMA others});
is( $t->sql(
		q{SET ROLE keeper;
		SELECT count(*) > 10 FROM dbaas_fdw_history('exo', 'Own "%s %1$I');
		SELECT count(*) > 10 FROM dbaas_fdw_history('exo', 'its');
		SELECT count(*) FROM pg_class WHERE relowner <> 'keeper'::regrole AND relnamespace IN
			('its'::regnamespace, (SELECT oid FROM pg_namespace WHERE nspname LIKE 'Own%'))}),
	"t\nt\n0",
	'they are those of the caller, in a schema of any name');
is( error_of(q{SET ROLE keeper; SELECT dbaas_fdw_history('exo', 'others')}),
	'42501 permission denied for schema others',
	'who may make them there');

# What is refused
$t->sql('CREATE TABLE others.logs (a int)');
is( error_of(q{SELECT dbaas_fdw_history('exo', 'others')}),
	'42P07 schema "others" has a table "logs" that is not of a history',
	'a table of another kind is left alone');
is($t->sql(q{SELECT count(*) FROM pg_class WHERE relnamespace = 'others'::regnamespace}),
	1, 'and nothing is made beside it');
is( error_of(q{SELECT dbaas_fdw_history('others', 'x')}),
	'42P01 schema "others" has no foreign table "dbaas_services"',
	'the tables have to be imported');
is( error_of(q{SELECT dbaas_fdw_history('nowhere', 'x')}),
	'3F000 schema "nowhere" does not exist',
	'into a schema that is there');

$t->sql(
	q{CREATE SCHEMA old;
	IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO old;
	ALTER FOREIGN TABLE old.dbaas_logs DROP COLUMN with_outcome});
is( error_of(q{SELECT dbaas_fdw_history('old', 'x')}),
	'42703 foreign table old.dbaas_logs has no column "with_outcome"',
	'by a version that has what is needed');
$t->sql('DROP SCHEMA old CASCADE');

# Some of the tables
$t->sql(
	q{CREATE SCHEMA few;
	IMPORT FOREIGN SCHEMA dbaas LIMIT TO (dbaas_services, dbaas_logs, dbaas_backups)
		FROM SERVER exoscale INTO few});
is( $t->sql(
		q{SET client_min_messages = warning;
		SELECT count(*) > 0 FROM dbaas_fdw_history('few', 'few_kept');
		SELECT string_agg(relname, ' ' ORDER BY relname)
		FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'few_kept'::regnamespace}),
	"t\ncursors keep logs runs services",
	'what was not imported is left out, and what is read from that');

# What is in the search path plays no part
$t->sql(
	q{
	CREATE SCHEMA evil;
	CREATE FUNCTION evil.equal(text, text) RETURNS boolean LANGUAGE sql AS 'SELECT 1/0 = 1';
	CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.equal);
	CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql
		AS $$ SELECT 'DROP SCHEMA exo CASCADE' $$;
	CREATE TABLE evil.pg_class (a int)});
is( $t->sql(
		q{SET search_path = evil, pg_catalog;
		SELECT count(*) > 10 FROM public.dbaas_fdw_history('exo', 'kept2')}),
	't',
	'nor does the search path');
is( $t->sql(
		q{ALTER EXTENSION dbaas_fdw SET SCHEMA evil;
		SELECT count(*) > 10 FROM evil.dbaas_fdw_history('exo', 'kept3');
		ALTER EXTENSION dbaas_fdw SET SCHEMA public}),
	't',
	'or the schema of the extension');

# A dump, without and with the extension; then the extension goes
$t->sql(
	q{
	DROP SCHEMA evil, its, few, few_kept, kept2, kept3, others CASCADE;
	DROP OWNED BY keeper CASCADE; DROP ROLE keeper;
	INSERT INTO hist.services (zone, name, plan, valid_from) VALUES ('z', 'a', 'p', now())});

sub run
{
	my ($command, $input) = @_;
	my ($out, $err) = ('', '');
	delete local $ENV{PGAPPNAME};
	IPC::Run::run($command, '<', \($input // ''), '>', \$out, '2>', \$err);
	return ($out, $err);
}
my $listed = q{
	SELECT string_agg(concat_ws(' ', relname, relkind, pg_get_userbyid(relowner)), ', '
		ORDER BY relname) FROM pg_class
	WHERE relnamespace = 'hist'::regnamespace AND relkind <> 't'};
my $before = $t->sql($listed);
my ($dump) = run([ 'pg_dump', '-n', 'hist', '-d', $t->node->connstr('postgres') ]);
$t->sql('CREATE DATABASE restored');
my (undef, $said) =
  run([ 'psql', '-X', '-q', '-o', '/dev/null', '-d', $t->node->connstr('restored') ], $dump);
is($said, '', 'a dump of the history is restored without the extension');
is($t->node->safe_psql('restored', $listed), $before, 'wholly');
is($t->node->safe_psql('restored', 'SELECT zone, name, plan FROM hist.services'),
	'z|a|p', 'with its rows');

$t->sql('SET client_min_messages = warning; DROP EXTENSION dbaas_fdw CASCADE');
is($t->sql($listed), $before, 'it stays where the extension goes');
is($t->sql('SELECT zone, name, plan FROM hist.services'), 'z|a|p', 'with its rows');

# An update brings the functions, and a history that was there goes on
$t->sql(q{DROP SCHEMA exo CASCADE; CREATE EXTENSION dbaas_fdw VERSION '0.2'});
$t->create_server;
is( error_of(q{SELECT dbaas_fdw_history('exo', 'hist')}),
	'42883 function dbaas_fdw_history(unknown, unknown) does not exist',
	'0.2 has none');
$t->sql('ALTER EXTENSION dbaas_fdw UPDATE');
is($t->sql($made), $t->sql(q{SELECT ''}), 'after an update of the extension, the history is whole');
is( $t->sql(
		q{SELECT count(*) FROM hist.keep
		WHERE (source, source_oid) IS DISTINCT FROM ('exo', 'exo'::regnamespace::oid)}),
	0,
	'and knows the tables that were imported anew');

# Without the language
$t->sql('CREATE DATABASE mute');
$t->node->safe_psql('mute', 'DROP EXTENSION plpgsql');
my (undef, undef, $error) = $t->node->psql('mute', 'CREATE EXTENSION dbaas_fdw');
like(
	$error,
	qr/ERROR:  required extension "plpgsql" is not installed\nHINT:  .*CASCADE/,
	'without PL\/pgSQL, CREATE EXTENSION says what is missing');

done_testing();
