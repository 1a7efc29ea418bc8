# What a COMMIT has made is in the API's lists when it returns, and what it has deleted is
# not, although the API shows both only after the operation; and what that costs.
use strict;
use warnings;

use DbaasTest;
use DbaasSim;
use Test::More;
use Time::HiRes qw(time);

my $t = DbaasTest->new(services => 20, logs => 0, operation_time => 0, settle => 700);
my $sim = $t->sim;
my $session = $t->session;
my $endpoint = DbaasSim::uuid('1/ch-gva-2/external-endpoints/1');
my $pg = q{zone = 'ch-gva-2' AND service_name = 'pg-1-0001'};

# Does a row exist, as a session of its own sees it?
sub exists_row
{
	my ($table, $where) = @_;
	return $t->sql("SELECT count(*) FROM exo.$table WHERE $where") > 0;
}

# reads(@sent): which lists were read after the last write, sorted, with their number
sub reads
{
	my @sent = @_;
	my ($last) = reverse grep { $sent[$_]{method} ne 'GET' } 0 .. $#sent;
	my %n;
	$n{"$_->{zone} $_->{path}"}++
	  foreach grep { $_->{path} !~ m{^/operation/} } @sent[ $last + 1 .. $#sent ];
	return join ', ', map { "$n{$_} $_" } sort keys %n;
}

# Made, and there
foreach my $case (
	[
		'a user', 'dbaas_users',
		q{(zone, service_name, username) VALUES ('ch-gva-2', 'pg-1-0001', 'late')},
		"$pg AND username = 'late'"
	],
	[
		'a user of clickhouse', 'dbaas_users',
		q{(zone, service_name, username) VALUES ('ch-gva-2', 'clickhouse-1-0008', 'late')},
		q{zone = 'ch-gva-2' AND service_name = 'clickhouse-1-0008' AND username = 'late'}
	],
	[
		'a database', 'dbaas_databases',
		q{(zone, service_name, name) VALUES ('ch-gva-2', 'mysql-1-0002', 'late "é" / \\')},
		q{zone = 'ch-gva-2' AND service_name = 'mysql-1-0002' AND name = 'late "é" / \\'}
	],
	[
		'a pool', 'dbaas_connection_pools',
		q{(zone, service_name, name, database) VALUES ('ch-gva-2', 'pg-1-0001', 'late', }
		  . q{'defaultdb')},
		"$pg AND name = 'late'"
	],
	[
		'an integration',
		'dbaas_integrations',
		q{(zone, type, source, dest) VALUES ('ch-gva-2', 'logs', 'pg-1-0001', }
		  . q{'opensearch-1-0004')},
		q{zone = 'ch-gva-2' AND type = 'logs' AND source = 'pg-1-0001'}
	],
	[
		'an external integration',
		'dbaas_external_integrations',
		q{(zone, service_name, dest_endpoint_id, type) VALUES }
		  . qq{('ch-gva-2', 'mysql-1-0002', '$endpoint', 'datadog')},
		q{zone = 'ch-gva-2' AND service_name = 'mysql-1-0002' }
		  . qq{AND dest_endpoint_id = '$endpoint'}
	],
	[
		'an external endpoint',
		'dbaas_external_endpoints',
		q{(zone, name, type, settings) VALUES ('ch-gva-2', 'late', 'prometheus', '{}')},
		q{zone = 'ch-gva-2' AND name = 'late'}
	],
	[
		'an access rule', 'dbaas_kafka_acls',
		q{(zone, service_name, kind, username, resource, permission) VALUES ('ch-gva-2', }
		  . q{'kafka-1-0003', 'topic', 'late', 'orders', 'read')},
		q{zone = 'ch-gva-2' AND service_name = 'kafka-1-0003' AND username = 'late'}
	],
	[
		'a service', 'dbaas_services',
		q{(zone, name, type, plan) VALUES ('ch-gva-2', 'late', 'valkey', 'startup-4')},
		q{zone = 'ch-gva-2' AND name = 'late'}
	])
{
	my ($name, $table, $row, $where) = @$case;
	my (undef, $stderr) = $session->sql_both("INSERT INTO exo.$table $row");
	is($stderr, '', "$name: made without a WARNING");
	ok(exists_row($table, $where), "$name is there when COMMIT returns");
	(undef, $stderr) = $session->sql_both("DELETE FROM exo.$table WHERE $where");
	is($stderr, '', "$name: deleted without a WARNING");
	ok(!exists_row($table, $where), "$name is gone when COMMIT returns");
}

# What depends on it, in one transaction
$session->sql(
	q{
	BEGIN;
	INSERT INTO exo.dbaas_databases (zone, service_name, name)
		VALUES ('ch-gva-2', 'pg-1-0001', 'shop');
	INSERT INTO exo.dbaas_users (zone, service_name, username)
		VALUES ('ch-gva-2', 'pg-1-0001', 'seller');
	INSERT INTO exo.dbaas_connection_pools (zone, service_name, name, database, username)
		VALUES ('ch-gva-2', 'pg-1-0001', 'counter', 'shop', 'seller');
	COMMIT});
is( $t->sql("SELECT database, username FROM exo.dbaas_connection_pools WHERE $pg "
		  . q{AND name = 'counter'}),
	'shop|seller',
	'a pool on a database and a user of the same transaction');
$session->sql(
	qq{
	BEGIN;
	DELETE FROM exo.dbaas_connection_pools WHERE $pg AND name = 'counter';
	DELETE FROM exo.dbaas_databases WHERE $pg AND name = 'shop';
	DELETE FROM exo.dbaas_users WHERE $pg AND username = 'seller';
	INSERT INTO exo.dbaas_users (zone, service_name, username)
		VALUES ('ch-gva-2', 'pg-1-0001', 'seller');
	COMMIT});
ok( !exists_row('dbaas_databases', "$pg AND name = 'shop'"),
	'a database is deleted after the pool that used it');
ok(exists_row('dbaas_users', "$pg AND username = 'seller'"), 'a user is made after its DELETE');
is( $session->sql(
		q{INSERT INTO exo.dbaas_users (zone, service_name, username) }
		  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'shown') RETURNING type}),
	'normal',
	'RETURNING finds the row');

