# A write reaches what was meant and nothing else: rows without an identity,
# partitions, columns that are computed or shown twice, mappings that change,
# and guards that were mistyped before the library was loaded.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 0, operation_time => 0);
my $sim = $t->sim;

# What was sent that writes
sub sent
{
	return map { "$_->{method} $_->{path}" } grep { $_->{method} ne 'GET' } $sim->requests;
}

sub refused
{
	my ($sql, $sqlstate, $name) = @_;
	$sim->clear;
	my $error = $t->sql_error($sql);
	is($error->{sqlstate}, $sqlstate, $name) or diag(explain($error));
	is_deeply([ sent() ], [], "$name: nothing is sent");
	return $error;
}

# ctid
like($t->sql("SELECT ctid FROM exo.dbaas_services LIMIT 1"), qr/^\(\d+,\d+\)$/,
	'a read shows ctid');
refused(
	'DELETE FROM exo.dbaas_services WHERE ctid IN (SELECT ctid FROM exo.dbaas_services LIMIT 1)',
	'0A000', 'ctid in a subquery');
refused('DELETE FROM exo.dbaas_services s USING exo.dbaas_services o WHERE s.ctid = o.ctid',
	'0A000', 'ctid in a join');
refused("DELETE FROM exo.dbaas_services WHERE ctid = '(4294967295,0)'",
	'0A000', 'ctid as a constant');
refused("UPDATE exo.dbaas_integrations SET settings = '{}' WHERE ctid::text LIKE '(%'",
	'0A000', 'ctid in an expression');
refused(
	"PREPARE d(tid) AS DELETE FROM exo.dbaas_services "
	  . "WHERE ctid = \$1; EXECUTE d('(4294967295,0)')",
	'0A000',
	'ctid as a parameter');
refused(
	"DELETE FROM exo.dbaas_services WHERE name = 'kafka-1-0003' AND $_ IN (SELECT $_ "
	  . "FROM exo.dbaas_services LIMIT 1)",
	'0A000',
	"$_, the same for all too") foreach qw(xmin xmax cmin cmax);
$t->sql(q{BEGIN; DELETE FROM exo.dbaas_services WHERE name = 'kafka-1-0003' }
	  . q{AND tableoid = 'exo.dbaas_services'::regclass; ROLLBACK});
