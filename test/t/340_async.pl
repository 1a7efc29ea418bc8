# Scans under an Append overlap, and whatever happens to one, all rows come.
use strict;
use warnings;

use DbaasTest;
use List::Util qw(max);
use Test::More;
use Time::HiRes qw(time);

my $t = DbaasTest->new(zones => 3, services => 9, logs => 120);
my $session;
my @zones = $t->sim->zones;

# A server for each zone, as for organisations of their own
sub servers
{
	my (%options) = @_;
	my ($url, $key, $secret) = ($t->sim->endpoint_template, $t->sim->key, $t->sim->secret);
	my $more = join '', map { ", $_ '$options{$_}'" } sort keys %options;
	$t->sql(
		join '',
		'SET client_min_messages = warning;',
		map {
			qq{
		DROP SERVER IF EXISTS zone_$_ CASCADE; DROP SCHEMA IF EXISTS zone_$_ CASCADE;
		CREATE SERVER zone_$_ FOREIGN DATA WRAPPER dbaas_fdw
			OPTIONS (endpoint '$url', zones '$zones[$_]'$more);
		CREATE USER MAPPING FOR CURRENT_USER SERVER zone_$_
			OPTIONS (api_key '$key', api_secret '$secret');
		CREATE SCHEMA zone_$_; IMPORT FOREIGN SCHEMA dbaas FROM SERVER zone_$_ INTO zone_$_;
	}
		} 0 .. 2);
	$t->sql(
		q{DROP SCHEMA IF EXISTS parts CASCADE; CREATE SCHEMA parts} . join '',
		map {
			my $table = $_;
			"; CREATE TABLE parts.dbaas_$table (LIKE exo.dbaas_$table) PARTITION BY LIST (zone)"
			  . join '', map {
					"; ALTER TABLE parts.dbaas_$table ATTACH PARTITION zone_$_.dbaas_$table "
				  . "FOR VALUES IN ('$zones[$_]')"
			  } 0 .. 2
		} qw(services logs migrations));
	$session = $t->session;
	$session->sql('SET jit = off; SELECT count(*) FROM exo.dbaas_zones');
	return;
}

# Most requests in flight, how many there were, and the answer
sub run
{
	my ($sql) = @_;
	$t->sim->clear;
	my ($answer, $said) = $session->sql_both($sql);
	diag($said) if $said =~ /ERROR/;
	my @sent = $t->sim->requests;
	return (max(0, map { $_->{in_flight} } @sent), scalar @sent, $answer);
}

sub all_zones
{
	my ($what) = @_;
	return join ' UNION ALL ', map { my $i = $_; $what =~ s/%/zone_$i/gr } 0 .. 2;
}

$t->sql(
	q{CREATE SCHEMA copy} . join '',
	map { "; CREATE TABLE copy.dbaas_$_ AS SELECT * FROM exo.dbaas_$_" }
	  qw(services logs migrations external_integrations integrations plans));
servers();