# How often the list is read
my @sent = $session->requests(
	q{INSERT INTO exo.dbaas_users (zone, service_name, username) }
	  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'paused')});
my @polls = grep { $_->{path} eq '/dbaas-postgres/pg-1-0001' } @sent;
my @pauses = map { $polls[$_]{started_ms} - $polls[ $_ - 1 ]{ended_ms} } 1 .. $#polls;
cmp_ok(scalar(@polls), '>=', 3, 'it is read until it shows the row');
is(scalar(grep { $pauses[$_] < 100 * 1.25**$_ } 0 .. $#pauses),
	0, 'the pauses grow: ' . join(', ', map { int } @pauses));

# wait none
$session->sql(q{ALTER SERVER exoscale OPTIONS (ADD wait 'none')});
$sim->config(settle => 3600_000);
@sent = $session->requests(
	q{INSERT INTO exo.dbaas_users (zone, service_name, username) }
	  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'hasty')});
is(reads(@sent), '', 'wait none: no list is read');
$session->sql(q{ALTER SERVER exoscale OPTIONS (DROP wait)});
$sim->config(settle => 0);

# What it costs
my $one = '1 ch-gva-2 /dbaas-postgres/pg-1-0001';
@sent = $session->requests(
	q{INSERT INTO exo.dbaas_users (zone, service_name, username) }
	  . q{SELECT 'ch-gva-2', 'pg-1-0001', 'many_' || i FROM generate_series(1, 100) i});
is(scalar(grep { $_->{method} eq 'POST' } @sent), 100, 'a hundred users');
is(reads(@sent), $one, 'cost one read');
@sent = $session->requests("DELETE FROM exo.dbaas_users WHERE $pg AND username LIKE 'many%'");
is(scalar(grep { $_->{method} eq 'DELETE' } @sent), 100, 'their DELETE');
is(reads(@sent), $one, 'costs one, too');
@sent = $session->requests(
	q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
	  . q{SELECT zone, s, 'db' || i FROM generate_series(1, 5) i, (VALUES }
	  . q{('ch-gva-2', 'pg-1-0001'), ('ch-gva-2', 'mysql-1-0002'), ('de-fra-1', 'pg-2-0001')) }
	  . q{v (zone, s)});
is( reads(@sent),
	"1 ch-gva-2 /dbaas-mysql/mysql-1-0002, $one, 1 de-fra-1 /dbaas-postgres/pg-2-0001",
	'one read of each list');
@sent = $session->requests(
	q{WITH u AS (INSERT INTO exo.dbaas_users (zone, service_name, username)
		VALUES ('ch-gva-2', 'pg-1-0001', 'both') RETURNING 1)
	INSERT INTO exo.dbaas_databases (zone, service_name, name)
		VALUES ('ch-gva-2', 'pg-1-0001', 'both')});
like(reads(@sent), qr{^\d ch-gva-2 /dbaas-postgres/pg-1-0001$}, 'of two tables in one statement');
@sent = $session->requests(
	qq{WITH u AS (DELETE FROM exo.dbaas_users WHERE $pg AND username = 'both')
	DELETE FROM exo.dbaas_databases WHERE $pg AND name = 'both'});
is(reads(@sent), $one, 'one read shows both');
@sent = $session->requests(q{DELETE FROM exo.dbaas_services WHERE name LIKE 'grafana%'});
is( reads(@sent),
	join(', ', map { "1 $_ /dbaas-service" } sort qw(ch-gva-2 de-fra-1 at-vie-1)),
	'services: the list of each zone');

