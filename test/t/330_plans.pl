# Which plan is chosen for small and large inventories, from what the planner
# knows: typical numbers, what the session has seen, what ANALYZE counted.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(zones => 3, services => 20, logs => 1200);
my $session = $t->session;

$session->sql(
	q{
	SET jit = off; SET client_min_messages = warning;
	CREATE TABLE ten AS SELECT 'ch-gva-2' AS zone, name
		FROM unnest('{pg-1-0001,mysql-1-0002,kafka-1-0003,opensearch-1-0004,valkey-1-0005,
		grafana-1-0006,thanos-1-0007,clickhouse-1-0008,pg-1-0009,mysql-1-0010}'::text[]) AS name;
	CREATE TABLE many AS SELECT (ARRAY['ch-gva-2', 'de-fra-1', 'at-vie-1'])[1 + n % 3] AS zone,
		format('svc-%s', n) AS name, n FROM generate_series(1, 10000) AS n;
	INSERT INTO many SELECT zone, name, 0 FROM ten;
	ANALYZE ten; ANALYZE many});

# The plan, as what JSON says
sub plan_of
{
	my ($sql, $in) = @_;
	my $json = ($in // $session)->sql("EXPLAIN (FORMAT JSON, VERBOSE) $sql");
	return JSON::PP::decode_json($json)->[0]{Plan};
}

# All nodes of a plan
sub nodes
{
	my ($plan) = @_;
	return ($plan, map { nodes($_) } @{ $plan->{Plans} // [] });
}

sub types
{
	return map { $_->{'Node Type'} } nodes(@_);
}

sub scans
{
	my ($plan, $table) = @_;
	return grep { ($_->{'Relation Name'} // '') eq $table } nodes($plan);
}

sub has
{
	my ($plan, $type) = @_;
	return scalar grep { $_ eq $type } types($plan);
}

my $join = 'SELECT %s FROM %s i JOIN exo.dbaas_%s f ON f.zone = i.zone AND f.%s = i.name';
my $logs_of_ten = sprintf $join, 'i.name, count(*)', 'ten', 'logs', 'service_name';
$logs_of_ten .= ' GROUP BY 1 ORDER BY 1';

sub check_plans
{
	my ($state) = @_;
	$t->sim->clear;

	# Ten services: only their logs
	my $plan = plan_of($logs_of_ten);
	my ($scan) = scans($plan, 'dbaas_logs');
	ok(has($plan, 'Nested Loop') && !has($plan, 'Hash Join'),
		"$state: ten services: a nested loop");
	is_deeply([ sort map { s/ = .*//r } @{ $scan->{Keys} } ],
		['service_name'], 'whose scan takes the name');
	is(scalar @{ ref $scan->{Zones} ? $scan->{Zones} : [] }, 1, 'and the zone');

	$plan = plan_of(sprintf $join, 'f.*', 'ten', 'migrations', 'service_name');
	ok( has($plan, 'Nested Loop') && !has($plan, 'Hash Join'),
		"$state: ten services: their migrations in a nested loop");

	# Ten thousand: one list, and a hash
	$plan = plan_of(sprintf $join, '*', 'many', 'services', 'name');
	ok(has($plan, 'Hash Join') && !has($plan, 'Nested Loop'),
		"$state: ten thousand names: a hash join with the list of services")
	  or diag(join ' ', types($plan));
	($scan) = scans($plan, 'dbaas_services');
	is($scan->{Zones}, 'all', 'which is read once');
	is($scan->{'Expected Requests'}, 3, 'in each zone');

	foreach my $table (qw(logs migrations external_integrations))
	{
		$plan = plan_of(sprintf $join, '*', 'many', $table, 'service_name');
		ok( has($plan, 'Hash Join') && !has($plan, 'Nested Loop'),
			"$state: ten thousand names: a hash join with all $table"
		) or diag(join ' ', types($plan));
		($scan) = scans($plan, "dbaas_$table");
		is($scan->{'For Each Of'}, 'GET /dbaas-service', 'by fan-out');
		ok(!exists $scan->{Keys}, 'without a key');
	}
	is(scalar(() = $t->sim->requests), 0, "$state: planning sends nothing");
	return;
}

$session = $t->session;
$session->sql('SET jit = off');
check_plans('typical numbers');
is( $session->sql($logs_of_ten),
	join(
		"\n",
		map { "$_|1200" }
		  sort qw(pg-1-0001 mysql-1-0002 kafka-1-0003 opensearch-1-0004 valkey-1-0005
		  grafana-1-0006 thanos-1-0007 clickhouse-1-0008 pg-1-0009 mysql-1-0010)),
	'the logs of ten services');
my %asked = map { $_->{path} => 1 } $session->requests($logs_of_ten);
is(scalar(grep { m{/dbaas-service-logs/} } keys %asked), 10, 'ask those ten');
is(scalar(grep { $_ eq '/dbaas-service' } keys %asked), 0, 'and no list');

$session->sql(
	'SELECT count(*) FROM exo.dbaas_services; SELECT count(*) FROM exo.dbaas_logs;
	SELECT count(*) FROM exo.dbaas_migrations;
	SELECT count(*) FROM exo.dbaas_external_integrations');
check_plans('as the session has seen');
my $found = sprintf $join, 'count(*)', 'many', 'services', 'name';
is_deeply(
	[ $session->lines($found) ],
	[ map { "GET $_ /dbaas-service" } qw(at-vie-1 ch-gva-2 de-fra-1) ],
	'ten thousand names: one request in each zone');
is($session->sql($found), 10, 'finds those that are there');
is_deeply(
	[
		grep { !m{/dbaas-service$|/dbaas-migration-status/(?!svc)} }
		  $session->lines(sprintf $join, 'count(*)', 'many', 'migrations', 'service_name')
	],
	[],
	'ten thousand migrations: only services that are there');

# ---------------------------------------------------------------------------
# Numbers of rows
# ---------------------------------------------------------------------------

sub rows { my ($sql, $table) = @_; return (scans(plan_of($sql), $table))[0]{'Plan Rows'} }

sub requests
{
	my ($sql, $table) = @_;
	return (scans(plan_of($sql), $table))[0]{'Expected Requests'};
}

is(rows('SELECT * FROM exo.dbaas_services', 'dbaas_services'),
	60, 'rows as they were seen: services');
my $rows = rows('SELECT * FROM exo.dbaas_logs', 'dbaas_logs');
ok($rows >= 60_000 && $rows <= 72_000, "about 57 * 1200 entries of logs: $rows");
$rows = rows(q{SELECT * FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'},
	'dbaas_logs');
ok($rows > 300 && $rows < 5000, "a service's logs are about 1200 rows, as seen: $rows");
$rows =
  rows(q{SELECT * FROM exo.dbaas_migrations WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'},
	'dbaas_migrations');
is($rows, 1, 'a service has one migration');

# Requests that a plan expects are those that it sends
sub expected_is_sent
{
	my ($sql, $table, $name) = @_;
	my $expected = requests($sql, $table);
	my $sent = () = $session->requests($sql);
	is($expected, $sent, 'expected requests are those sent: ' . ($name // $sql));
	return;
}

expected_is_sent('SELECT * FROM exo.dbaas_services', 'dbaas_services');
expected_is_sent(q{SELECT * FROM exo.dbaas_services WHERE zone = 'ch-gva-2'}, 'dbaas_services');
expected_is_sent(q{SELECT * FROM exo.dbaas_services WHERE zone IN ('ch-gva-2', 'de-fra-1')},
	'dbaas_services');
expected_is_sent(q{SELECT * FROM exo.dbaas_service_types WHERE name = 'pg'}, 'dbaas_service_types');
expected_is_sent(
	q{SELECT * FROM exo.dbaas_service_types WHERE name IN ('pg', 'kafka') AND zone = 'ch-gva-2'},
	'dbaas_service_types');
expected_is_sent(
	q{SELECT * FROM exo.dbaas_migrations WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'},
	'dbaas_migrations');
expected_is_sent(
	q{SELECT * FROM exo.dbaas_migrations WHERE service_name = 'pg-1-0001'},
	'dbaas_migrations',
	'a service whose zone the lists tell');
expected_is_sent(q{SELECT * FROM exo.dbaas_migrations WHERE zone = 'ch-gva-2'}, 'dbaas_migrations');
expected_is_sent('SELECT * FROM exo.dbaas_migrations', 'dbaas_migrations');
expected_is_sent(
	q{SELECT * FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' LIMIT 10},
	'dbaas_logs');
expected_is_sent(q{SELECT * FROM exo.dbaas_zones}, 'dbaas_zones');

# The cost is not that of this moment's answers
my $cheap = plan_of('SELECT * FROM exo.dbaas_services')->{'Total Cost'};
$t->sim->config(latency => 1000);
$session->sql('SELECT count(*) FROM exo.dbaas_services') for 1 .. 3;
my $slow = plan_of('SELECT * FROM exo.dbaas_services')->{'Total Cost'};
is($slow, $cheap, 'slow answers do not change it');
$t->sim->config(latency => 0);
my $other = $t->session;
my $start = plan_of('SELECT * FROM exo.dbaas_services', $other)->{'Total Cost'};
cmp_ok($start, '>', 100, "a new session starts with a sane cost: $start");
$t->sql(q{ALTER SERVER exoscale OPTIONS (fdw_startup_cost '5', fdw_tuple_cost '1')});
my $set = plan_of('SELECT * FROM exo.dbaas_services', $t->session)->{'Total Cost'};
cmp_ok($set, '<', $start, "the server's costs count: $set");
$t->sql(q{ALTER SERVER exoscale OPTIONS (SET fdw_startup_cost '1000')});
my $dear = plan_of('SELECT * FROM exo.dbaas_services', $t->session)->{'Total Cost'};
cmp_ok($dear, '>', $start, "and can be higher: $dear");
$t->sql(q{ALTER SERVER exoscale OPTIONS (DROP fdw_startup_cost, DROP fdw_tuple_cost)});

# ---------------------------------------------------------------------------
# ANALYZE
# ---------------------------------------------------------------------------

$session = $t->session;
$session->sql('SET jit = off; ANALYZE exo.dbaas_services; ANALYZE exo.dbaas_plans; ANALYZE '
	  . 'exo.dbaas_migrations');
is($session->sql(q{SELECT reltuples FROM pg_class WHERE oid = 'exo.dbaas_services'::regclass}),
	60, 'ANALYZE counts the services');
is( $session->sql(q{SELECT reltuples FROM pg_class WHERE oid = 'exo.dbaas_plans'::regclass}),
	3 * 8 * 6,
	'and the plans');
is( $session->sql(q{SELECT reltuples FROM pg_class WHERE oid = 'exo.dbaas_migrations'::regclass}),
	$session->sql('SELECT count(*) FROM exo.dbaas_migrations'),
	'and the migrations');
is( $session->sql(
			q{SELECT CASE WHEN n_distinct < 0 }
		  . q{THEN round((-60 * n_distinct)::numeric) ELSE n_distinct::numeric END }
		  . q{FROM pg_stats WHERE schemaname = 'exo' AND tablename = 'dbaas_services' }
		  . q{AND attname = 'type'}),
	8,
	'with statistics of columns');
$session = $t->session;
is(rows('SELECT * FROM exo.dbaas_services', 'dbaas_services'), 60, 'a new session plans with that');
is(rows(q{SELECT * FROM exo.dbaas_services WHERE type = 'pg'}, 'dbaas_services'),
	9, 'and with the statistics');
is(rows('SELECT * FROM exo.dbaas_plans', 'dbaas_plans'), 144, 'of each table');
$session->sql(q{UPDATE pg_class SET reltuples = 123456 WHERE oid = 'exo.dbaas_services'::regclass});
is(rows('SELECT * FROM exo.dbaas_services', 'dbaas_services'), 123456, 'reltuples is what counts');
$session->sql('ANALYZE exo.dbaas_services');
$session->sql('ANALYZE exo.dbaas_logs');
cmp_ok($session->sql(q{SELECT reltuples FROM pg_class WHERE oid = 'exo.dbaas_logs'::regclass}),
	'>', 20000, 'logs are analyzed, too');
check_plans('after ANALYZE');
my (undef, undef, $warning) = $t->sql_both('ANALYZE exo.dbaas_operations');
like(
	$warning,
	qr/WARNING:.*skipping "dbaas_operations"/,
	'a table that needs its key is skipped with a warning');
my @sent = $session->lines('ANALYZE exo.dbaas_service_types (name)');
is(scalar @sent, 3, 'ANALYZE of one column reads the list');

# A partition is what its bound lets in: that much is asked, and counted
$session->sql(
	q{CREATE TABLE public.fleet (zone text, name text, type text, plan text)
		PARTITION BY LIST (zone);
	CREATE FOREIGN TABLE public.fleet_fra PARTITION OF public.fleet FOR VALUES IN ('de-fra-1')
		SERVER exoscale OPTIONS (resource 'services');
	CREATE TABLE public.fleet_rest PARTITION OF public.fleet DEFAULT PARTITION BY LIST (type);
	CREATE FOREIGN TABLE public.fleet_pg PARTITION OF public.fleet_rest
		FOR VALUES IN ('pg', 'kafka') SERVER exoscale OPTIONS (resource 'services')}
);
is_deeply(
	[ $session->lines('ANALYZE fleet_fra') ],
	['GET de-fra-1 /dbaas-service'],
	'ANALYZE of a partition by zone asks its zone alone');
is($session->sql(q{SELECT reltuples FROM pg_class WHERE relname = 'fleet_fra'}),
	20, 'and counts what is there');
is( $session->sql(
			q{SELECT most_common_vals::text FROM pg_stats WHERE tablename = 'fleet_fra' }
		  . q{AND attname = 'zone'}),
	'{de-fra-1}',
	'its statistics are of that zone');
is(rows('SELECT * FROM fleet_fra', 'fleet_fra'), 20, 'the plan counts on it');
$session->sql('ANALYZE fleet_pg');
is( $session->sql(q{SELECT reltuples FROM pg_class WHERE relname = 'fleet_pg'}),
	$session->sql('SELECT count(*) FROM fleet_pg'),
	'what a bound says that is no key is looked at here, of all levels');
is( $session->sql('SELECT count(*) FROM fleet_pg'),
	$session->sql(
			q{SELECT count(*) FROM exo.dbaas_services WHERE type IN ('pg', 'kafka') }
		  . q{AND zone <> 'de-fra-1'}),
	'as in a scan');
$session->sql(
	q{CREATE TABLE public.logs (zone text, service_name text, time timestamptz, message text)
		PARTITION BY LIST (service_name);
	CREATE FOREIGN TABLE public.logs_1 PARTITION OF public.logs FOR VALUES IN ('pg-1-0001')
		SERVER exoscale OPTIONS (resource 'logs');
	CREATE FOREIGN TABLE public.logs_2 PARTITION OF public.logs FOR VALUES IN (NULL) SERVER exoscale
		OPTIONS (resource 'logs')}
);
is_deeply(
	[ grep { /POST/ } $session->lines('ANALYZE logs_1') ],
	['POST ch-gva-2 /dbaas-service-logs/pg-1-0001'],
	'a partition by service reads its logs');
$session->sql(
	q{CREATE TABLE public.jobs (zone text, id uuid, state text) PARTITION BY LIST (id);
	CREATE FOREIGN TABLE public.job_1 PARTITION OF public.jobs
		FOR VALUES IN ('11111111-2222-4333-8444-555555555555') SERVER exoscale
		OPTIONS (resource 'operations')}
);
is_deeply(
	[ $session->lines('ANALYZE job_1') ],
	[ sort map { "GET $_ /operation/11111111-2222-4333-8444-555555555555" } $t->sim->zones ],
	'a required key may come from the bound');
$session->sql('DROP TABLE public.fleet, public.logs, public.jobs');

# A join in which the foreign table is on both sides of a wide choice: no plan
# without a required key
my $task = DbaasSim::uuid('1/ch-gva-2/services/1/tasks/1');
foreach my $guc ('RESET enable_nestloop', 'SET enable_nestloop = off')
{
	$session->sql($guc);
	is( $session->sql(
				qq{SELECT t.task_type FROM ten i JOIN exo.dbaas_tasks t }
			  . qq{ON t.service_name = i.name AND t.zone = i.zone AND t.id = '$task'}),
		'pg_migration_check',
		"$guc: a required key");
}
$session->sql('RESET enable_nestloop');

done_testing();
