# What PostgreSQL puts around a foreign table keeps a write to what was meant:
# the bounds of partitions, serializable transactions, domains.
use strict;
use warnings;

use DbaasTest;
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 0, operation_time => 0);
my $sim = $t->sim;

# What was sent that writes
sub sent
{
	return map { "$_->{method} $_->{path}" } grep { $_->{method} ne 'GET' } $sim->requests;
}

# A partition shows the rows within its bound, and so does a write
$t->sql(
	q{
	CREATE TABLE parts (zone text, name text) PARTITION BY LIST (zone);
	CREATE FOREIGN TABLE one PARTITION OF parts FOR VALUES IN ('ch-gva-2') SERVER exoscale
		OPTIONS (resource 'services');
	CREATE FOREIGN TABLE two PARTITION OF parts FOR VALUES IN ('de-fra-1', 'none') SERVER exoscale
		OPTIONS (resource 'services');
	CREATE FOREIGN TABLE rest PARTITION OF parts DEFAULT SERVER exoscale
		OPTIONS (resource 'services');
	CREATE TABLE hashed (zone text, id uuid, source text, settings jsonb)
		PARTITION BY HASH (source);
	CREATE FOREIGN TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0)
		SERVER exoscale OPTIONS (resource 'integrations');
	CREATE FOREIGN TABLE hashed_1 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1)
		SERVER exoscale OPTIONS (resource 'integrations')}
);
is( $t->sql('SELECT tableoid::regclass, zone, count(*) FROM parts GROUP BY 1, 2 ORDER BY 2'),
	"rest|at-vie-1|8\none|ch-gva-2|8\ntwo|de-fra-1|8",
	'each partition shows its own zone');
is_deeply(
	[ grep { /dbaas-service/ } $t->lines('SELECT count(*) FROM one') ],
	['GET ch-gva-2 /dbaas-service'],
	'and asks no other');
is($t->sql('SELECT count(*) = (SELECT count(*) FROM exo.dbaas_integrations) FROM hashed'),
	't', 'a bound that no parameter says is checked');
my $bare =
	"DELETE FROM one WHERE name IN (SELECT name FROM exo.dbaas_services "
  . "WHERE zone = 'ch-gva-2' AND termination_protection IS NOT TRUE)";
my $unprotected = $t->sql("SELECT count(*) FROM exo.dbaas_services WHERE zone = 'ch-gva-2' "
	  . "AND termination_protection IS NOT TRUE");
$sim->clear;
$t->sql("BEGIN; SET LOCAL dbaas_fdw.delete_limit = 100; $bare");
is_deeply([ sent() ], [], 'nothing is sent before the COMMIT');
my (undef, undef, $notices) =
  $t->sql_both("BEGIN; SET LOCAL dbaas_fdw.dry_run = on; $bare; ROLLBACK");
is(() = $notices =~ /dry run: DELETE \S+ in zone ch-gva-2/g,
	$unprotected, 'a DELETE from a partition reaches its rows');
unlike($notices, qr/in zone (?!ch-gva-2)/, 'and no others');
(undef, undef, $notices) = $t->sql_both(q{BEGIN; SET LOCAL dbaas_fdw.dry_run = on; UPDATE hashed }
	  . q{SET settings = '{"changed": true}'; ROLLBACK});
is( () = $notices =~ /dry run: PUT /g,
	$t->sql('SELECT count(*) FROM exo.dbaas_integrations'),
	'an UPDATE of all partitions changes each row once');

# A serializable transaction that has to fail does so before anything is sent
my ($one, $two) = ($t->session, $t->session);
$t->sql('CREATE TABLE pair (a int PRIMARY KEY, b int); INSERT INTO pair VALUES (1, 0), (2, 0)');

sub conflict
{
	$_->sql('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT sum(b) FROM pair') foreach $one, $two;
	$one->sql('UPDATE pair SET b = b + 1 WHERE a = 1');
	$one->sql(q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'thanos-1-0007'});
	$two->sql('UPDATE pair SET b = b + 1 WHERE a = 2');
	return;
}
$sim->clear;
conflict();
$two->sql('COMMIT');
my ($out, $err) = $one->sql_both('COMMIT');
like($err, qr/40001: could not serialize/, 'the second to commit fails');
unlike($err, qr/not undone/, 'without having written');
is_deeply([ sent() ], [], 'nothing is sent');
conflict();
$one->sql('COMMIT');
is($two->sql_error('COMMIT')->{sqlstate}, '40001',
	'when the writer commits first, the other fails');
is_deeply([ sent() ], ['DELETE /dbaas-service/thanos-1-0007'], 'and the write is sent');

# The other has to give way already when the write is refused by the API
$sim->reset;
conflict();
$sim->fault(
	{
		path => '/dbaas-service/*',
		method => 'DELETE',
		action => 'status',
		status => 409,
		times => 1
	});
is($one->sql_error('COMMIT')->{sqlstate},
	'55006', 'a write that the API refuses ends a serializable transaction');
is($two->sql_error('COMMIT')->{sqlstate}, '40001', 'before which the other gives way');
conflict();
$two->sql('COMMIT');
is($one->sql_error('COMMIT')->{sqlstate}, '40001', 'both can be tried again');

