# EXPLAIN says what a plan would send, in every format, and sends nothing.
use strict;
use warnings;

use DbaasExplain;
use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(zones => 3, services => 9, logs => 700);
my $session = $t->session;
$session->sql(
		'SET jit = off; CREATE TABLE inventory (zone text, name text, since timestamptz); '
	  . 'INSERT INTO inventory VALUES (\'ch-gva-2\', \'pg-1-0001\', now()); ANALYZE inventory');

sub scan_of
{
	my ($sql, $options) = @_;
	my $json = $session->sql('EXPLAIN (FORMAT JSON' . ($options ? ", $options" : '') . ") $sql");
	my @nodes = JSON::PP::decode_json($json)->[0]{Plan};
	while (my $node = shift @nodes)
	{
		return $node if exists $node->{Request};
		push @nodes, @{ $node->{Plans} // [] };
	}
	return;
}

sub says
{
	my ($sql, $expected, $name) = @_;
	$t->sim->clear;
	my $scan = scan_of($sql);
	my %seen =
	  map  { $_ => $scan->{$_} }
	  grep { exists $scan->{$_} }
	  ('Request', 'For Each Of', 'Keys', 'Zones', 'Stop At', 'Order', 'Limit', 'Expected Requests');
	delete $seen{'Expected Requests'} unless exists $expected->{'Expected Requests'};
	is_deeply(\%seen, $expected, $name // $sql) or diag(explain(\%seen));
	is(scalar(() = $t->sim->requests), 0, 'and sends nothing');
	return;
}

my $logs = 'POST /dbaas-service-logs/{service-name}';
my $of = q{FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'};
my %of = (
	Request => $logs,
	Keys => [q{service_name = 'pg-1-0001'::text}],
	Zones => [q{'ch-gva-2'::text}]);

says('SELECT * FROM exo.dbaas_services',
	{ Request => 'GET /dbaas-service', Zones => 'all', 'Expected Requests' => 3 });
says(q{SELECT * FROM exo.dbaas_services WHERE zone = 'ch-gva-2'},
	{ Request => 'GET /dbaas-service', Zones => [q{'ch-gva-2'::text}], 'Expected Requests' => 1 });
says(
	q{SELECT * FROM exo.dbaas_services WHERE zone IN ('ch-gva-2', 'de-fra-1')},
	{
		Request => 'GET /dbaas-service',
		Zones => [q[ANY ('{ch-gva-2,de-fra-1}'::text[])]],
		'Expected Requests' => 2
	});
says(
	q{SELECT * FROM exo.dbaas_services WHERE name = 'pg-1-0001'},
	{ Request => 'GET /dbaas-service', Zones => 'all', 'Expected Requests' => 3 },
	'a condition that is no key');
says(
	'SELECT * FROM exo.dbaas_operations',
	{ Request => 'GET /operation/{id}', Zones => 'all' },
	'a key that is required and missing');
says('SELECT * FROM exo.dbaas_zones', { Request => 'GET /zone', 'Expected Requests' => 1 });
says(
	q{SELECT * FROM exo.dbaas_service_types WHERE name = 'pg'},
	{
		Request => 'GET /dbaas-service-type/{service-type-name}',
		Keys => [q{name = 'pg'::text}],
		Zones => 'all',
		'Expected Requests' => 3
	});
says('SELECT * FROM exo.dbaas_service_types',
	{ Request => 'GET /dbaas-service-type', Zones => 'all', 'Expected Requests' => 3 });
says(
	q{SELECT * FROM exo.dbaas_migrations WHERE service_name IN ('a', 'b') AND zone = 'ch-gva-2'},
	{
		Request => 'GET /dbaas-migration-status/{name}',
		Keys => [q[service_name = ANY ('{a,b}'::text[])]],
		Zones => [q{'ch-gva-2'::text}],
		'Expected Requests' => 2
	});
says(
	'SELECT * FROM exo.dbaas_migrations',
	{
		Request => 'GET /dbaas-migration-status/{name}',
		'For Each Of' => 'GET /dbaas-service',
		Zones => 'all'
	});
says(
	'SELECT * FROM exo.dbaas_integration_settings',
	{
		Request => 'GET /dbaas-integration-settings/{integration-type}/{source-type}/{dest-type}',
		'For Each Of' => 'GET /dbaas-integration-types',
		Zones => 'all'
	});
says(
	'SELECT * FROM exo.dbaas_service_settings',
	{
		Request => 'GET /dbaas-settings-{type}',
		'For Each Of' => 'GET /dbaas-service-type',
		Zones => 'all'
	});
says(
	q{SELECT * FROM exo.dbaas_metrics WHERE period = 'day'},
	{
		Request => 'POST /dbaas-service-metrics/{service-name}',
		'For Each Of' => 'GET /dbaas-service',
		Keys => [q{period = 'day'::text}],
		Zones => 'all'
	});
says("SELECT * $of", {%of});
says("SELECT * $of ORDER BY time", { %of, Order => 'time ASC' });
says("SELECT * $of ORDER BY time DESC LIMIT 3",
	{ %of, Order => 'time DESC', Limit => q{'3'::bigint}, 'Expected Requests' => 1 });
says(
	"SELECT * $of ORDER BY time DESC LIMIT 3 OFFSET 2",
	{ %of, Order => 'time DESC', Limit => q{'3'::bigint + '2'::bigint}, 'Expected Requests' => 1 });
says("SELECT * $of AND time >= '2026-01-01 00:00:00+00'",
	{ %of, 'Stop At' => [q{time < '2026-01-01 00:00:00+00'::timestamp with time zone}] });
says("SELECT * $of AND time > now() - interval '1 hour' AND message LIKE 'x%' LIMIT 1",
	{ %of, 'Stop At' => [q{time < (now() - '01:00:00'::interval)}] });
says(
	"SELECT * $of AND sort_order = 'asc' AND log_limit = 7",
	{
		%of,
		Keys =>
		  [ q{service_name = 'pg-1-0001'::text}, q{sort_order = 'asc'::text}, q{log_limit = 7} ]
	});

# A plan with parameters names them
$session->sql(
	q{PREPARE p(text, text[], timestamptz, bigint) AS SELECT * FROM exo.dbaas_logs
	WHERE zone = $1 AND service_name = ANY ($2) AND time > $3 ORDER BY time DESC LIMIT $4;
	SET plan_cache_mode = force_generic_plan}
);
says(
	q{EXECUTE p('ch-gva-2', '{a,b}', now(), 5)},
	{
		Request => $logs,
		Keys => ['service_name = ANY ($2)'],
		Zones => ['$1'],
		'Stop At' => ['time < $3'],
		Order => 'time DESC',
		Limit => '$4'
	},
	'a generic plan');
$session->sql('RESET plan_cache_mode');

# What other nodes give is called as PostgreSQL itself calls it, in the filter
my ($a_name, $a_time) = ('(SELECT max(name) FROM inventory)', '(SELECT max(since) FROM inventory)');
$session->sql('SET enable_hashjoin = off; SET enable_mergejoin = off');
foreach my $sql (
	  'SELECT l.message FROM inventory i JOIN exo.dbaas_logs l ON l.zone = i.zone '
	. 'AND l.service_name = i.name AND l.time > i.since',
	'SELECT x.message FROM inventory i, LATERAL (SELECT * FROM exo.dbaas_logs '
	. 'WHERE zone = i.zone AND service_name = i.name AND time > i.since LIMIT 1) x',
	'SELECT (SELECT max(message) FROM exo.dbaas_logs WHERE zone = i.zone '
	. 'AND service_name = i.name AND time > i.since) FROM inventory i',
	"SELECT * FROM exo.dbaas_logs WHERE zone = $a_name AND service_name = $a_name "
	. "AND time > $a_time",
	"SELECT * FROM exo.dbaas_services s WHERE EXISTS (SELECT FROM exo.dbaas_logs "
	. "WHERE zone = s.zone AND service_name = $a_name AND time > $a_time OFFSET 0)",
	"SELECT 1 UNION ALL SELECT count(*) FROM exo.dbaas_logs WHERE zone = 'x' "
	. "AND service_name = $a_name AND time > $a_time",
	"WITH n AS MATERIALIZED (SELECT message FROM exo.dbaas_logs WHERE zone = 'x' "
	. "AND service_name = $a_name AND time > $a_time) TABLE n")
{
	my @scan = grep { /dbaas-service-logs/ } split /(?=Foreign Scan)/,
	  $session->sql("EXPLAIN (COSTS OFF) $sql");
	my ($filter) = $scan[0] =~ /Filter: (.*)/;
	my ($key) = $scan[0] =~ /Keys: service_name = (.*)/;
	my ($bound) = $scan[0] =~ /Stop At: time < (.*)/;
	like($filter, qr/= \Q$key\E\)|\(\Q$key\E =/, "a key is called as in the filter, $key: $sql");
	like($filter, qr/> \Q$bound\E\)|\(\Q$bound\E </, "and a bound, $bound");
}
$session->sql('RESET enable_hashjoin; RESET enable_mergejoin');
my $plan = $session->sql('EXPLAIN (COSTS OFF) SELECT * FROM exo.dbaas_logs LIMIT (SELECT 5)');
my ($limit) = $plan =~ /^\s+Limit: (.*)/m;
like(
	$plan,
	$limit =~ /^\((InitPlan 1)\)\.col1$/
	? qr/^\s+\Q$1\E$/m
	: qr/^\s+InitPlan 1 \(returns \Q$limit\E\)$/m,
	"so is a LIMIT without a filter: $limit");

# PREPARE and EXPLAIN of whatever kind send nothing, and learn no zones
my $fresh = $t->session;
$t->sim->clear;
foreach my $sql (
	'SELECT count(*) FROM exo.dbaas_services',
	'SELECT * FROM exo.dbaas_logs ORDER BY time LIMIT 3',
	'SELECT * FROM exo.dbaas_services s JOIN exo.dbaas_logs l ON l.service_name = s.name',
	'SELECT * FROM exo.dbaas_zones',
	q{SELECT * FROM exo.dbaas_operations WHERE id = '11111111-2222-4333-8444-555555555555'},
	'DELETE FROM exo.dbaas_services',
	q{UPDATE exo.dbaas_integrations SET settings = '{}'},
	q{INSERT INTO exo.dbaas_integrations (zone, type, source, dest) }
	. q{VALUES ('ch-gva-2', 'logs', 'a', 'b')},
	'SELECT * FROM exo.dbaas_operations')
{
	$fresh->sql("EXPLAIN $sql; EXPLAIN (VERBOSE, FORMAT JSON) $sql; PREPARE x AS $sql; EXPLAIN "
		  . "(COSTS OFF) EXECUTE x; DEALLOCATE x");
}
is(scalar(() = $t->sim->requests), 0, 'nothing is sent by EXPLAIN and PREPARE');
is($fresh->sql('SELECT count(*) FROM dbaas_fdw_stats() WHERE requests > 0'),
	0, 'and the session counts none');

# With ANALYZE: what was sent, and how it went
$session->sql('SELECT count(*) FROM exo.dbaas_zones; SELECT count(*) FROM exo.dbaas_services');
my @keys = ('Requests', 'Retries', 'Bytes Received', 'Peak Concurrency', 'Time Waiting');
$t->sim->fault({ path => '/dbaas-service', action => 'meet', requests => 3, times => 3 });
my $scan = scan_of('SELECT * FROM exo.dbaas_services', 'ANALYZE');
is_deeply([ grep { !exists $scan->{$_} } @keys ], [], 'ANALYZE adds the numbers');
is($scan->{Requests}, 3, 'of requests');
is($scan->{Retries}, 0, 'of retries');
cmp_ok($scan->{'Bytes Received'}, '>', 1000, 'of bytes');
is($scan->{'Peak Concurrency'}, 3, 'of requests at once');
cmp_ok($scan->{'Time Waiting'}, '>', 0, 'and the time spent waiting');
$scan = scan_of('SELECT * FROM exo.dbaas_services', 'ANALYZE, TIMING OFF');
ok(!exists $scan->{'Time Waiting'}, 'which TIMING OFF leaves out');
$t->sim->fault({ path => '/dbaas-service', action => 'status', status => 503, times => 2 });
$scan = scan_of('SELECT * FROM exo.dbaas_services', 'ANALYZE');
is($scan->{Retries}, 2, 'retries are counted');
is($scan->{Requests}, 5, 'as requests, too') or diag('or does Requests leave retries out?');
$scan = scan_of("SELECT * $of", 'ANALYZE');
is($scan->{Requests}, 3, 'pages are counted');
$scan = scan_of('SELECT * FROM exo.dbaas_services WHERE false', 'ANALYZE');
ok(!defined $scan, 'what is never run is not there');
$scan = scan_of(q{SELECT * FROM exo.dbaas_services WHERE zone = (SELECT NULL::text)}, 'ANALYZE');
is($scan->{Requests}, 0, 'a key that is NULL sends nothing');
$t->sim->config(latency => 1000);
$scan = scan_of('SELECT * FROM exo.dbaas_services', 'ANALYZE');
cmp_ok($scan->{'Time Waiting'}, '>=', 25, "waiting takes the latency: $scan->{'Time Waiting'} ms");
$t->sim->config(latency => 0);

# The formats
my $query =
	q{SELECT message FROM exo.dbaas_logs WHERE zone = 'ch-gva-2' }
  . q{AND service_name IN ('pg-1-0001', 'a<b&c"d') AND time >= '2026-01-01 00:00:00+00' }
  . q{ORDER BY time DESC LIMIT 3};
my $text = $session->sql("EXPLAIN (ANALYZE, VERBOSE) $query");
foreach my $line (
	'Request: POST /dbaas-service-logs/{service-name}',
	q[Keys: service_name = ANY ('{pg-1-0001,"a<b&c\"d"}'::text[])],
	q{Zones: 'ch-gva-2'::text},
	q{Stop At: time < '2026-01-01 00:00:00+00'::timestamp with time zone},
	'Order: time DESC',
	q{Limit: '3'::bigint},
	'Retries: 0')
{
	like($text, qr/^\s+\Q$line\E$/m, "TEXT has $line") or diag($text);
}
like($text, qr/^\s+Requests: [12]$/m, 'TEXT has the requests');
like($text, qr/^\s+Expected Requests: \d+$/m, 'TEXT has the expected requests');
like($text, qr/^\s+Bytes Received: \d+$/m, 'the bytes');
like($text, qr/^\s+Time Waiting: \d+\.\d+ ms$/m, 'and the time');

# What a write reads beside its scans
foreach my $write (
	q{UPDATE exo.dbaas_services SET termination_protection = true WHERE name = 'mysql-1-0002'},
	q{INSERT INTO exo.dbaas_users (zone, service_name, username) }
	. q{VALUES ('ch-gva-2', 'pg-1-0001', 'x')},
	q{DELETE FROM exo.dbaas_databases WHERE service_name = 'pg-1-0001' AND name = 'none'})
{
	$t->sim->clear;
	my $plan = $session->sql("BEGIN; EXPLAIN (ANALYZE, FORMAT JSON) $write; ROLLBACK");
	cmp_ok(scalar(() = $t->sim->requests), '>', 0, "requests are made: $write");
	is_deeply([ DbaasExplain->new($session)->counts($write, $plan) ], [], 'the plan has them all');
}

$text = $session->sql("EXPLAIN (COSTS OFF) $query");
unlike($text, qr/Expected Requests/, 'COSTS OFF leaves out what is estimated');
unlike($text, qr/Retries/, 'and without ANALYZE there are no numbers');

my $xml = $session->sql("EXPLAIN (ANALYZE, FORMAT XML) $query");
SKIP:
{
	my ($well, $said) =
	  $session->sql_both(qq{SELECT xml_is_well_formed_document(\$xml\$$xml\$xml\$)});
	skip 'no libxml', 1 if $said =~ /0A000/;
	is($well, 't', 'XML is well-formed');
}
foreach my $tag (
	'Request', 'Keys', 'Zones', 'Stop-At',
	'Order', 'Limit', 'Expected-Requests', 'Requests',
	'Retries', 'Bytes-Received', 'Peak-Concurrency', 'Time-Waiting')
{
	like($xml, qr{<$tag>.*</$tag>}s, "XML has $tag");
}
like($xml, qr/a&lt;b&amp;c/, 'XML is escaped');

my $yaml = $session->sql("EXPLAIN (ANALYZE, FORMAT YAML) $query");
foreach my $key (
	'Request', 'Keys', 'Zones', 'Stop At',
	'Order', 'Limit', 'Expected Requests', 'Requests',
	'Retries', 'Bytes Received', 'Peak Concurrency', 'Time Waiting')
{
	like($yaml, qr/^\s+\Q$key\E:/m, "YAML has $key");
}
is_deeply(
	[
		grep { !/^\s*-?\s*(?:-|[A-Z][^:]*:|"(?:[^"\\]|\\.)*"$|- "(?:[^"\\]|\\.)*"$)/ } split /\n/,
		$yaml
	],
	[],
	'YAML has but keys, values and lists');

my $json = JSON::PP::decode_json($session->sql("EXPLAIN (ANALYZE, FORMAT JSON) $query"));
is(ref $json, 'ARRAY', 'JSON is valid');
$scan = scan_of($query, 'ANALYZE');
is(ref $scan->{Keys}, 'ARRAY', 'keys are a list');
is(ref $scan->{Zones}, 'ARRAY', 'so are zones');

# Secrets are in none of them
foreach my $format (qw(TEXT XML JSON YAML))
{
	unlike(
		$session->sql("EXPLAIN (ANALYZE, VERBOSE, FORMAT $format) $query"),
		qr/\Q@{[ $t->sim->secret ]}\E|EXO2/,
		"$format has no secret");
}

done_testing();
