# A connection that died without a word is noticed before request_timeout, and never used again.
use strict;
use warnings;

use DbaasProxy;
use DbaasRelay;
use DbaasTest;
use Test::More;
use Time::HiRes qw(time);

my $t = DbaasTest->new(services => 8, logs => 20);
# Time-outs that are not to be reached
my ($short, $long) = map { $t->patience($_) } 2, 12;
my $services = 'SELECT count(*) FROM exo.dbaas_services';
my $fan_out = 'SELECT count(*) FROM exo.dbaas_external_integrations';
my $insert =
	q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
  . q{VALUES ('ch-gva-2', 'pg-1-0001', '%s')};

# A server behind a relay, and a session with connections that are open and then die
sub frozen
{
	my ($relay, %options) = @_;
	$t->create_server(
		zones => join(',', $t->sim->zones),
		max_retries => 0,
		request_timeout => $long,
		%options);
	my $session = $t->session;
	$session->sql($services);
	$session->sql($fan_out);
	$relay->freeze;
	$t->sim->clear;
	return $session;
}

sub took
{
	my ($what) = @_;
	my $start = time;
	$what->();
	return time - $start;
}

sub heals
{
	my ($name, $relay, %options) = @_;
	my $session = frozen($relay, %options);
	my $before = $relay->accepted;
	my $took = took(
		sub { is($session->sql($services), 24, "$name: the first statement after it died works") });
	cmp_ok($took, '<', $long - 1, sprintf "%s: before request_timeout, after %.2f s", $name, $took);
	cmp_ok($relay->accepted, '>', $before, "$name: over a new connection");
	is(scalar(() = $t->sim->requests), 3, "$name: and was received once");
	$took = took(sub { $session->sql($services) foreach 1 .. 5 });
	cmp_ok($took, '<', $long - 8, sprintf "%s: the next do not wait, %.2f s", $name, $took);

	$relay->freeze;
	$took = took(
		sub {
			is( $session->sql($fan_out),
				$session->sql($fan_out),
				"$name: requests in flight together");
		});
	cmp_ok($took, '<', $long - 1,
		sprintf "%s: are asked again together, after %.2f s", $name, $took);

	# A write has a connection of its own, and the polls had that which died
	$session->sql('BEGIN; ' . sprintf $insert, lc($name) =~ s/\W/_/gr);
	$session->sql($services);
	$relay->freeze;
	$t->sim->clear;
	my (undef, $stderr) = $session->sql_both('COMMIT');
	unlike($stderr, qr/ERROR/, "$name: COMMIT is followed to its end");
	is(scalar(grep { $_->{method} eq 'POST' } $t->sim->requests),
		1, "$name: the write is received once");
	return;
}

my $relay = DbaasRelay->start($t->sim->port);
my $endpoint = 'http://127.0.0.1:' . $relay->port . '/{zone}/v2';
heals('HTTP/1.1', $relay, endpoint => $endpoint);

# What is slow has its time: it is asked once more, over another connection, and then no more
my $session = frozen($relay, endpoint => $endpoint, request_timeout => '8s');
$session->sql($services);
$t->sim->clear;
$t->sim->fault(
	{ path => '/dbaas-service', zone => 'ch-gva-2', action => 'delay', ms => 3500, times => -1 });
my $slow = "$services WHERE zone = 'ch-gva-2'";
is($session->sql($slow), 8, 'a slow answer comes');
is(scalar(() = $t->sim->requests), 2, 'after being asked for twice');
$t->sim->clear;
is($session->sql($slow), 8, 'when it is known to be slow');
is(scalar(() = $t->sim->requests), 1, 'it is asked for once');
$t->sim->clear_faults;

# request_timeout: what timed out is not used again
$session = frozen($relay, endpoint => $endpoint, request_timeout => '4s');
$t->sim->fault({ path => '/dbaas-service', action => 'stall', ms => 60000, times => -1 });
is($session->sql_error($services)->{sqlstate}, '08001', 'no answer in time');
$t->sim->clear_faults;
is($session->sql($services), 24, 'the next statement works');