# No more than max_concurrency at once
$session->sql(q{ALTER SERVER exoscale OPTIONS (ADD max_concurrency '2')});
$sim->config(latency => 100);
@sent = $session->requests(
	q{INSERT INTO exo.dbaas_users (zone, service_name, username) SELECT 'ch-gva-2', s, 'x' }
	  . q{FROM unnest('{pg-1-0001,mysql-1-0002,kafka-1-0003,opensearch-1-0004}'::text[]) s});
my @lists = grep { $_->{method} eq 'GET' && $_->{path} =~ m{^/dbaas-\w+/} } @sent;
is(scalar(@lists), 4, 'four lists');
is((sort { $b <=> $a } map { $_->{in_flight} } @lists)[0], 2, 'two at a time');
$session->sql(q{ALTER SERVER exoscale OPTIONS (DROP max_concurrency)});
$sim->config(latency => 0);

# What needs no list
@sent = $session->requests(
	qq{UPDATE exo.dbaas_connection_pools SET size = size + 1 WHERE $pg AND name = 'pool_1'});
is(reads(@sent), '', 'an UPDATE');
@sent = $session->requests(
	q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
	  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'postgres://h/d')});
is(reads(@sent), '', 'a task, which no list has');
$session->sql(
	q{CREATE FOREIGN TABLE nameless (zone text, service_name text, id uuid OPTIONS (field 'uuid'))
	SERVER exoscale OPTIONS (resource 'users')});
$session->sql(
	q{INSERT INTO exo.dbaas_users (zone, service_name, username) }
	  . q{VALUES ('ch-gva-2', 'clickhouse-1-0008', 'x')});
@sent = $session->requests(
	q{DELETE FROM nameless WHERE zone = 'ch-gva-2' AND service_name = 'clickhouse-1-0008' }
	  . q{AND id IN (SELECT uuid FROM exo.dbaas_users WHERE username = 'x' AND zone = 'ch-gva-2' }
	  . q{AND service_name = 'clickhouse-1-0008')});
is(scalar(grep { $_->{method} eq 'DELETE' } @sent), 1, 'a DELETE of a row');
is(reads(@sent), '', 'whose name the table does not show');

# The limits of reads
@sent = $session->requests(
	q{SET dbaas_fdw.request_limit = 1; INSERT INTO exo.dbaas_users (zone, service_name, }
	  . q{username) VALUES ('ch-gva-2', 'pg-1-0001', 'limited')});
is(reads(@sent), $one, 'dbaas_fdw.request_limit does not count it');
$session->sql('RESET dbaas_fdw.request_limit');

# An answer that is kept does not do
$session->sql(q{SET dbaas_fdw.cache_ttl = '1h'});
$session->sql("SELECT username FROM exo.dbaas_users WHERE $pg");
$sim->config(settle => 700);
@sent = $session->requests(
	q{BEGIN; INSERT INTO exo.dbaas_users (zone, service_name, username) }
	  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'fresh'); }
	  . "SELECT username FROM exo.dbaas_users WHERE $pg; COMMIT");
like(reads(@sent), qr{^[2-9] ch-gva-2 /dbaas-postgres/pg-1-0001$}, 'the API is asked');
is($session->sql("SELECT count(*) FROM exo.dbaas_users WHERE $pg AND username = 'fresh'"),
	1, 'and nothing older is kept');
$session->sql('RESET dbaas_fdw.cache_ttl');

# running
$session->sql(q{ALTER SERVER exoscale OPTIONS (ADD wait 'running')});
$sim->config(settle => 0, running_time => 0);
@sent = $session->requests(
	q{INSERT INTO exo.dbaas_services (zone, name, type, plan) }
	  . q{VALUES ('ch-gva-2', 'runs', 'valkey', 'startup-4')});
is(reads(@sent), '1 ch-gva-2 /dbaas-service', 'running: the list of services is read once');
@sent = $session->requests(
	q{INSERT INTO exo.dbaas_integrations (zone, type, source, dest) VALUES }
	  . q{('ch-gva-2', 'metrics', 'pg-1-0001', 'thanos-1-0007')});
is(reads(@sent), '1 ch-gva-2 /dbaas-service', 'for an integration, too');
@sent = $session->requests(
	q{INSERT INTO exo.dbaas_users (zone, service_name, username) }
	  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'running')});
is(reads(@sent), "$one, 1 ch-gva-2 /dbaas-service", 'a user has another list');
$sim->config(settle => 1000);
$session->sql(q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'runs'});
ok(!exists_row('dbaas_services', q{zone = 'ch-gva-2' AND name = 'runs'}),
	'a service is gone when COMMIT returns');
$session->sql(
	q{INSERT INTO exo.dbaas_services (zone, name, type, plan) }
	  . q{VALUES ('ch-gva-2', 'runs', 'valkey', 'startup-4')});
is( $t->sql(q{SELECT state FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'runs'}),
	'running',
	'and a new one runs');

done_testing();
