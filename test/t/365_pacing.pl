# Server option requests_per_second, and what HTTP 429 does to all that a session sends.
# Times are only compared with what they must at least be, as a busy machine is slow.
use strict;
use warnings;

use DbaasTest;
use List::Util qw(max);
use Test::More;
use Time::HiRes qw(time);

my $t = DbaasTest->new(
	zones => 1,
	services => 20,
	logs => 10,
	server => { requests_per_second => 20 });
my $sim = $t->sim;
my $details = 'SELECT count(*) FROM exo.dbaas_service_details';

sub with_rate
{
	my ($rate, %options) = @_;
	$t->create_server(requests_per_second => $rate, %options);
	my $session = $t->session;
	$session->sql('SELECT count(*) FROM exo.dbaas_services');
	return $session;
}

# At a rate, so many requests take at least so long: those of a quarter of a second may go at
# once.  The record has when they arrived
sub takes_time
{
	my ($rate, $what, $name) = @_;
	$sim->clear;
	my $start = time;
	$what->();
	my $seconds = time - $start;
	my @sent = $sim->requests;
	my $least = (@sent - max(1, int($rate / 4))) / $rate;
	cmp_ok($seconds, '>=', $least, sprintf '%s: %d requests in %.2f s',
		$name, scalar @sent, $seconds);
	# The first may be told late, and then the others seem to come fast
	cmp_ok(($sent[-1]{started_ms} - $sent[0]{started_ms}) / 1000,
		'>=', $least / 2, "$name: so they arrived");
	return @sent;
}

# ---------------------------------------------------------------------------
# The rate
# ---------------------------------------------------------------------------

my $session = with_rate(20);
my @sent = takes_time(20, sub { is($session->sql($details), 20, 'a scan has its rows') }, 'a scan');
is(scalar(@sent), 21, 'and sends what it needs');
takes_time(20, sub { $session->sql($details) for 1 .. 2 }, 'two statements');
takes_time(
	20,
	sub {
		$session->sql(
			'SELECT count(*) FROM (SELECT zone FROM exo.dbaas_metrics UNION ALL
			SELECT zone FROM exo.dbaas_logs) x');
	},
	'scans that are asynchronous');