is( $t->sql(
			q{BEGIN; DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' }
		  . q{AND name = 'kafka-1-0003' RETURNING ctid IS NOT NULL; ROLLBACK}),
	't',
	'RETURNING shows it');

SKIP:
{
	skip 'no postgres_fdw', 6 if $t->node->psql('postgres', 'CREATE EXTENSION postgres_fdw') != 0;
	my ($host, $port) = ($t->node->host, $t->node->port);
	$t->sql(
		qq{
		CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw
			OPTIONS (host '$host', port '$port', dbname 'postgres');
		CREATE USER MAPPING FOR CURRENT_USER SERVER loop OPTIONS (user 'postgres');
		CREATE SCHEMA r;
		IMPORT FOREIGN SCHEMA exo FROM SERVER loop INTO r;
		CREATE TABLE old (name text);
		INSERT INTO old VALUES ('kafka-1-0003')});
	refused('DELETE FROM r.dbaas_services s USING old o WHERE s.name = o.name RETURNING s.name',
		'0A000', 'a loopback that joins');
	refused(
		q{UPDATE r.dbaas_integrations SET settings = '{}' WHERE zone = 'de-fra-1' AND random() < 2},
		'0A000',
		'a loopback that checks rows here');
	$sim->clear;
	$t->sql(q{DELETE FROM r.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'kafka-1-0003'});
	is_deeply(
		[ sent() ],
		['DELETE /dbaas-service/kafka-1-0003'],
		'one that sends the whole statement');
	is($t->sql('SELECT count(*) FROM exo.dbaas_services'), 23, 'deletes that service');
	$sim->reset;
}

# Partitions
$t->sql(
	q{
	CREATE TABLE parent (zone text, id uuid, type text, source text, dest text, description text,
		status text,
		is_enabled boolean, is_active boolean, settings jsonb)
			PARTITION BY LIST ((settings->>'where'));
	CREATE TABLE here PARTITION OF parent FOR VALUES IN ('here');
	CREATE FOREIGN TABLE there PARTITION OF parent DEFAULT SERVER exoscale
		OPTIONS (resource 'integrations')}
);
my $rows = $t->sql('SELECT count(*) FROM there');
cmp_ok($rows, '>', 1, 'a foreign partition has rows');
$t->sql(q{INSERT INTO here (zone, type, source, dest, settings) }
	  . q{VALUES ('ch-gva-2', 'metrics', 'pg-1-0001', 'thanos-1-0007', '{"where": "here"}')});

# The row that moves is the first
my ($status, undef, $notices) =
  $t->sql_both(q{BEGIN; SET LOCAL dbaas_fdw.dry_run = on; SET LOCAL enable_async_append = off; }
	  . q{UPDATE parent SET settings = '{"where": "there"}'; ROLLBACK});
is($status, 0, 'an UPDATE that moves a row into a foreign partition that it changes too');
is(() = $notices =~ /dry run: PUT /g, $rows, 'changes each row that was there');
is(() = $notices =~ m{dry run: POST /dbaas-integration in}g, 1, 'and makes the one that moves');
refused(
	q{INSERT INTO parent (zone, type, source, dest) }
	  . q{VALUES ('ch-gva-2', 'metrics', 'pg-1-0001', 'thanos-1-0007') ON CONFLICT DO NOTHING},
	'0A000',
	'ON CONFLICT in a row that is routed');
refused(
	q{MERGE INTO parent USING (VALUES (1)) v ON parent.zone = 'ch-gva-2' WHEN MATCHED THEN DELETE},
	'0A000', 'MERGE');
is( $t->sql(
			q{BEGIN; SET LOCAL dbaas_fdw.dry_run = on; DELETE FROM parent }
		  . q{WHERE zone = 'ch-gva-2' AND source = 'none'; ROLLBACK}),
	'',
	'a DELETE over both kinds of partition');

# Columns that show one field, and computed ones
$t->sql(
	q{
	CREATE FOREIGN TABLE exo.twice (zone text, id uuid, settings jsonb, again jsonb
		OPTIONS (field 'settings'))
		SERVER exoscale OPTIONS (resource 'integrations');
	CREATE FOREIGN TABLE exo.computed (zone text, id uuid, settings jsonb, shouted text
		GENERATED ALWAYS AS (upper(zone)) STORED)
		SERVER exoscale OPTIONS (resource 'integrations');
	CREATE FOREIGN TABLE exo.fixed (zone text GENERATED ALWAYS AS ('de-fra-1') STORED, id uuid,
		settings jsonb)
		SERVER exoscale OPTIONS (resource 'integrations')});
is($t->sql('SELECT count(again) = count(settings) FROM exo.twice'),
	't', 'a field that is shown twice is read');
my $error = refused(q{UPDATE exo.twice SET again = '{"a": 1}' WHERE zone = 'de-fra-1'},
	'0A000', 'and is not written');
like($error->{message}, qr/"settings" and "again"/, 'the error names both');
$t->sql(q{CREATE FOREIGN TABLE exo.narrow (zone text, type text) SERVER exoscale }
	  . q{OPTIONS (resource 'integrations')});
is( refused(
		q{UPDATE exo.narrow SET type = 'x'},
		'0A000',
		'a table that shows nothing that UPDATE takes')->{hint},
	'UPDATE takes: no column that this table has.',
	'which the hint says');
is($t->sql('SELECT count(*) FROM exo.computed'),
	$rows, 'a computed column of its own does not disturb a read');
$sim->clear;
$t->sql(q{UPDATE exo.computed SET settings = '{}' WHERE id = (SELECT min(id::text)::uuid }
	  . q{FROM exo.dbaas_integrations)});
is(scalar(sent()), 1, 'nor a write');
refused(q{DELETE FROM exo.fixed WHERE zone = 'de-fra-1'}, '0A000', 'one that seems to be a key');
refused('SELECT * FROM exo.fixed', '0A000', 'one that is read');

# The mapping that a write was queued with
my $delete = q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'mysql-1-0002'};
my ($key, $secret) = ($sim->key, $sim->secret);
my $public =
  "CREATE USER MAPPING FOR PUBLIC SERVER exoscale OPTIONS (api_key '$key', api_secret '$secret')";
