# Where no whole answer comes: refused, silent, broken, not HTTP, not TLS.
use strict;
use warnings;

use DbaasTest;
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Test::More;
use Time::HiRes qw(time);

my $t = DbaasTest->new(services => 3, logs => 20);
my $services = q{SELECT count(*) FROM exo.dbaas_services WHERE zone = 'ch-gva-2'};
my %quick = (zones => 'ch-gva-2', max_retries => 0);

sub unreachable
{
	my ($options, $name, $message, $detail) = @_;
	$t->create_server(%quick, %$options);
	my $session = $t->session;
	my $start = time;
	my $error = $session->sql_error($services);
	my $took = time - $start;
	is($error->{sqlstate}, '08001', "$name: 08001");
	like(
		$error->{message},
		qr{^GET /dbaas-service in zone ch-gva-2 $message},
		"$name: the message names the request");
	like($error->{detail}, $detail, "$name: the detail has libcurl's words");
	ok($error->{hint}, "$name: there is a hint");
	is($session->sql('SELECT 1'), 1, "$name: the session works");
	return $took;
}

# A port at which nobody listens
my $closed = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1', LocalPort => 0);
my $port = $closed->sockport;
unreachable({ endpoint => "http://127.0.0.1:$port/{zone}/v2" },
	'refused', 'could not be sent', qr/connect/i);
unreachable({ endpoint => "https://{zone}.dbaas-fdw.invalid/v2" },
	'no such host', 'could not be sent', qr/resolv/i);
unreachable(
	{ endpoint => 'https://127.0.0.1:' . $t->sim->port . '/{zone}/v2' },
	'TLS to a plain port',
	'could not be sent', qr/SSL|TLS/i);
is(scalar(() = grep { $_->{path} eq '/dbaas-service' } $t->sim->requests),
	0, 'nothing reached the simulator');
unreachable(
	{ endpoint => 'https://{zone}.dbaas-fdw.invalid/v2', proxy => "http://127.0.0.1:$port" },
	'a proxy that is not there',
	'could not be sent',
	qr/\b$port\b|over proxy/);
$t->create_server(proxy => "http://127.0.0.1:$port", max_retries => 0);
is($t->sql('SELECT count(*) > 0 FROM exo.dbaas_services'),
	't', 'plain http, which is for this machine alone, goes through no proxy');

# A port that accepts and says nothing: connect_timeout is for TLS too
my $silent = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', LocalPort => 0);
my $took = unreachable(
	{
		endpoint => 'https://127.0.0.1:' . $silent->sockport . '/{zone}/v2',
		connect_timeout => '1s'
	},
	'a TLS handshake without an answer',
	'',
	qr/timed? ?out|Timeout/i);
cmp_ok($took, '<', $DbaasTest::soon, sprintf 'after connect_timeout: %.2f s', $took);
$took = unreachable(
	{ endpoint => 'http://127.0.0.1:' . $silent->sockport . '/{zone}/v2', request_timeout => '1s' },
	'a server that says nothing',
	'was not answered in time',
	qr/timed? ?out|Timeout/i);
cmp_ok($took, '<', $DbaasTest::soon, sprintf 'after request_timeout: %.2f s', $took);

# A SOCKS proxy is offered nothing that libcurl would do without coming back, such as GSSAPI
my $pid = open(my $proxy, '-|') // die "fork: $!";
if (!$pid)
{
	my $greeting = '';
	while ($greeting !~ /^\x05/ and my $client = $silent->accept)
	{
		sysread $client, $greeting, 100;
	}
	syswrite STDOUT, unpack 'H*', $greeting;
	POSIX::_exit(0);
}
unreachable(
	{
		endpoint => 'https://{zone}.dbaas-fdw.invalid/v2',
		proxy => 'socks5h://127.0.0.1:' . $silent->sockport
	},
	'a SOCKS proxy that hangs up',
	'could not be sent',
	qr/./);
is(scalar <$proxy>, '050100', 'a SOCKS proxy is asked for no authentication');
close $silent;

# The simulator stalls, or trickles
$t->sim->fault({ path => '/dbaas-service', action => 'stall', ms => 60000 });
$took = unreachable(
	{ endpoint => $t->sim->endpoint_template, request_timeout => '1s' },
	'a stalled request',
	'was not answered in time', qr/tim/i);
cmp_ok($took, '>', 0.9, sprintf 'not before request_timeout: %.2f s', $took);
ok( DbaasTest::wait_until(
		sub {
			!grep { !defined $_->{ended_ms} } $t->sim->requests;
		}),
	'the connection was closed');
$t->sim->clear_faults;
$t->sim->fault({ path => '/dbaas-service', action => 'trickle', chunk => 1, ms => 200 });
unreachable(
	{ endpoint => $t->sim->endpoint_template, request_timeout => '1s' },
	'an answer that trickles',
	'was not answered in time', qr/tim/i);
$t->sim->clear_faults;
$t->create_server(%quick, endpoint => $t->sim->endpoint_template, request_timeout => '10');
is($t->sql($services), 3, 'request_timeout is for each request');

# Broken connections, once the request was sent
$t->create_server(%quick, endpoint => $t->sim->endpoint_template);
my $session = $t->session;
foreach my $fault ({ action => 'close' }, { action => 'close', after_processing => JSON::PP::true })
{
	$t->sim->fault({ path => '/dbaas-service', times => -1, %$fault });
	my $error = $session->sql_error($services);
	is($error->{sqlstate}, 'HV000', 'a connection that closes without an answer');
	like(
		$error->{message},
		qr{^GET /dbaas-service in zone ch-gva-2 lost its connection},
		'the message names the request');
	$t->sim->clear_faults;
	is($session->sql($services), 3, 'the session works');
}

# What is no HTTP at all
sub serve_once
{
	my ($bytes, $name) = @_;
	my $listener =
	  IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', LocalPort => 0, ReuseAddr => 1);
	my $pid = fork // die "fork: $!";
	if (!$pid)
	{
		my $client = $listener->accept;
		sysread $client, my $request, 65536;
		syswrite $client, $bytes;
		close $client;
		require POSIX;
		POSIX::_exit(0);
	}
	$t->create_server(%quick, endpoint => 'http://127.0.0.1:' . $listener->sockport . '/{zone}/v2');
	my $error = $t->sql_error($services);
	waitpid $pid, 0;
	is($error->{sqlstate}, 'HV000', "$name: HV000");
	like(
		$error->{message},
		qr{^GET /dbaas-service in zone ch-gva-2},
		"$name: the message names the request");
	return $error;
}
serve_once("SSH-2.0-OpenSSH_9.2\r\n", 'not HTTP');
serve_once("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"dbaas-services\":[]}",
	'less than Content-Length');
serve_once("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 'broken chunks');
serve_once("HTTP/1.1 200 OK\r\nX: " . 'x' x 500_000 . "\r\n\r\n{}", 'a huge header');
serve_once("HTTP/1.1 200 OK\r\n\r\n{\"dbaas-services\":[{}", 'no length, and cut off');

# Other zones are not asked for what failed in one, and the error names the zone
$t->create_server(max_retries => 0);
$t->sim->fault({ path => '/dbaas-service', zone => 'at-vie-1', action => 'close', times => -1 });
like(
	$t->sql_error('SELECT count(*) FROM exo.dbaas_services')->{message},
	qr/in zone at-vie-1 /,
	'the zone that failed is named');

done_testing();