# Rows are right, also where branches end at different times, and many times over
my %right = (
	'SELECT count(*), min(name), max(name) FROM ('
	  . all_zones('SELECT name FROM %.dbaas_services')
	  . ') x' => 'SELECT count(*), min(name), max(name) FROM copy.dbaas_services',
	'SELECT count(*), count(DISTINCT (service_name, message)) FROM ('
	  . all_zones('SELECT service_name, message FROM %.dbaas_logs')
	  . ') x' => 'SELECT count(*), count(DISTINCT (service_name, message)) FROM copy.dbaas_logs',
	'SELECT count(*) FROM (SELECT name FROM exo.dbaas_services UNION ALL '
	  . 'SELECT service_name FROM exo.dbaas_migrations UNION ALL SELECT service_name '
	  . 'FROM exo.dbaas_external_integrations) x' =>
	  'SELECT count(*) FROM (SELECT name FROM copy.dbaas_services UNION ALL '
	  . 'SELECT service_name FROM copy.dbaas_migrations UNION ALL SELECT service_name '
	  . 'FROM copy.dbaas_external_integrations) x',
	'SELECT count(*) FROM (SELECT service_name FROM exo.dbaas_logs '
	  . 'WHERE log_limit IN (7, 1) UNION ALL SELECT service_name '
	  . 'FROM exo.dbaas_external_integrations) x' =>
	  'SELECT 8 * 27 + count(*) FROM copy.dbaas_external_integrations',
	'SELECT service_name, count(*) FROM (SELECT service_name FROM exo.dbaas_logs '
	  . 'WHERE log_limit IN (7, 1) UNION ALL SELECT service_name '
	  . 'FROM exo.dbaas_external_integrations) x GROUP BY 1 ORDER BY 1' =>
	  'SELECT service_name, sum(n) FROM (SELECT DISTINCT service_name, 8 '
	  . 'FROM copy.dbaas_logs UNION ALL SELECT service_name, 1 '
	  . 'FROM copy.dbaas_external_integrations) x (service_name, n) GROUP BY 1 ORDER BY 1',
	q{SELECT zone, count(*) FROM (SELECT zone FROM exo.dbaas_logs }
	  . q{WHERE service_name <> 'opensearch-1-0004' AND log_limit IN (7, 1) UNION ALL }
	  . q{SELECT zone FROM exo.dbaas_external_integrations) x GROUP BY 1 ORDER BY 1} =>
	  q{SELECT zone, sum(n) FROM (SELECT DISTINCT zone, service_name, 8 }
	  . q{FROM copy.dbaas_logs WHERE service_name <> 'opensearch-1-0004' UNION ALL }
	  . q{SELECT zone, service_name, 1 }
	  . q{FROM copy.dbaas_external_integrations) x (zone, service_name, n) GROUP BY 1 }
	  . q{ORDER BY 1},
	'SELECT count(*) FROM (SELECT service_name FROM exo.dbaas_logs UNION ALL '
	  . 'SELECT service_name FROM exo.dbaas_logs UNION ALL SELECT name '
	  . 'FROM exo.dbaas_services) x' => 'SELECT 2 * count(*) + 27 FROM copy.dbaas_logs',
	'SELECT zone, name FROM exo.dbaas_services UNION SELECT zone, service_name '
	  . 'FROM exo.dbaas_migrations ORDER BY 1, 2' =>
	  'SELECT zone, name FROM copy.dbaas_services UNION SELECT zone, service_name '
	  . 'FROM copy.dbaas_migrations ORDER BY 1, 2',
	q{SELECT count(*) FROM (SELECT name FROM exo.dbaas_services WHERE zone = 'nowhere' }
	  . q{UNION ALL SELECT name FROM exo.dbaas_services WHERE name = 'no' UNION ALL }
	  . q{SELECT service_name FROM exo.dbaas_migrations WHERE service_name = NULL) x} => 'SELECT 0',
	'SELECT zone, count(*), max(message) FROM parts.dbaas_logs GROUP BY 1 ORDER BY 1' =>
	  'SELECT zone, count(*), max(message) FROM copy.dbaas_logs GROUP BY 1 ORDER BY 1',
	'SELECT s.zone, s.name, count(l.time) FROM parts.dbaas_services s LEFT '
	  . 'JOIN parts.dbaas_logs l ON l.zone = s.zone AND l.service_name = s.name '
	  . 'GROUP BY 1, 2 ORDER BY 1, 2' =>
	  'SELECT s.zone, s.name, count(l.time) FROM copy.dbaas_services s LEFT '
	  . 'JOIN copy.dbaas_logs l ON l.zone = s.zone AND l.service_name = s.name '
	  . 'GROUP BY 1, 2 ORDER BY 1, 2',
	'SELECT time, message FROM parts.dbaas_logs ORDER BY time DESC, message LIMIT 7' =>
	  'SELECT time, message FROM copy.dbaas_logs ORDER BY time DESC, message LIMIT 7',
	q{SELECT time, message FROM parts.dbaas_logs }
	  . q{WHERE service_name IN ('pg-1-0001', 'kafka-2-0003') ORDER BY time LIMIT 5} =>
	  q{SELECT time, message FROM copy.dbaas_logs }
	  . q{WHERE service_name IN ('pg-1-0001', 'kafka-2-0003') ORDER BY time LIMIT 5},
	q{SELECT g, (SELECT count(*) FROM (SELECT name FROM zone_0.dbaas_services }
	  . q{WHERE node_count = g UNION ALL SELECT service_name FROM zone_1.dbaas_migrations }
	  . q{WHERE g = 2) x) FROM generate_series(1, 4) AS g} =>
	  q{SELECT g, (SELECT count(*) FROM (SELECT name FROM copy.dbaas_services }
	  . q{WHERE zone = 'ch-gva-2' AND node_count = g UNION ALL SELECT service_name }
	  . q{FROM copy.dbaas_migrations WHERE zone = 'de-fra-1' AND g = 2) x) }
	  . q{FROM generate_series(1, 4) AS g},
	q{SELECT v.n, x.c FROM (VALUES ('pg-1-0001'), ('mysql-1-0002'), ('pg-2-0001'), }
	  . q{('pg-1-0001')) v(n), LATERAL (SELECT count(*) AS c FROM (SELECT time }
	  . q{FROM zone_0.dbaas_logs WHERE service_name = v.n UNION ALL SELECT time }
	  . q{FROM zone_1.dbaas_logs WHERE service_name = v.n) y) x} =>
	  q{SELECT v.n, x.c FROM (VALUES ('pg-1-0001'), ('mysql-1-0002'), ('pg-2-0001'), }
	  . q{('pg-1-0001')) v(n), LATERAL (SELECT count(*) AS c FROM copy.dbaas_logs }
	  . q{WHERE service_name = v.n) x});
