# dbaas_fdw.request_limit: a statement makes no more requests than that.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(zones => 3, services => 8, logs => 1200);
my $sim = $t->sim;
my $session = $t->session;
$session->sql('SELECT count(*) FROM exo.dbaas_zones; SELECT count(*) FROM exo.dbaas_services');

my $zone = "zone = 'ch-gva-2'";
my $pg = "$zone AND service_name = 'pg-1-0001'";

# The statement ends with the error, after so many requests as the limit allows
sub is_limited
{
	my ($limit, $sql, $hint, $name, $in) = @_;
	my $error;
	$in //= $session;
	$in->sql("SET dbaas_fdw.request_limit = $limit");
	$sim->clear;
	$error = $in->sql_error($sql);
	$in->sql('ROLLBACK; RESET dbaas_fdw.request_limit');
	is($error->{sqlstate}, '53400', "$name: 53400") or diag $error->{stderr};
	like(
		$error->{detail},
		qr/^The limit is $limit\. Requests that were made: $limit, of which \d+ were retries\./,
		"$name: it says how many");
	like($error->{hint}, $hint, "$name: and what would need fewer");
	# One that was cancelled may not have arrived
	cmp_ok(scalar($sim->requests), '<=', $limit, "$name: no request beyond the limit was sent");
	return $error;
}

# It runs with the limit, and not with one less
sub needs
{
	my ($limit, $sql, $name) = @_;
	my $expected = $session->sql($sql);
	is_limited($limit - 1, $sql, qr/./, "$name: one too few");
	$session->sql("SET dbaas_fdw.request_limit = $limit");
	$sim->clear;
	is($session->sql($sql), $expected, "$name: $limit suffice");
	is(scalar($sim->requests), $limit, "$name: $limit are sent");
	$session->sql('RESET dbaas_fdw.request_limit');
	return;
}

# ---------------------------------------------------------------------------
# What counts
# ---------------------------------------------------------------------------

needs(3, 'SELECT count(*) FROM exo.dbaas_services', 'a list of each zone');
needs(27, 'SELECT count(*) FROM exo.dbaas_metrics', 'lists of parents');
needs(
	3 + 4,
	"SELECT count(*) FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001' AND sort_order = 'asc'",
	'lists that tell the zone, and pages');
needs(
	3 + 3,
	'SELECT (SELECT count(*) FROM exo.dbaas_services), (SELECT count(*) FROM exo.dbaas_plans)',
	'all scans of a statement');
needs(
	3,
	'SELECT count(*) FROM exo.dbaas_services a JOIN exo.dbaas_services b USING (zone, name)',
	'what scans share counts once');
needs(3, 'WITH a AS MATERIALIZED (SELECT * FROM exo.dbaas_services) SELECT count(*) FROM a, a b',
	'a CTE');

# ---------------------------------------------------------------------------
# What is said
# ---------------------------------------------------------------------------

is_limited(
	2,
	'SELECT * FROM exo.dbaas_services',
	qr/^A condition on "zone" would need fewer requests\. Or raise the limit\.$/,
	'a list');
is_limited(
	5,
	'SELECT * FROM exo.dbaas_metrics',
	qr/^A condition on "zone" or "service_name" would/,
	'metrics of all');
is_limited(
	5,
	"SELECT * FROM exo.dbaas_metrics WHERE $zone",
	qr/^A condition on "service_name" would/,
	'metrics of a zone');
is_limited(
	2,
	"SELECT * FROM exo.dbaas_logs WHERE $pg",
	qr/^A condition on "time" or "log_limit" would/,
	'a log');
is_limited(
	1,
	"SELECT * FROM exo.dbaas_logs WHERE $pg AND time > '2020-01-01'",
	qr/^A condition on "log_limit" would/,
	'a log with a bound');
is_limited(
	0,
	"SELECT * FROM exo.dbaas_logs WHERE $pg AND log_limit = 2",
	qr/^Give conditions/,
	'a log of which few entries are wanted');
my $names = join ', ', map { "'pg-1-000$_'" } 1 .. 9;
is_limited(
	0,
	"SELECT * FROM exo.dbaas_metrics WHERE $zone AND service_name IN ($names)",
	qr/^Give conditions with which the statement needs fewer requests, or raise/,
	'nothing more to be given');
$session->sql(
	q{CREATE FOREIGN TABLE mine (ort text OPTIONS (field 'zone'),
		dienst text OPTIONS (field 'service-name'), wert float8 OPTIONS (field '#value'))
	SERVER exoscale OPTIONS (resource 'metrics')});