foreach my $change (
	'DROP USER MAPPING FOR CURRENT_USER SERVER exoscale',
	"$public; DROP USER MAPPING FOR CURRENT_USER SERVER exoscale",
	"ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (SET api_key 'EXOother')",
	"ALTER USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (SET api_secret 'other')",
	"ALTER SERVER exoscale OPTIONS (ADD wait 'none')")
{
	my $found = refused("BEGIN; $delete; $change; COMMIT", '55000', "a write, then $change");
	like($found->{detail}, qr{mysql-1-0002 in zone ch-gva-2: not sent}, 'says what was not sent');
}
$sim->clear;
$t->sql("BEGIN; $delete; $public; ALTER SERVER exoscale OWNER TO CURRENT_USER; COMMIT");
is_deeply(
	[ sent() ],
	['DELETE /dbaas-service/mysql-1-0002'],
	'what changes nothing for it does not disturb it');

# Guards that were set before the library was loaded
$delete = q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'pg-1-0001'};
foreach my $guard (
	[ 'SET dbaas_fdw.dryrun = on', '42704', qr/dbaas_fdw\.dry_run/ ],
	[ q{SET dbaas_fdw.dry_run = 'yes please'}, '22023', qr/on, off/ ],
	[ q{SET dbaas_fdw.delete_limit = 'none'}, '22023', qr/-1/ ],
	[ 'SET dbaas_fdw.delete_limit = -2', '22023', qr/-1/ ],
	[ 'SET dbaas_fdw.write_mode = later', '22023', qr/commit, immediate/ ],
	[ 'SET "DBAAS_FDW.Dryrun" = on', '42704', qr/dry_run/ ],
	[ 'BEGIN; SET LOCAL dbaas_fdw.most_deletes = 1', '42704', qr/RESET/ ],
	# what the end of a transaction or of a savepoint brings back
	[
		q{SET dbaas_fdw.dry_run = 'yes please'; BEGIN; }
		  . q{SET LOCAL dbaas_fdw.dry_run = on; TABLE exo.dbaas_zones; COMMIT},
		'22023',
		qr/RESET/
	],
	[
		q{BEGIN; SET dbaas_fdw.dry_run = 'yes please'; }
		  . q{SET LOCAL dbaas_fdw.dry_run = on; TABLE exo.dbaas_zones; COMMIT},
		'22023',
		qr/RESET/
	],
	[
		q{BEGIN; SET dbaas_fdw.delete_limit = 'none'; SAVEPOINT a; }
		  . q{SET dbaas_fdw.delete_limit = 1; TABLE exo.dbaas_zones; ROLLBACK TO a},
		'22023',
		qr/RESET/
	],
	[
		q{SET dbaas_fdw.dryrun = on; BEGIN; RESET dbaas_fdw.dryrun; TABLE }
		  . q{exo.dbaas_zones; ROLLBACK},
		'42704',
		qr/RESET/
	])
{
	my $found = refused("$guard->[0]; $delete", $guard->[1], $guard->[0]);
	like($found->{hint}, $guard->[2], 'with a hint');
}
# and what RESET does
$t->sql(q{ALTER ROLE CURRENT_USER SET dbaas_fdw.dry_run = 'yes please'});
like(
	refused("SET dbaas_fdw.dry_run = off; TABLE exo.dbaas_zones; RESET dbaas_fdw.dry_run; $delete",
		'22023', 'a guard of the role')->{hint},
	qr/ALTER ROLE/,
	'with a hint where it is');
$t->sql('ALTER ROLE CURRENT_USER RESET dbaas_fdw.dry_run');
my $session = $t->session;
$session->sql('SET dbaas_fdw.dryrun = on');
is($session->sql_error($delete)->{sqlstate}, '42704', 'a mistyped guard ends the statement');
is($session->sql_error($delete)->{sqlstate}, '42704', 'and the next');
is($session->sql_error('SELECT count(*) FROM exo.dbaas_services')->{sqlstate},
	'42704', 'a read too');
$session->sql('RESET dbaas_fdw.dryrun');
is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 23, 'until it is taken back');
is($session->sql_error('SET dbaas_fdw.dryrun = on')->{sqlstate},
	'42602', 'from then on PostgreSQL refuses it');
