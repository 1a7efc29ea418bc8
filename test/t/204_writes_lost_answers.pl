# A write whose answer is lost is reported as unknown and never sent again; one
# that was certainly not received is.
use strict;
use warnings;

use DbaasTest;
use DbaasSim;
use IO::Socket::INET;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time usleep);

my $t = DbaasTest->new(services => 8, logs => 0, operation_time => 0);
my $sim = $t->sim;
my $session;
my $insert =
	q{INSERT INTO exo.dbaas_integrations (zone, type, source, dest) }
  . q{VALUES ('ch-gva-2', 'logs', 'pg-1-0001', 'opensearch-1-0004')};
my $post = 'POST /dbaas-integration in zone ch-gva-2';
my $made = q{SELECT count(*) FROM exo.dbaas_integrations WHERE source = 'pg-1-0001'};
$t->sql('CREATE TABLE local (n int)');

sub begin
{
	my (%options) = @_;
	$t->create_server(%options);
	$sim->reset;
	$session = $t->session;
	return;
}

sub posts
{
	return grep { $_->{method} eq 'POST' } $sim->requests;
}

foreach my $case (
	[
		'closed after it was done',
		{ action => 'close', after_processing => JSON::PP::true },
		'HV000', 1
	],
	[ 'closed before it was done', { action => 'close' }, 'HV000', 0 ],
	[ 'cut off', { action => 'cut' }, 'HV000', 1 ],
	[ 'stalled', { action => 'stall', ms => 60000 }, '08001', 0 ],
	[ 'too slow', { action => 'delay', ms => 60000 }, '08001', undef ],
	[ 'trickled', { action => 'trickle', chunk => 1, ms => 1000 }, '08001', 1 ],
	[ 'not JSON', { action => 'body', body => '<html>ok</html>' }, 'HV000', 1 ],
	[ 'empty', { action => 'body', body => '' }, 'HV000', 1 ],
	[ 'not UTF-8', { action => 'body', body_base64 => 'eyJpZCI6Iv8ifQ==' }, 'HV000', 1 ],
	[ 'an array', { action => 'body', body => '[]' }, 'HV000', 1 ],
	[
		'no HTTP length',
		{
			action => 'raw',
			status => 200,
			headers => { 'Content-Encoding' => 'gzip' },
			body => 'not gzip'
		},
		'HV000', 0
	],
	[
		'a redirect',
		{ action => 'redirect', status => 307, location => $sim->url . '/dbaas-integration' },
		'HV000', 0
	],
	map { [ "status $_", { action => 'status', status => $_ }, 'HV000', 0 ] } 500,
	502, 503, 504)
{
	my ($name, $fault, $sqlstate, $applied) = @$case;
	foreach my $warm (0, 1)
	{
		my $what = "$name, on a " . ($warm ? 'connection that was used' : 'new connection');
		begin($sqlstate eq '08001' ? (request_timeout => $t->patience(2)) : ());
		$session->sql(
			'SELECT count(*) FROM exo.dbaas_services; SELECT count(*) FROM exo.dbaas_services')
		  if $warm;
		$sim->clear;
		$sim->fault({ method => 'POST', times => -1, %$fault });
		my $error = $session->sql_error("BEGIN; INSERT INTO local VALUES (1); $insert; COMMIT");
		$sim->clear_faults;
		is($error->{sqlstate}, $sqlstate, "$what: $sqlstate");

		if ($name eq 'a redirect')
		{
			like(
				$error->{detail},
				qr{^$post \(pg-1-0001, opensearch-1-0004\): failed}m,
				"$what: the write failed");
		}
		else
		{
			like(
				$error->{detail},
				qr{^$post \(pg-1-0001, opensearch-1-0004\): unknown: \S}m,
				"$what: the write is unknown");
		}
		like(
			$error->{message},
			qr{^POST /dbaas-integration in zone ch-gva-2 },
			"$what: the message names the request");
		is(scalar(posts()), 1, "$what: it was sent exactly once");
		is($session->sql($made), $applied, "$what: and " . ($applied ? 'done' : 'not done'))
		  if defined $applied;
		is($session->sql('SELECT count(*) FROM local'),
			0, "$what: the local transaction is rolled back");
	}
}

