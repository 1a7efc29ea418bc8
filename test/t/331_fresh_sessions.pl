# What statements cost in sessions that have just begun, under PostgreSQL's default
# settings: how many requests they send, how they join, whether JIT is on.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

# In all zones together: 600 services, and a hundred of them in the inventory
my $services = 200;
my $all = 3 * $services;
my $t = DbaasTest->new(zones => 3, services => $services, logs => 30);

$t->sql(
	q{
	CREATE TABLE inventory AS SELECT zone, name, type, n
		FROM (SELECT *, row_number() OVER (ORDER BY zone, name) AS n FROM exo.dbaas_services) s
		WHERE n % 6 = 5 AND name <> 'shared-name';
	CREATE TABLE never_analyzed WITH (autovacuum_enabled = off) AS SELECT * FROM inventory;
	CREATE TABLE repeated AS SELECT i.* FROM inventory i, generate_series(1, 3);
	CREATE TABLE gone AS SELECT name FROM inventory
		UNION ALL SELECT 'gone-' || n FROM generate_series(1, 200) AS n;
	CREATE TABLE fleet (LIKE inventory) PARTITION BY LIST (zone);
	CREATE TABLE fleet_1 PARTITION OF fleet FOR VALUES IN ('ch-gva-2');
	CREATE TABLE fleet_2 PARTITION OF fleet DEFAULT;
	INSERT INTO fleet SELECT * FROM inventory;
	ANALYZE inventory; ANALYZE repeated; ANALYZE gone; ANALYZE fleet}
);