my $error = is_limited(
	5,
	'SELECT * FROM mine',
	qr/^A condition on "ort" or "dienst" would/,
	'a table with names of its own');
like($error->{stderr}, qr/^TABLE NAME:\s+mine$/m, 'the error is about the table');
like(
	$error->{detail},
	qr{The next would be POST /dbaas-service-metrics/\S+ in zone \S+\.$},
	'and says what would have been next');

# ---------------------------------------------------------------------------
# Retries, zones that are down, outcomes
# ---------------------------------------------------------------------------

$sim->fault({ path => '/dbaas-service', action => 'status', status => 503, times => -1 });
$error = is_limited(2, "SELECT * FROM exo.dbaas_services WHERE $zone", qr/./, 'retries');
like($error->{detail}, qr/of which 1 were retries/, 'it says how many were retries');
$sim->clear_faults;

$t->add_server('skipping', 'skip', unavailable_zones => 'skip');
is_limited(2, 'SELECT * FROM skip.dbaas_services', qr/./, 'it is no zone that is down');
is_limited(5, 'SELECT service_name, outcome FROM exo.dbaas_metrics WHERE with_outcome',
	qr/./, 'it is no outcome');

# ---------------------------------------------------------------------------
# 0: only what needs no request
# ---------------------------------------------------------------------------

is_limited(0, 'SELECT count(*) FROM exo.dbaas_services', qr/./, 'nothing is sent');
is_limited(
	0, 'SELECT count(*) FROM exo.dbaas_services',
	qr/./, 'a fresh session does not ask for the zones',
	$t->session);
$session->sql('SET dbaas_fdw.request_limit = 0');
is($session->sql("SELECT count(*) FROM exo.dbaas_services WHERE $zone AND zone = 'de-fra-1'"),
	0, 'what needs no request runs');
like($session->sql('EXPLAIN SELECT count(*) FROM exo.dbaas_services'), qr/Requests/,
	'EXPLAIN, too');