# Reads are tried again, in the same circumstances
begin(max_retries => 2);
$session->sql('SELECT count(*) FROM exo.dbaas_services');
$sim->fault({ path => '/dbaas-service', method => 'GET', action => 'close' });
is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 24, 'a read is tried again');

# Nobody listens: tried again, never received
my $closed = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1', LocalPort => 0);
my $port = $closed->sockport;
begin(endpoint => "http://127.0.0.1:$port/{zone}/v2", zones => 'ch-gva-2', max_retries => 2);
my $start = time;
my $another = $insert =~ s/pg-1-0001/mysql-1-0002/r;
my $error = $session->sql_error("BEGIN; INSERT INTO local VALUES (1); $insert; $another; COMMIT");
my $took = time - $start;
is($error->{sqlstate}, '08001', 'refused: 08001');
cmp_ok($took, '>', 0.25, sprintf 'after some tries: %.2f s', $took);
like(
	$error->{detail},
	qr{^$post \(pg-1-0001, opensearch-1-0004\): (failed|not sent)\b}m,
	'the write is not unknown');
unlike($error->{detail}, qr/unknown/, 'nor is the other');
is( $session->sql(
			q{SELECT requests, retries FROM dbaas_fdw_stats() }
		  . q{WHERE operation = 'POST /dbaas-integration'}),
	'3|2',
	'it was tried three times');
is($session->sql('SELECT count(*) FROM local'), 0, 'the local transaction is rolled back');

# Somebody listens at last
begin(endpoint => "http://127.0.0.1:$port/{zone}/v2", zones => 'ch-gva-2', max_retries => 20);
$session->start("BEGIN; INSERT INTO local VALUES (1); $insert; COMMIT; SELECT 'committed'");
usleep(400_000);
close $closed;
my $late =
  DbaasSim->start(port => $port, zones => 1, services => 8, logs => 0, operation_time => 20);
my ($out) = $session->finish;
is($out, 'committed', 'refused at first: the write is sent when it can be');
is(scalar(grep { $_->{method} eq 'POST' } $late->requests), 1, 'once');
is($session->sql($made), 1, 'and done once');
$session->sql('TRUNCATE local');

# 429
begin();
$session->sql('SELECT count(*) FROM exo.dbaas_services');
$sim->clear;
$sim->fault(
	{
		method => 'POST',
		action => 'status',
		status => 429,
		headers => { 'Retry-After' => '1' },
		body => '{"message":"slow down"}'
	});
$start = time;
$session->sql($insert);
cmp_ok(time - $start, '>=', 1, '429: Retry-After is kept');
my @posts = posts();
is(scalar(@posts), 2, 'then the write is sent again');
is($posts[0]{body}, $posts[1]{body}, 'the same');
is($session->sql($made), 1, 'and done once');

$sim->reset;
$sim->fault({ method => 'POST', action => 'status', status => 429, times => 2 });
$session->sql($insert);
is(scalar(posts()), 3, '429 without Retry-After: sent again until it is taken');
is($session->sql($made), 1, 'and done once');

begin(max_retries => 1);
$sim->fault(
	{
		method => 'POST',
		action => 'status',
		status => 429,
		times => -1,
		body => '{"message":"slow down"}'
	});
$error = $session->sql_error("$insert");
is($error->{sqlstate}, '53400', '429 after all retries: 53400');
like(
	$error->{detail},
	qr{in zone ch-gva-2 \(pg-1-0001, opensearch-1-0004\): failed: .*slow down},
	'the write failed');
is(scalar(posts()), 2, 'sent as often as max_retries allows');

begin();
$sim->fault(
	{
		method => 'POST',
		action => 'status',
		status => 429,
		times => -1,
		headers => { 'Retry-After' => '3600' }
	});
$start = time;
$error = $session->sql_error("$insert");
is($error->{sqlstate}, '53400', 'a Retry-After of an hour: 53400');
cmp_ok(time - $start, '<', $DbaasTest::soon, 'at once');
is(scalar(posts()), 1, 'sent once');

done_testing();