# More connections that were used of late than libcurl would try one after the other
$session = frozen($relay, endpoint => $endpoint, request_timeout => $short);
is($session->sql("$services WHERE zone = 'ch-gva-2'"),
	8, 'none of those that are idle is used again');

# Polls that get no answer are not the end of following
$session =
  frozen($relay, endpoint => $endpoint, request_timeout => $short, operation_timeout => '10min');
$t->sim->fault({ path => '/operation/*', action => 'stall', ms => 60000, times => 7 });
$session->sql('SET client_min_messages = warning; ' . sprintf $insert, 'polled');
is( $session->sql(
			"SELECT count(*) FROM exo.dbaas_databases WHERE zone = 'ch-gva-2' "
		  . "AND service_name = 'pg-1-0001' AND name = 'polled'"),
	1,
	'a write whose polls time out is followed to its end');
undef $relay;

# One that is being made is not taken for one that is idle, while others die one after the other
my @zones = $t->sim->zones;
my @relays = map { DbaasRelay->start($t->sim->port) } @zones;
my $list = join ',', map {
	sprintf '{"name":"%s","api-endpoint":"http://127.0.0.1:%d/%s/v2"}', $zones[$_],
	  $relays[$_]->port, $zones[$_]
} 0 .. $#zones;
$t->sim->fault({ path => '/zone', action => 'body', body => qq({"zones":[$list]}), times => -1 });
$t->sim->config(latency => 50);
$t->create_server(max_retries => 0, request_timeout => $long);
$session = $t->session;
$session->sql(
	q{
	CREATE TABLE names AS SELECT zone, min(name) AS name FROM exo.dbaas_services
		WHERE type = 'clickhouse' GROUP BY zone;
	ANALYZE names;
	CREATE FUNCTION slowly(text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN
		PERFORM pg_sleep(0.3); RETURN $1; END $$;
	SET enable_hashjoin = off;
	SET enable_mergejoin = off});
foreach my $each (@relays)
{
	$each->freeze;
	$each->swallow(4.5);
}
$t->sim->clear;
my (undef, $stderr) = $session->sql_both(
	q{SELECT count(*) FROM (SELECT zone, slowly(name) AS name FROM names OFFSET 0) n
	JOIN exo.dbaas_service_details d ON d.zone = n.zone AND d.service_name = n.name
		AND d.type = 'clickhouse'}
);
is($stderr, '', 'connections that die one after the other are each replaced');
is(scalar(() = $t->sim->requests), 3, 'and each request is received once');
$t->sim->clear_faults;
$t->sim->config(latency => 0);
@relays = ();

SKIP:
{
	if (!DbaasProxy->available)
	{
		diag(   'skipped: connections of HTTP/2 that die were NOT tested; install '
			  . 'apache2-bin and openssl');
		skip 'no apache2-bin or no openssl', 1;
	}
	my $proxy = DbaasProxy->start($t->sim->port);
	$relay = DbaasRelay->start($proxy->port);
	heals(
		'HTTP/2', $relay,
		endpoint => 'https://localhost:' . $relay->port . '/{zone}/v2',
		ca_file => $proxy->ca);

	# Of HTTP/2 a request can end alone, and leave its connection; it would be noticed as silent,
	# too, but only a second later
	$t->create_server(
		zones => join(',', $t->sim->zones),
		max_retries => 0,
		request_timeout => '4s',
		endpoint => 'https://localhost:' . $relay->port . '/{zone}/v2',
		ca_file => $proxy->ca);
	$session = $t->session;
	$t->sim->fault({ path => '/dbaas-service', action => 'stall', ms => 60000, times => -1 });
	is($session->sql_error($slow)->{sqlstate}, '08001', 'HTTP/2: no answer in time');
	$t->sim->clear_faults;
	my $before = $relay->accepted;
	is($session->sql($slow), 8, 'HTTP/2: the next statement works');
	cmp_ok($relay->accepted, '>', $before, 'HTTP/2: not over the connection that timed out');
	undef $relay;
}

done_testing();