$session->sql('RESET dbaas_fdw.request_limit');
is( $session->sql(
		"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM exo.dbaas_services;
		SET LOCAL dbaas_fdw.request_limit = 0; SELECT count(*) FROM exo.dbaas_services; COMMIT"),
	"24\n24",
	'so does what kept answers serve');
my $fresh = $t->session;
is_limited(3, 'SELECT count(*) FROM exo.dbaas_services',
	qr/./, 'in a fresh session the list of zones counts', $fresh);
$fresh->sql('SET dbaas_fdw.request_limit = 3');
is($fresh->sql('SELECT count(*) FROM exo.dbaas_services'), 24, 'and the session works on');

# ---------------------------------------------------------------------------
# Statements
# ---------------------------------------------------------------------------

$session->sql('SET dbaas_fdw.request_limit = 3');
is($session->sql('SELECT count(*) FROM exo.dbaas_services;' x 3),
	"24\n24\n24", 'each statement has its own');
$session->sql(
	q{CREATE FUNCTION services() RETURNS bigint LANGUAGE plpgsql AS
	$$ BEGIN RETURN (SELECT count(*) FROM exo.dbaas_services); END $$});
is($session->sql('SELECT services() + services()'), 48, 'so has each in a function');
is_limited(
	2,
	"BEGIN; DECLARE c CURSOR FOR SELECT * FROM exo.dbaas_logs WHERE $pg;
	FETCH 500 FROM c; FETCH 500 FROM c; FETCH 500 FROM c",
	qr/./,
	'a cursor is one statement');
is_limited(4, 'ANALYZE exo.dbaas_metrics', qr/./, 'ANALYZE');
is_limited(2, 'CREATE TABLE copied AS SELECT * FROM exo.dbaas_services', qr/./, 'a copy');
$t->sql(q{CREATE ROLE careful; ALTER ROLE careful SET dbaas_fdw.request_limit = 7});
is($t->sql(q{SET ROLE careful; SELECT setconfig FROM pg_db_role_setting}),
	'{dbaas_fdw.request_limit=7}', 'it may be set for a role');

# ---------------------------------------------------------------------------
# Rows that were wanted before the limit are there
# ---------------------------------------------------------------------------

$session->sql(
	'CREATE TABLE inventory AS SELECT zone, name FROM exo.dbaas_services;
	ANALYZE inventory; SET dbaas_fdw.request_limit = 2');
is($session->sql("SELECT count(*) FROM (SELECT * FROM exo.dbaas_logs WHERE $pg LIMIT 900) x"),
	900, 'a LIMIT that two pages satisfy');
is( scalar split(
		/\n/,
		$session->sql(
			"BEGIN; DECLARE c CURSOR FOR SELECT message FROM exo.dbaas_logs WHERE $pg;
		FETCH 999 FROM c; COMMIT")),
	999,
	'a cursor that stops before the third');
my $join = 'SELECT i.name FROM inventory i JOIN exo.dbaas_metrics m
	ON m.zone = i.zone AND m.service_name = i.name';
is(scalar split(/\n/, $session->sql("$join LIMIT 1")), 1, 'the first row of a join');
is( $session->sql(
		"SELECT count(*) FROM (SELECT FROM inventory i WHERE EXISTS (SELECT FROM exo.dbaas_metrics m
		WHERE m.zone = i.zone AND m.service_name = i.name) LIMIT 2) x"),
	2,
	'two rows of a join');

# What is sent ahead of rows that a LIMIT may not reach is no more than what is needed
$session->sql(
	'RESET dbaas_fdw.request_limit; SET dbaas_fdw.enable_lookahead = off;
	SET enable_hashjoin = off; SET enable_mergejoin = off');
my $first = "SELECT count(*) FROM ($join LIMIT 4000) x";
my $needed = $session->requests($first);
cmp_ok($needed, '>', 3, "a LIMIT needs $needed requests");
$session->sql('RESET dbaas_fdw.enable_lookahead');
cmp_ok(scalar($session->requests($first)), '>', $needed, 'some more are sent ahead');
$session->sql('SET dbaas_fdw.request_limit = ' . 2 * $needed);
is($session->sql($first), 4000, 'with twice the limit it runs');
$session->sql('RESET dbaas_fdw.request_limit');

# ---------------------------------------------------------------------------
# Writes
# ---------------------------------------------------------------------------

my $insert = q{INSERT INTO exo.dbaas_integrations (type, source, dest)
	VALUES ('metrics', '%s', 'thanos-1-0007')};
is_limited(2, sprintf($insert, 'mysql-1-0002'), qr/^Give conditions/, 'look-ups of an INSERT');
is_limited(
	3,
	q{UPDATE exo.dbaas_service_details SET maintenance_dow = 'sunday' }
	  . q{WHERE service_name LIKE 'pg%'},
	qr/^A condition on "zone", "service_name" or "type" would/,
	'the scan of an UPDATE');
$session->sql('SET dbaas_fdw.request_limit = 3');
my @sent = map { $_->{method} } $session->requests(sprintf $insert, 'mysql-1-0002');
is_deeply([ @sent[ 0 .. 3 ] ], [qw(GET GET GET POST)], 'the writes of COMMIT do not count');
cmp_ok(scalar(@sent), '>', 4, 'nor does what waits for their operations');
like(
	$session->sql(
			"SET dbaas_fdw.write_mode = 'immediate';"
		  . sprintf($insert, 'kafka-1-0003')
		  . ' RETURNING id'),
	qr/^[0-9a-f-]{36}$/,
	'nor do those of a statement, and what RETURNING reads');

# ---------------------------------------------------------------------------
# Nothing stays in flight
# ---------------------------------------------------------------------------

$session->sql('RESET ALL; SET client_min_messages = notice');
$sim->fault({ path => '/dbaas-service', zone => 'de-fra-1', action => 'stall', ms => 60000 });
$session->sql('SET dbaas_fdw.request_limit = 4');
my $start = time;
is( $session->sql_error(
			'SELECT count(*) FROM exo.dbaas_service_details WHERE '
		  . "zone IN ('ch-gva-2', 'de-fra-1')")->{sqlstate},
	'53400',
	'an error beside a request that is in flight');
cmp_ok(time - $start, '<', $DbaasTest::soon, 'comes at once');
ok( DbaasTest::wait_until(
		sub {
			!grep { !defined $_->{ended_ms} } $sim->requests;
		}),
	'and the request is cancelled');
$sim->clear_faults;
is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 24, 'the session works on');

foreach ([ '-2' => '22023' ], [ "'x'" => '22023' ], [ '1e99' => '22023' ])
{
	is($session->sql_error("SET dbaas_fdw.request_limit = $_->[0]")->{sqlstate},
		$_->[1], "$_->[0] is refused");
}

done_testing();
