# Serving: the record, requests at once, compression, kept connections, the end.
use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use IPC::Run;
use Test::More;
use Time::HiRes qw(time);
use DbaasSim;

my $sim = DbaasSim->start(services => 20, logs => 1000, zones => 2);

# The record
$sim->post(
	'/dbaas-service-logs/caf%C3%A9?x=%20', '{"limit":1}',
	zone => 'de-fra-1',
	headers => { 'X-Thing' => 'y' });
my @record = $sim->requests;
is(scalar @record, 1, 'one request is recorded');
my $first = $record[0];
is($first->{path}, '/dbaas-service-logs/caf%C3%A9', 'path without the prefix, as sent');
is($first->{url}, '/de-fra-1/v2/dbaas-service-logs/caf%C3%A9?x=%20', 'url as received');
is($first->{query}, 'x=%20', 'query');
is($first->{body}, '{"limit":1}', 'body');
is_deeply(
	[ @$first{qw(zone method http status in_flight)} ],
	[ 'de-fra-1', 'POST', '1.1', 400, 1 ],
	'zone, method, version, status, in flight');
is($first->{headers}{'x-thing'}, 'y', 'headers');
ok($first->{signed}, 'signed');
cmp_ok($first->{ended_ms}, '>=', $first->{started_ms}, 'times');
$sim->get('/zone', sign => 0);
my $second = $sim->last_request;
is($second->{seq}, $first->{seq} + 1, 'in order');
ok(!$second->{signed} && !exists $second->{body}, 'unsigned, without body');
is($second->{connection}, $first->{connection}, 'on the same connection');
is(scalar $sim->requests($first->{seq}), 1, 'since');
$sim->get('/dbaas-service', zone => 'no-zone-1');
is($sim->last_request->{zone}, undef, 'no zone of ours');
$sim->control('DELETE', "requests?until=$first->{seq}");
is(($sim->requests)[0]{seq}, $first->{seq} + 1, 'forgotten up to one');
$sim->clear;
is(scalar $sim->requests, 0, 'cleared');
is_deeply([ $sim->zones ], [ 'ch-gva-2', 'de-fra-1' ], 'the state names the zones');

# A port that is taken
{
	my ($out, $err) = ('', '');
	my $started = IPC::Run::run([ DbaasSim::program(), '--port', $sim->port ],
		'<', \undef, '>', \$out, '2>', \$err);
	ok(!$started, 'no second one at the same port');
	is( $out . $err,
		'dbaas-sim: cannot listen on 127.0.0.1:' . $sim->port . ": Address already in use\n",
		'which is what it says');
}

# A hundred requests that all wait, all in flight together
$sim->together(100);
my $sockets = IO::Select->new;
my $authorization = $sim->_authorization('GET', '/v2/dbaas-service-type', '');
foreach (1 .. 100)
{
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $sim->port) or die $@;
	print $socket "GET /v2/dbaas-service-type HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
	  . "Authorization: $authorization\r\n\r\n";
	$sockets->add($socket);
}
my $answered = 0;
foreach my $socket ($sockets->handles)
{
	my $answer = do { local $/; <$socket> };
	$answered++ if $answer =~ m{^HTTP/1\.1 200 .*\}$}s;
}
is($answered, 100, 'a hundred slow requests are answered');
my ($most) = sort { $b <=> $a } map { $_->{in_flight} } $sim->requests;
is($most, 100, 'and were all in flight together');

# curl(1), as another client
SKIP:
{
	skip 'curl is not installed', 7 if system('curl --version >/dev/null 2>&1') != 0;
	my $url = $sim->url . '/dbaas-service';
	my @curl = (
		'curl', '-sS', '-H',
		'Authorization: ' . $sim->_authorization('GET', '/v2/dbaas-service', ''));
	my $run = sub {
		open my $output, '-|', @curl, @_ or die "cannot run curl: $!";
		local $/;
		return scalar readline $output;
	};
	$sim->clear;
	my $plain = $run->($url);
	my $compressed = $run->('-D', '-', '--compressed', $url, $url);
	like($compressed, qr/Content-Encoding: gzip/i, 'gzip for a client that accepts it');
	is(() = $compressed =~ /\Q$plain\E/g, 2, 'the same when decompressed');
	my @connections = map { $_->{connection} } $sim->requests;
	is($connections[1], $connections[2], 'the connection is kept');
	isnt($connections[0], $connections[1], 'and another client has another');
	unlike($run->('-D', '-', '-o', '/dev/null', '--compressed', $sim->url . '/zone'),
		qr/gzip/, 'small answers are not compressed');
	my $logs = '/v2/dbaas-service-logs/pg-1-0001';
	my @get = @curl;
	$authorization = $sim->_authorization('POST', $logs, '{"limit":1}');
	@curl = (
		'curl', '-sS',
		'-D', '-',
		'-m', '60',
		'--expect100-timeout', '90',
		'-H', 'Expect: 100-continue',
		'-H', 'Content-Type: application/json',
		'-H', "Authorization: $authorization",
		'--data-binary', '{"limit":1}');
	my $answer = $run->($sim->origin . $logs);
	like($answer, qr{^HTTP/1\.1 100 .*HTTP/1\.1 200 }s, 'Expect: 100-continue is answered at once');
	@curl = @get;
	$sim->config(gzip => 0);
	unlike($run->('-D', '-', '-o', '/dev/null', '--compressed', $url), qr/gzip/, 'gzip off');
}

# Many services
my $large = DbaasSim->start(services => 5000, zones => 1, logs => 100_000);
my $all = $large->get('/dbaas-service')->{json}{'dbaas-services'};
is(scalar @$all, 5000, 'five thousand services');
my %ids;
$ids{ $_->{id} }++ foreach map { @{ $_->{integrations} } } @$all;
is(scalar(grep { $_ != 2 } values %ids), 0, 'every integration has two ends');
is( $large->post('/dbaas-service-logs/clickhouse-1-5000', { limit => 1 })->{json}{logs}[0]{message}
	  =~ /^entry (\d+) /,
	1,
	'the last of them logs');

# The end
$large->fault({ action => 'stall' });
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $large->port) or die $@;
print $socket "GET /v2/zone HTTP/1.1\r\nHost: x\r\n\r\n";
my $end = time + 60;
1 while !grep({ $_->{path} eq '/zone' } $large->requests) && time < $end;
is($large->stop, 0, 'SIGTERM ends it cleanly, a stalled request or not');

done_testing();