foreach my $ms (0, 5)
{
	$t->sim->config(latency => $ms);
	foreach my $sql (sort keys %right)
	{
		my $expected = $session->sql($right{$sql});
		my $same = 0;
		foreach (1 .. 3)
		{
			my ($answer, $said) = $session->sql_both($sql);
			last if $answer ne $expected;
			$same++;
		}
		is($same, 3, "right, latency $ms ms, three times: $sql");
	}
}
$t->sim->config(latency => 0);

# They overlap: over tables, and over servers
my $partitions = 'SELECT count(*) FROM parts.dbaas_services';
my %overlap = (
	'tables of one server' => [
		'SELECT count(*) FROM ('
		  . join(' UNION ALL ',
			map { "SELECT zone FROM zone_0.dbaas_$_" }
			  qw(services service_types external_endpoints ca_certificates))
		  . ') x',
		4, 4
	],
	'servers' =>
	  [ 'SELECT count(*) FROM (' . all_zones('SELECT name FROM %.dbaas_services') . ') x', 3, 3 ],
	'partitions' => [ $partitions, 3, 3 ]);
$session->sql($_->[0]) foreach values %overlap;    # connects
foreach my $name (sort keys %overlap)
{
	my ($sql, $requests, $peak) = @{ $overlap{$name} };
	$t->sim->together($peak);
	my ($most, $sent) = run($sql);
	is($sent, $requests, "$name: $requests requests");
	is($most, $peak, 'all of them in flight');
	like($session->sql("EXPLAIN (COSTS OFF) $sql"), qr/Async Foreign Scan/, 'EXPLAIN says Async');
}
like(
	$session->sql('EXPLAIN (COSTS OFF) SELECT count(*) FROM parts.dbaas_logs'),
	qr/Async Foreign Scan on dbaas_logs/,
	'partitions are Async');
is( scalar(
		() = $session->sql(
			"EXPLAIN (COSTS OFF) SELECT * FROM parts.dbaas_services WHERE zone = 'ch-gva-2'") =~
		  /Foreign Scan/g),
	1,
	'partitions are pruned');
my ($most, $sent) = run("SELECT * FROM parts.dbaas_services WHERE zone = 'ch-gva-2'");
is($sent, 1, 'and not asked');
($most, $sent) = run("PREPARE z(text) AS SELECT * FROM parts.dbaas_services WHERE zone = \$1; "
	  . "SET plan_cache_mode = force_generic_plan; EXECUTE z('de-fra-1')");
is($sent, 1, 'also where the plan is generic');
$session->sql('RESET plan_cache_mode');

# Under LIMIT, what is not needed is left
$t->sim->config(latency => 20);
($most, $sent, my $answer) =
  run(  'SELECT count(*) FROM ('
	  . '(SELECT * FROM ('
	  . all_zones('SELECT service_name FROM %.dbaas_logs')
	  . ') y LIMIT 5)) x');
is($answer, 5, 'LIMIT over branches');
cmp_ok($sent, '<=', 3 + 3 * 9, 'reads no more than a first page of each');
is($session->sql('SELECT count(*) FROM (SELECT * FROM parts.dbaas_services LIMIT 0) x'),
	0, 'LIMIT 0');
is( $session->sql(
			q{BEGIN; DECLARE c CURSOR FOR SELECT count(*) OVER () }
		  . q{FROM parts.dbaas_services; FETCH 1 FROM c; CLOSE c; COMMIT}),
	27,
	'a cursor');
is( $session->sql(
			q{BEGIN; DECLARE c CURSOR FOR SELECT 1 FROM parts.dbaas_logs; FETCH 2 }
		  . q{FROM c; CLOSE c; SELECT count(*) FROM parts.dbaas_services; COMMIT}),
	"1\n1\n27",
	'a cursor that is left early');
is( $session->sql(
		q{BEGIN; DECLARE c CURSOR FOR SELECT name FROM parts.dbaas_services;
	DECLARE d CURSOR FOR SELECT name FROM parts.dbaas_services;
	MOVE 2 IN c; MOVE 2 IN d; MOVE ALL IN c; MOVE ALL IN d; SELECT 'done'; COMMIT}),
	'done',
	'two cursors at once');
is( $session->sql(
		'SELECT count(*) FROM parts.dbaas_services a JOIN parts.dbaas_services b ON a.name = b.name'
	),
	27,
	'two Appends in one plan');
