# A backend that runs out of file descriptors uses fewer connections, says what
# to raise, and leaves no write unknown.
use strict;
use warnings;

use DbaasProxy;
use DbaasTest;
use List::Util qw(max);
use Test::More;

if (system('prlimit --version >/dev/null 2>&1') != 0)
{
	diag('skipped: a want of file descriptors was NOT tested; install util-linux');
	plan skip_all => 'SKIPPED: no prlimit';
}

my $t = DbaasTest->new(services => 8, logs => 20, server => { max_concurrency => 32 });
my $services = 'SELECT count(*) FROM exo.dbaas_services';
my $fan_out = 'SELECT count(*) FROM exo.dbaas_external_integrations';

# Lets the backend open so many descriptors beside those that PostgreSQL cannot
# close; undef: as many as before
sub leave
{
	my ($session, $free) = @_;
	my %used = map { (readlink $_ // '') =~ m{/(?:base|global)/} ? () : (m{(\d+)$} => 1) }
	  glob '/proc/' . $session->pid . '/fd/*';
	my $limit = 0;
	if (defined $free)
	{
		for (my $left = $free; $left > 0 || $limit < 3; $limit++)
		{
			$left-- unless $used{$limit};
		}
	}
	else
	{
		$limit = 1024;
	}
	system('prlimit', '--pid', $session->pid, "--nofile=$limit:") == 0 or die 'prlimit';
	return;
}

sub insert
{
	my ($prefix, $n) = @_;
	return
		"SET client_min_messages = warning; INSERT INTO exo.dbaas_databases (zone, "
	  . "service_name, name) SELECT 'ch-gva-2', 'pg-1-0001', '$prefix' || i "
	  . "FROM generate_series(1, $n) i";
}

sub posts
{
	return grep { $_->{method} eq 'POST' } $t->sim->requests;
}

# None at all
foreach my $free (2, 4, 8)
{
	my $session = $t->session;
	$session->sql('SELECT dbaas_fdw_version()');
	leave($session, $free);
	my $error = $session->sql_error($services);
	is($error->{sqlstate}, '53000', "$free descriptors: 53000");
	like(
		$error->{hint},
		qr/ulimit -n.*max_files_per_process/,
		"$free descriptors: the hint says what to raise");
	is($session->sql('SELECT count(*) > 0 FROM pg_class'),
		't', "$free descriptors: PostgreSQL goes on");
	leave($session, undef);
	is($session->sql($services),
		24, "$free descriptors: and with more of them, so does the wrapper");
}

# A few: fewer requests are in flight
my $session = $t->session;
$session->sql($services);
leave($session, 14);
is($session->sql($fan_out), $t->sql($fan_out), 'with some left, a fan-out has all its rows');
my $peak = max(map { $_->{in_flight} } $session->requests($fan_out));
cmp_ok($peak, '<', 14, "with fewer requests in flight than max_concurrency: $peak");
is($session->sql($services), 24, 'and the next statement too');

# Writes
$t->sim->clear;
my (undef, $stderr) = $session->sql_both(insert('some', 20));
unlike($stderr, qr/ERROR/, 'with some left, twenty writes are done');
is(scalar(() = posts()), 20, 'each is sent once');

# It runs out while their operations are pending
$t->sim->control(POST => config => { operation_time => 3000 });
$t->sim->clear;
$session->start(insert('pending', 3));
DbaasTest::wait_until(
	sub {
		posts() == 3 && !grep { !defined $_->{ended_ms} } posts();
	});
leave($session, 1);
sleep 2;
leave($session, 14);
(undef, $stderr) = $session->finish;
unlike($stderr, qr/ERROR/,
	'writes that were sent are followed to their end, though there was none for a while');
$t->sim->control(POST => config => { operation_time => 0 });

# None for the first write, not even when idle connections are closed: nothing is sent
$session->sql(q{SELECT dbaas_fdw_disconnect('exoscale')});
$session->sql('BEGIN; ' . insert('none', 3));
leave($session, 5);
$t->sim->clear;
my $error = $session->sql_error('COMMIT');
is($error->{sqlstate}, '53000', 'none for a write: 53000');
like($error->{detail}, qr/not sent|failed/, 'which was not sent');
unlike($error->{detail}, qr/unknown/, 'and none is unknown');
is(scalar(() = posts()), 0, 'none reached the API');
leave($session, undef);
is($session->sql($services), 24, 'the session goes on');

# Connections that are open may all be to another host than the next request: they make room
SKIP:
{
	if (!DbaasProxy->available)
	{
		diag('skipped: several hosts were NOT tested; install apache2-bin and openssl');
		skip 'SKIPPED: no apache2-bin or no openssl', 1;
	}
	my @zones = $t->sim->zones;
	local $DbaasProxy::protocols = 'http/1.1';
	my $proxy = DbaasProxy->start($t->sim->port, map { "$_.localhost" } @zones);
	my $https = $proxy->port;
	$t->create_server(
		endpoint => "https://{zone}.localhost:$https/{zone}/v2",
		zones => join(',', @zones),
		ca_file => $proxy->ca,
		unavailable_zones => 'skip',
		max_concurrency => 32,
		max_retries => 0);
	my $names = join ', ', map { "'n$_'" } 1 .. 24;
	foreach my $free (1 .. 3, 9)
	{
		$session = $t->session;
		$session->sql('SELECT dbaas_fdw_version()');
		# So few that PostgreSQL closes its files, and the connections take their numbers
		leave($session, 30);
		$t->sim->control(POST => config => { latency => 200 });
		$session->sql("SELECT FROM exo.dbaas_migrations WHERE zone = '$zones[0]' "
			  . "AND service_name IN ($names)");
		$t->sim->control(POST => config => { latency => 0 });
		my $idle =
		  grep { (readlink // '') =~ /^socket/ } glob '/proc/' . $session->pid . '/fd/*';

		# Later versions of libcurl close most of them when their requests have ended
		if ($idle < 10)
		{
			diag("skipped: $free descriptors were NOT tested; libcurl keeps $idle connections");
			skip "SKIPPED: libcurl keeps $idle connections", 1;
		}
		leave($session, $free);
		foreach my $where (@zones[ 1, 2 ])
		{
			my $what = "$free descriptors: to $where";
			my ($out, $said) = $session->sql_both("$services WHERE zone = '$where'");
			is($out, 8, $what);
			is($said, '', "$what: without a warning");
		}
		is($session->sql($services), 24, "$free descriptors: to all");
	}
}

# Sockets count among what PostgreSQL lets a backend have open
$t->node->append_conf('postgresql.conf', 'max_files_per_process = 75');
$t->node->restart;
$session = $t->session;
is( $session->sql($fan_out),
	$session->sql($fan_out),
	'with max_files_per_process 75 a fan-out works');
$t->sim->control(POST => config => { latency => 200 });
$peak = max(map { $_->{in_flight} } $session->requests($fan_out));
cmp_ok($peak, '<', 75 / 3 - 5, "with a third of that in flight: $peak");

done_testing();