# All nodes of the plan that a session which has just begun chooses
sub nodes_of
{
	my ($plan) = @_;
	return ($plan, map { nodes_of($_) } @{ $plan->{Plans} // [] });
}

sub planned
{
	my ($sql, $settings) = @_;
	my $json = $t->sql(($settings // '') . "; EXPLAIN (FORMAT JSON, VERBOSE) $sql");
	return JSON::PP::decode_json($json)->[0];
}

# The requests that the scans of a plan expect together
sub expected
{
	my $sum = 0;
	$sum += $_->{'Expected Requests'} // 0 foreach nodes_of(planned(@_)->{Plan});
	return $sum;
}

sub types { return map { $_->{'Node Type'} } nodes_of(planned(@_)->{Plan}) }

# The requests of a session which has just begun; that for the zones is always there
sub sent
{
	my ($sql) = @_;
	return scalar grep { $_->{path} ne '/zone' } $t->requests($sql);
}

# ---------------------------------------------------------------------------
# A few rows of another table decide what is asked
# ---------------------------------------------------------------------------

my $on = 'f.zone = i.zone AND f.service_name = i.name';

# Requests that are sent at least and at most
my @decisions = (
	[ 'metrics', "inventory i JOIN exo.dbaas_metrics f ON $on", 100 ],
	[ 'logs', "inventory i JOIN exo.dbaas_logs f ON $on AND f.log_limit = 10", 100 ],
	[ 'details', "inventory i JOIN exo.dbaas_service_details f ON $on", 100, 103 ],
	[ 'without zones', 'inventory i JOIN exo.dbaas_metrics f ON f.service_name = i.name', 103 ],
	[
		'of a table that is not analyzed',
		"never_analyzed i JOIN exo.dbaas_metrics f ON $on", 100
	],
	[ 'of an outer join', "inventory i LEFT JOIN exo.dbaas_metrics f ON $on", 100 ],
	[
		'of IN',
		'exo.dbaas_metrics f WHERE f.service_name IN (SELECT name FROM inventory)', 103
	],
	[ 'of EXISTS', "exo.dbaas_metrics f WHERE EXISTS (SELECT FROM inventory i WHERE $on)", 100 ],
	[
		'of LATERAL',
		'inventory i CROSS JOIN LATERAL '
		  . "(SELECT f.time FROM exo.dbaas_logs f WHERE $on LIMIT 2) l",
		100
	],
	[
		'of a join with the services',
		'inventory i JOIN exo.dbaas_services s ON s.zone = i.zone AND s.name = i.name '
		  . 'JOIN exo.dbaas_metrics f ON f.zone = s.zone AND f.service_name = s.name',
		100, 103
	],
	[ 'of partitions', "fleet i JOIN exo.dbaas_metrics f ON $on", 100 ],
	# Lookahead may ask for eight more
	[ 'each only once', "repeated i JOIN exo.dbaas_metrics f ON $on", 100, 108 ],
	[
		'but not of services that are gone',
		'gone i JOIN exo.dbaas_metrics f ON f.service_name = i.name', 103
	],
	[
		'of services of a type',
		"exo.dbaas_services i JOIN exo.dbaas_metrics f ON $on WHERE i.type = 'pg'",
		$all / 8, $all / 8 + 3
	],
	[
		'of details of a type',
		"exo.dbaas_service_details i JOIN exo.dbaas_metrics f USING (zone, service_name) "
		  . q{WHERE i.type = 'pg'},
		$all / 4, $all / 4 + 3
	],
	[ 'of all services', "exo.dbaas_services i JOIN exo.dbaas_metrics f ON $on", $all + 3 ],
	[ 'of everything', 'exo.dbaas_metrics f', $all + 3 ],
);

sub check_decisions
{
	my ($state) = @_;
	foreach my $decision (@decisions)
	{
		my ($name, $from, $least, $most) = @$decision;
		my $sent = sent("SELECT count(*) FROM $from");
		$most //= $least;
		ok($sent >= $least && $sent <= $most, "$state: $name: $sent requests")
		  or diag("instead of $least to $most");
	}
	return;
}

check_decisions('nobody has counted the services');
my $session = $t->session;
$session->sql('SELECT count(*) FROM exo.dbaas_services');
my @warm = map { scalar $session->requests("SELECT count(*) FROM $_->[1]") } @decisions[ 0 .. 2 ];
ok($warm[0] == 100 && $warm[1] == 100 && $warm[2] <= 103, "in a session that knows them: @warm");

# A LIMIT needs a part of them
cmp_ok(sent("SELECT * FROM inventory i JOIN exo.dbaas_metrics f ON $on LIMIT 5"),
	'<', 20, 'LIMIT: less than the inventory');

# The plans of prepared statements are made before the values are known
my $generic = 'SET plan_cache_mode = force_generic_plan; ';
is( sent(
		$generic
		  . "PREPARE p(int) AS SELECT count(*) FROM inventory i JOIN exo.dbaas_metrics f ON $on "
		  . 'WHERE i.n = $1; EXECUTE p(5); EXECUTE p(11)'),
	2,
	'a prepared statement asks for one service');

$t->sql('ANALYZE exo.dbaas_metrics; ANALYZE exo.dbaas_logs; ANALYZE exo.dbaas_service_details');
check_decisions('the tables are analyzed');
my $expected = expected('SELECT * FROM exo.dbaas_metrics');
ok(abs($expected - $all) < $all / 20, "which says how many services there are: $expected");
$t->sql('DELETE FROM pg_statistic; UPDATE pg_class SET reltuples = -1 '
	  . q{WHERE relnamespace = 'exo'::regnamespace; ANALYZE inventory; ANALYZE repeated;}
	  . 'ANALYZE gone; ANALYZE fleet; ANALYZE exo.dbaas_services');
check_decisions('the services are analyzed');
cmp_ok(sent(q{SELECT count(*) FROM exo.dbaas_integrations i JOIN exo.dbaas_service_details f
		ON f.zone = i.zone AND f.service_name = i.source}),
	'<', $all / 2, 'and details are requested of services with integrations alone');
is(expected('SELECT * FROM exo.dbaas_metrics'),
	$all + 3, 'and so their number is known to other tables');
$t->sql(q{DELETE FROM pg_statistic WHERE starelid = 'exo.dbaas_services'::regclass;
	UPDATE pg_class SET reltuples = -1 WHERE relnamespace = 'exo'::regnamespace});

# ---------------------------------------------------------------------------
# Waiting does not hide what the executor does
# ---------------------------------------------------------------------------

my %dear = (
	'integrations of services that are gone' =>
	  'SELECT count(*) FROM exo.dbaas_integrations i WHERE NOT EXISTS '
	  . '(SELECT FROM exo.dbaas_services s WHERE s.zone = i.zone AND s.name = i.source)',
	'integrations with the services of both ends' =>
	  'SELECT count(*) FROM exo.dbaas_integrations i '
	  . 'JOIN exo.dbaas_services a ON a.zone = i.zone AND a.name = i.source '
	  . 'JOIN exo.dbaas_services b ON b.zone = i.zone AND b.name = i.dest',
	'services with details' =>
	  "SELECT count(*) FROM exo.dbaas_services i JOIN exo.dbaas_service_details f ON $on",
	'metrics with themselves' => 'SELECT count(*) FROM exo.dbaas_metrics a '
	  . 'JOIN exo.dbaas_metrics b USING (service_name, zone, metric, node, time)',
	'services with metrics and details' =>
	  "SELECT count(*) FROM exo.dbaas_metrics m JOIN exo.dbaas_service_details f "
	  . 'USING (zone, service_name)',
);
foreach my $name (sort keys %dear)
{
	foreach my $cost (qw(default 1000 1000000))
	{
		$t->sql("ALTER SERVER exoscale OPTIONS (fdw_startup_cost '$cost')") if $cost ne 'default';
		my @types = types($dear{$name});
		ok(!(grep { $_ eq 'Nested Loop' } @types),
			"$name, fdw_startup_cost $cost: no nested loop")
		  or diag("@types");
		$t->sql('ALTER SERVER exoscale OPTIONS (DROP fdw_startup_cost)') if $cost ne 'default';
	}
}

# ---------------------------------------------------------------------------
# Waiting does not turn JIT on, nor parallel plans
# ---------------------------------------------------------------------------

sub jit { my ($sql, $settings) = @_; return $t->sql("$settings; EXPLAIN (ANALYZE) $sql") =~ /JIT:/ }

my $task = DbaasSim::uuid('1/ch-gva-2/services/1/tasks/1');
my %waits = (
	'a scan' => 'SELECT zone FROM exo.dbaas_services WHERE type = \'pg\'',
	'an aggregate' => 'SELECT zone, count(*) FROM exo.dbaas_services GROUP BY 1',
	'a join' => "SELECT count(*) FROM inventory i JOIN exo.dbaas_service_details f ON $on",
	'a hash join' => 'SELECT count(*) FROM inventory i JOIN exo.dbaas_services s USING (name)',
	'a subquery for each row' => 'SELECT i.name, (SELECT count(*) FROM exo.dbaas_service_details f '
	  . "WHERE $on) FROM inventory i",
	'a subquery once' => 'SELECT name FROM inventory '
	  . 'WHERE n > (SELECT count(*) FROM exo.dbaas_services)',
	'a hashed subquery' => 'SELECT name FROM inventory '
	  . 'WHERE name NOT IN (SELECT name FROM exo.dbaas_services)',
	'a CTE' => 'WITH s AS MATERIALIZED (SELECT * FROM exo.dbaas_services) '
	  . 'SELECT a.name FROM s a JOIN s b USING (name)',
	'UNION ALL' => 'SELECT name FROM exo.dbaas_services WHERE type = \'pg\' UNION ALL '
	  . 'SELECT name FROM exo.dbaas_services WHERE type = \'kafka\' ORDER BY 1',
	LIMIT => 'SELECT name FROM exo.dbaas_services WHERE type = \'pg\' ORDER BY name LIMIT 3',
	'a window' => 'SELECT name, row_number() OVER (ORDER BY name) FROM exo.dbaas_services',
);
my $available = $t->sql('SELECT pg_jit_available()') eq 't';
SKIP:
{
	skip 'a PostgreSQL without JIT' unless $available;
	$t->sql(q{ALTER SERVER exoscale OPTIONS (fdw_startup_cost '1000000')});
	ok(!jit($waits{$_}, ''), "$_: no JIT") foreach sort keys %waits;
	$t->sql('ALTER SERVER exoscale OPTIONS (DROP fdw_startup_cost)');
	ok( !jit(
			'SELECT t.task_type FROM inventory i JOIN exo.dbaas_tasks t '
			  . "ON t.service_name = i.name AND t.zone = i.zone AND t.id = '$task'",
			'SET enable_nestloop = off'),
		'a scan that lacks a key: no JIT');
	ok(!jit('SELECT count(*) FROM exo.dbaas_service_details', ''), 'all services: no JIT');

	# Work does
	my $work = 'SELECT sum(n + 1) FROM generate_series(1, 20) AS n, exo.dbaas_services';
	ok(!jit($work, ''), 'little work: no JIT');
	ok(jit($work, 'SET jit_above_cost = 10'), 'much work: JIT');
	ok(jit('SELECT sum(n + 1) FROM inventory', 'SET jit_above_cost = 1'), 'other tables: JIT');
	like($t->sql("SET jit_above_cost = 10; SET jit_inline_above_cost = 1000000; "
			  . "SET jit_optimize_above_cost = 20; EXPLAIN (ANALYZE) $work"),
		qr/Inlining false, Optimization true/, 'by the thresholds of each part of it');
	$t->sql(q{ALTER SERVER exoscale OPTIONS (fdw_startup_cost '1000000')});
	like($t->sql("SET jit_above_cost = 10; EXPLAIN (ANALYZE) $work"),
		qr/Inlining false, Optimization false/, 'which waiting does not reach');
	$t->sql('ALTER SERVER exoscale OPTIONS (DROP fdw_startup_cost)');
}
$t->sql(q{CREATE TABLE big AS SELECT 'svc-' || n AS name, n FROM generate_series(1, 20000) AS n;
	ANALYZE big;
	ALTER SERVER exoscale OPTIONS (fdw_startup_cost '1000000')});
my @types = types('SELECT count(*) FROM big b JOIN exo.dbaas_services s USING (name)',
	'SET min_parallel_table_scan_size = 0');
ok(!(grep { /Gather/ } @types), 'no parallel plan') or diag("@types");
$t->sql('ALTER SERVER exoscale OPTIONS (DROP fdw_startup_cost)');

# ---------------------------------------------------------------------------
# Requests that scans share are expected once
# ---------------------------------------------------------------------------

$t->sql('ANALYZE exo.dbaas_services');
my $name = $t->sql(q{SELECT name FROM inventory WHERE type = 'pg' LIMIT 1});
my @shared = (
	'exo.dbaas_services a JOIN exo.dbaas_services b USING (name)',
	"exo.dbaas_services a, exo.dbaas_services b WHERE b.zone = 'ch-gva-2'",
	"exo.dbaas_services a, exo.dbaas_services b WHERE a.zone = 'ch-gva-2'",
	'exo.dbaas_services a, exo.dbaas_services b '
	  . "WHERE a.zone = 'ch-gva-2' AND b.zone = 'de-fra-1'",
	'exo.dbaas_services a JOIN exo.dbaas_integrations b ON a.name = b.source',
	'exo.dbaas_services s JOIN exo.dbaas_service_details d ON d.service_name = s.name '
	  . 'AND d.zone = s.zone',
	'exo.dbaas_users a JOIN exo.dbaas_databases b USING (service_name) '
	  . "WHERE service_name = '$name'",
	"exo.dbaas_metrics a WHERE service_name = '$name' AND EXISTS "
	  . "(SELECT FROM exo.dbaas_service_details d WHERE d.service_name = '$name')",
);
foreach my $from (@shared)
{
	my $sent = sent("SELECT count(*) FROM $from");
	is(expected("SELECT count(*) FROM $from"), $sent, "expected as sent: $from");
}

done_testing();