$session = $t->session;
$session->sql(q{SET dbaas_fdw.dry_run = 'yes please'});
$session->sql_error($delete);
$session->sql('SET dbaas_fdw.dry_run = on');
$sim->clear;
$session->sql($delete);
is_deeply([ sent() ], [], 'one that is set right guards');
$t->sql('ALTER ROLE CURRENT_USER SET dbaas_fdw.delete_limits = 0');
refused($delete, '42704', 'a guard of a role');
$t->sql('ALTER ROLE CURRENT_USER RESET dbaas_fdw.delete_limits');

# A database whose encoding cannot hold what the API says of other rows
$t->sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
$sim->clear;
my $other = '{"name":"b","type":"pg","plan":"a","notifications":[{"message":"\u20ac"}]}';
$sim->fault(
	map {
		{
			path => '/dbaas-service',
			method => 'GET',
			action => 'body',
			times => 1,
			body => qq({"dbaas-services":[$_]})
		}
	} qq({"name":"pg-1-0001","type":"pg","plan":"a"},$other),
	$other);
my ($url) = ($sim->url);
my ($out, $err);
$status = $t->node->psql(
	'latin', qq{CREATE EXTENSION dbaas_fdw;
	CREATE SERVER exoscale FOREIGN DATA WRAPPER dbaas_fdw
		OPTIONS (endpoint '$url', zones 'ch-gva-2');
	CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale
		OPTIONS (api_key '$key', api_secret '$secret');
	IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO public;
	DELETE FROM dbaas_services WHERE name = 'pg-1-0001'},
	on_error_stop => 1,
	stderr => \$err);
is($status, 0, 'a DELETE in a LATIN1 database') or diag($err);
is_deeply([ sent() ], ['DELETE /dbaas-service/pg-1-0001'], 'is sent, whatever other rows hold');

# Protection does not depend on what a table shows
$sim->reset;
$t->sql(
	q{
	CREATE FOREIGN TABLE bare (zone text, name text) SERVER exoscale OPTIONS (resource 'services');
	CREATE FOREIGN TABLE barest (name text) SERVER exoscale OPTIONS (resource 'services');
	CREATE FOREIGN TABLE words (zone text, name text, safe text
		OPTIONS (field 'termination-protection')) SERVER exoscale OPTIONS (resource 'services');
	CREATE TABLE bare_parts (zone text, name text) PARTITION BY LIST (zone);
	CREATE FOREIGN TABLE bare_part PARTITION OF bare_parts DEFAULT SERVER exoscale
		OPTIONS (resource 'services');
	CREATE VIEW bare_view AS SELECT name FROM bare WHERE zone = 'ch-gva-2'});
foreach my $table (qw(bare barest words bare_parts bare_view))
{
	my $error = refused("DELETE FROM $table WHERE name = 'valkey-1-0005'",
		'55006', "$table: a protected service");
	like($error->{message}, qr/"valkey-1-0005" is protected/, 'is named');
	like(
		$error->{hint},
		$table eq 'words'
		? qr/SET safe = false/
		: qr/a table that has column "termination_protection"/,
		'and what to do');
}
refused("BEGIN; DELETE FROM bare WHERE name = 'pg-1-0001' OR name = 'valkey-1-0005'; COMMIT",
	'55006', 'one of several');
refused("SET dbaas_fdw.dry_run = on; DELETE FROM bare WHERE name = 'valkey-1-0005' RETURNING name",
	'55006', 'in a dry run');
is_deeply(
	[
		grep { !m{/operation/|/zone$} }
		  $t->lines("DELETE FROM bare WHERE zone = 'ch-gva-2' AND name = 'kafka-1-0003'")
	],
	[ 'DELETE ch-gva-2 /dbaas-service/kafka-1-0003', ('GET ch-gva-2 /dbaas-service') x 2 ],
	'another is deleted, and the list that the row is from tells, as one does after it');
is_deeply(
	[ grep { /DELETE/ } $t->lines("DELETE FROM barest WHERE name = 'thanos-2-0007'") ],
	['DELETE de-fra-1 /dbaas-service/thanos-2-0007'],
	'so it is where no zone is shown');

done_testing();