takes_time(
	20,
	sub {
		$session->sql(
			'CREATE TEMP TABLE IF NOT EXISTS inventory AS SELECT name FROM exo.dbaas_services;
			SET enable_hashjoin = off; SET enable_mergejoin = off;
			SELECT count(*) FROM inventory i JOIN exo.dbaas_metrics m ON m.service_name = i.name;
			RESET ALL');
	},
	'lookahead');

# All connections of the session to the server
$t->sql(
	q{CREATE ROLE other; GRANT USAGE ON SCHEMA exo TO other;
	GRANT SELECT ON ALL TABLES IN SCHEMA exo TO other;
	CREATE USER MAPPING FOR other SERVER exoscale OPTIONS (api_key 'EXOtestkey',
	api_secret 'testsecret')});
takes_time(20, sub { $session->sql("$details; SET ROLE other; $details; RESET ROLE; $details") },
	'two users');

# Fractions, and a change of the option
$session = with_rate(0.5);
takes_time(0.5, sub { $session->sql('SELECT count(*) FROM exo.dbaas_services;' x 3) },
	'a fraction');
$t->sql(q{ALTER SERVER exoscale OPTIONS (SET requests_per_second '50')});
takes_time(50, sub { is($session->sql($details), 20, 'a new rate') }, 'a new rate');

# Retries
$session = with_rate(4, max_retries => 20);
$sim->fault({ path => '/dbaas-service', action => 'status', status => 503, times => 3 });
takes_time(4, sub { $session->sql('SELECT count(*) FROM exo.dbaas_services;' x 3) }, 'retries');

# ---------------------------------------------------------------------------
# Writes
# ---------------------------------------------------------------------------

sub insert
{
	my ($from) = @_;
	return "INSERT INTO exo.dbaas_databases (zone, service_name, name)
		SELECT 'ch-gva-2', 'pg-1-0001', 'made_' || n FROM generate_series($from, $from + 4) n";
}
$session = with_rate(5);
takes_time(
	5,
	sub {
		$session->sql('BEGIN; ' . insert(1));
		$session->sql('COMMIT');
	},
	'the writes of COMMIT');
is(scalar(grep { $_->{method} eq 'POST' } $sim->requests), 5, 'all are sent');

# ---------------------------------------------------------------------------
# What a session says of it, and how it ends
# ---------------------------------------------------------------------------

my ($paced) =
  $session->sql("EXPLAIN (ANALYZE, COSTS OFF) SELECT * FROM exo.dbaas_service_details LIMIT 9") =~
  /Time Paced: ([\d.]+) ms/;
cmp_ok($paced, '>', 0, "EXPLAIN ANALYZE shows how long it waited: $paced ms");

$t->create_server(requests_per_second => 0.01);
$session = $t->session;
my $start = time;
is($session->timed_out("$details; $details", 300)->{sqlstate}, '57014', 'a timeout ends the wait');
cmp_ok(time - $start, '<', $DbaasTest::soon, 'at once');
my $pid = $session->pid;
$session->start($details);
ok( DbaasTest::wait_until(
		sub {
			$t->sql(
				"SELECT pg_cancel_backend(pid) FROM pg_stat_activity
				WHERE pid = $pid AND wait_event IS NOT NULL AND state = 'active'");
		}),
	'a wait is cancelled');
my (undef, $stderr) = $session->finish;
is(DbaasTest::parse_error($stderr)->{sqlstate}, '57014', 'a cancel ends the wait');
$t->sql('ALTER SERVER exoscale OPTIONS (DROP requests_per_second)');
is($session->sql($details), 20, 'without the option nothing is waited for');
unlike($session->sql("EXPLAIN ANALYZE $details"), qr/Time Paced/,
	'and EXPLAIN shows nothing of it');

# ---------------------------------------------------------------------------
# 429
# ---------------------------------------------------------------------------

# Without the option: what was sent, but at least sixteen a second, is halved
$session = with_rate(undef);
$sim->fault({ path => '/dbaas-service', action => 'status', status => 429 });
takes_time(12, sub { is($session->sql($details), 20, 'a 429 is no error') }, 'after 429');

# With it, the rate is halved
$session = with_rate(20);
$sim->fault({ path => '/dbaas-service', action => 'status', status => 429 });
takes_time(14, sub { $session->sql($details) }, 'after 429 with a rate');

# The time that the API asks for goes for all requests
$session = with_rate(undef, max_concurrency => 1);
$sim->fault(
	{
		path => '/dbaas-mysql/*',
		action => 'status',
		status => 429,
		headers => { 'Retry-After' => '2' }
	});
@sent = $session->requests($details);
my ($refused) = grep { $sent[$_]{status} == 429 } 0 .. $#sent;
ok(defined $refused && $refused < $#sent, 'one of several requests is refused');
cmp_ok($sent[ $refused + 1 ]{started_ms} - $sent[$refused]{ended_ms},
	'>=', 1900, 'no other is sent before the time that the API says');

# ... while that request is waited for
$sim->fault(
	{
		path => '/dbaas-service',
		action => 'status',
		status => 429,
		headers => { 'Retry-After' => '60' }
	});
is($session->timed_out($details, 500)->{sqlstate}, '57014', 'its statement is cancelled');
$start = time;
is($session->sql($details), 20, 'the next is not held back');
cmp_ok(time - $start, '<', 50, 'for the time of the other');

# ---------------------------------------------------------------------------
# Values
# ---------------------------------------------------------------------------

foreach my $value ('0', '-1', 'fast', '1e6', '')
{
	is( $t->sql_error("ALTER SERVER exoscale OPTIONS (ADD requests_per_second '$value')")
		  ->{sqlstate},
		'22023', "'$value' is refused");
}
is($t->sql(q{SELECT count(*) FROM dbaas_fdw_options() WHERE name = 'requests_per_second'}),
	1, 'it is among the options');

done_testing();