# Row-level security of a partitioned table: rows that it hides, and rows that it refuses
$sim->reset;
my ($key, $secret) = ($sim->key, $sim->secret);
$t->sql(
	qq{
	CREATE TABLE guarded (zone text, service_name text, username text, password text,
		allow_replication boolean) PARTITION BY LIST (zone);
	CREATE FOREIGN TABLE guarded_api PARTITION OF guarded FOR VALUES IN ('ch-gva-2')
		SERVER exoscale OPTIONS (resource 'users');
	CREATE TABLE guarded_local PARTITION OF guarded DEFAULT;
	INSERT INTO guarded VALUES ('here', 'pg-1-0001', 'local', NULL, false);
	ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
	CREATE POLICY guard ON guarded USING (username <> 'avnadmin')
		WITH CHECK (username <> 'mallory' AND NOT allow_replication);
	CREATE ROLE guest LOGIN;
	GRANT ALL ON guarded TO guest;
	GRANT USAGE ON SCHEMA exo TO guest;
	CREATE USER MAPPING FOR guest SERVER exoscale OPTIONS (api_key '$key', api_secret '$secret')}
);
my $guest = $t->session;
$guest->sql('SET ROLE guest');
my $pg = q{zone = 'ch-gva-2' AND service_name = 'pg-1-0001'};
is($guest->sql("SELECT count(*) FROM guarded WHERE $pg AND username = 'avnadmin'"),
	0, 'row-level security hides rows of a foreign partition');
foreach my $sql (
	q{INSERT INTO guarded VALUES ('ch-gva-2', 'pg-1-0001', 'mallory', NULL, false)},
	q{INSERT INTO guarded VALUES ('ch-gva-2', 'pg-1-0001', 'mallory', NULL, false) RETURNING *},
	"UPDATE guarded SET allow_replication = true WHERE $pg AND username = 'user_1'",
	"UPDATE guarded SET allow_replication = true, password = 'hunter2guard' WHERE $pg",
	q{UPDATE guarded SET zone = 'ch-gva-2', username = 'mallory' WHERE username = 'local'})
{
	$sim->clear;
	my $error = $guest->sql_error($sql);
	is($error->{sqlstate}, '42501', "it refuses: $sql");
	like($error->{message}, qr/row-level security policy for table "guarded/, 'and says so');
	is_deeply([ sent() ], [], 'and nothing is sent');
}
$guest->sql(
	qq{BEGIN;
	INSERT INTO guarded VALUES ('ch-gva-2', 'pg-1-0001', 'eve', NULL, false);
	UPDATE guarded SET password = 'hunter2guard' WHERE $pg AND username = 'user_1';
	UPDATE guarded SET zone = 'ch-gva-2' WHERE username = 'local';
	DELETE FROM guarded WHERE $pg AND username = 'avnadmin';
	COMMIT}
);
is_deeply(
	[ sort(sent()) ],
	[
		('POST /dbaas-postgres/pg-1-0001/user') x 2,
		'PUT /dbaas-postgres/pg-1-0001/user/user_1/password/reset'
	],
	'what it lets through is sent, a secret too');
# log_statement, which these clusters have on, logs a statement before anyone can hide it
unlike(slurp_file($t->node->logfile) =~ s/^.* LOG:  statement: .*$//mgr,
	qr/hunter2guard/, 'which no error and no write logs');

# Domains
$t->sql(
	q{
	CREATE DOMAIN given AS text NOT NULL;
	CREATE DOMAIN brief AS text CHECK (length(value) < 4);
	CREATE DOMAIN document AS jsonb CHECK (jsonb_typeof(value) = 'string');
	CREATE DOMAIN names AS text[] CHECK (cardinality(value) < 10);
	CREATE DOMAIN few AS text[] CHECK (cardinality(value) < 1);
	CREATE FOREIGN TABLE types (zone text, name given, plan document
		OPTIONS (field 'name'), available_versions names, versions brief[]
		OPTIONS (field 'available-versions'))
		SERVER exoscale OPTIONS (resource 'service-types');
	CREATE FOREIGN TABLE long (zone text, name brief) SERVER exoscale OPTIONS (resource 'services');
	CREATE FOREIGN TABLE absent (zone text, name text, nothing given OPTIONS (field 'nothing'))
		SERVER exoscale OPTIONS (resource 'services');
	CREATE FOREIGN TABLE many (zone text, available_versions few) SERVER exoscale
		OPTIONS (resource 'service-types')}
);
is( $t->sql(
		q{SELECT name, plan, available_versions = versions::text[]::names, available_versions =
		(SELECT available_versions FROM exo.dbaas_service_types WHERE zone = 'ch-gva-2'
		AND name = 'pg')
	FROM types WHERE zone = 'ch-gva-2' AND name = 'pg'}),
	'pg|"pg"|t|t',
	'domains over text, jsonb and arrays are read');
foreach my $table ('long', 'absent', 'many')
{
	my $error = $t->sql_error("SELECT * FROM $table");
	is($error->{sqlstate}, 'HV000', "a value that a domain refuses: $table");
	like(
		$error->{message},
		qr/^GET \S+ in zone \S+: field ".*" of row 1 cannot be used/,
		'the error names field and row');
	like($error->{detail}, qr/domain/, 'and the domain');
}

done_testing();