is( $session->sql(
			q{SET enable_hashjoin = off; SET enable_mergejoin = off; }
		  . q{SET enable_material = off; SET enable_memoize = off; SELECT count(*) }
		  . q{FROM parts.dbaas_services a JOIN parts.dbaas_services b ON a.type = b.type}),
	$session->sql(
		'SELECT count(*) FROM copy.dbaas_services a JOIN copy.dbaas_services b ON a.type = b.type'),
	'an Append that is scanned again');
is( $session->sql(
			'SELECT count(*) FROM parts.dbaas_services a, LATERAL (SELECT 1 '
		  . 'FROM parts.dbaas_migrations m WHERE m.zone = a.zone '
		  . 'AND m.service_name = a.name LIMIT 1) b'),
	$session->sql('SELECT count(*) FROM copy.dbaas_migrations'),
	'and again with other values');
$session->sql('RESET ALL; SET jit = off');
$t->sim->config(latency => 0);

# An error in one branch is the statement's, and the session goes on
foreach my $zone (@zones)
{
	$t->sim->fault(
		{ path => '/dbaas-service', zone => $zone, action => 'status', status => 403, times => -1 }
	);
	my $error = $session->sql_error($partitions);
	is($error->{sqlstate}, '28000', "an error in $zone");
	like($error->{message}, qr/\Q$zone\E/, 'names it');
	$t->sim->clear_faults;
	is($session->sql($partitions), 27, 'and the session goes on');
}
$t->sim->fault(
	{ path => '/dbaas-service', zone => 'de-fra-1', action => 'status', status => 503, times => 2 }
);
is($session->sql($partitions), 27, 'a branch that has to be repeated');
$t->sim->fault({ path => '/dbaas-service', zone => 'de-fra-1', action => 'close', times => 1 });
is($session->sql($partitions), 27, 'a branch whose connection closes');
$t->sim->fault(
	{ path => '/dbaas-service', zone => 'de-fra-1', action => 'delay', ms => 300, times => 1 });
is($session->sql($partitions), 27, 'a branch that is late');
$t->sim->fault(
	{
		path => '/dbaas-service',
		zone => 'ch-gva-2',
		action => 'trickle',
		ms => 1,
		chunk => 200,
		times => 1
	});
is($session->sql($partitions), 27, 'a branch that trickles');

# Cancelled at once, wherever it waits
foreach my $zone (@zones)
{
	$t->sim->fault(
		{ path => '/dbaas-service', zone => $zone, action => 'stall', ms => 60000, times => -1 });
	my $start = time;
	my $error = $session->timed_out($partitions, 400);
	my $seconds = time - $start;
	is($error->{sqlstate}, '57014', "cancelled while $zone stalls");
	cmp_ok($seconds, '<', $DbaasTest::soon, sprintf 'soon: %.2f s', $seconds);
	$t->sim->clear_faults;
	is($session->sql($partitions), 27, 'and the session goes on');
}

# Descriptors do not pile up
my $fds = sub { my @all = glob '/proc/' . $session->pid . '/fd/*'; return scalar @all };
$session->sql($partitions);
my $before = $fds->();
$session->sql($partitions) for 1 .. 20;
$session->sql_both(
		"SELECT * FROM (SELECT zone FROM zone_0.dbaas_services UNION ALL SELECT zone "
	  . "FROM zone_1.dbaas_operations) x")
  for 1 .. 10;
cmp_ok($fds->(), '<=', $before + 2, 'no descriptor is left over');

# Nor are many needed at once
my $many = 'SELECT count(*) FROM ('
  . join(' UNION ALL ', ('SELECT name FROM zone_0.dbaas_services') x 400) . ') x';
is($session->sql($many), 400 * 9, 'as many scans under one Append as one likes');
like($session->sql("EXPLAIN (COSTS OFF) $many"), qr/Async Foreign Scan/, 'all of them Async');

# The option
servers(async_capable => 'false');
unlike($session->sql("EXPLAIN (COSTS OFF) $partitions"), qr/Async/,
	'async_capable false: no Async');
is($session->sql($partitions), 27, 'and the rows are right');
foreach my $sql (sort keys %right)
{
	is($session->sql($sql), $session->sql($right{$sql}), "right without: $sql");
}
$t->sql(q{ALTER FOREIGN TABLE zone_0.dbaas_services OPTIONS (ADD async_capable 'true')});
is(scalar(() = $session->sql("EXPLAIN (COSTS OFF) $partitions") =~ /Async/g),
	1, 'a table may differ from its server');
is($session->sql($partitions), 27, 'and the rows are right');
$session->sql('SET enable_async_append = off');
unlike($session->sql("EXPLAIN (COSTS OFF) $partitions"),
	qr/Async/, 'enable_async_append off: no Async');

done_testing();
