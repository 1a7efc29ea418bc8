# Every fault does what it says, to the requests it names and to no other.
use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use JSON::PP ();
use Test::More;
use Time::HiRes qw(sleep time);
use DbaasSim;

my $sim = DbaasSim->start(services => 20, logs => 20, operation_time => 0);
my $list = '/dbaas-service';

# One request over a socket of its own, which is returned when the request is recorded
sub ask
{
	my ($method, $path, @headers) = @_;
	my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $sim->port) or die $@;
	my $last = $sim->last_request;

	print $socket join "\r\n", "$method /v2$path HTTP/1.1", 'Host: x', @headers,
	  'Authorization: ' . $sim->_authorization($method, "/v2$path", ''), '', '';
	for (my $end = time + 60; time < $end; sleep 0.002)
	{
		return $socket if $sim->requests($last && $last->{seq});
	}
	die "$method $path did not arrive";
}

# All bytes of its answer until the server closes
sub raw_request
{
	my $socket = ask(@_);
	local $/;
	return readline($socket) // '';
}

sub status_of
{
	my ($socket) = @_;
	return (readline($socket) // '') =~ m{^HTTP/1\.1 (\d+)} ? $1 : undef;
}

# status, and which requests a fault is for
$sim->fault(
	{ path => $list, action => 'status', status => 503, headers => { 'Retry-After' => '1' } });
my $answer = $sim->get('/dbaas-service-type');
is($answer->{status}, 200, 'a fault of another path');
$answer = $sim->get($list);
is($answer->{status}, 503, 'status');
is($answer->{headers}{'retry-after'}, '1', 'with its headers');
like($answer->{headers}{'content-type'}, qr{^text/plain}, 'as plain text');
is($sim->get($list)->{status}, 200, 'once');
$sim->fault(
	{
		path => '/dbaas-service-*',
		method => 'POST',
		zone => 'de-fra-1',
		skip => 1,
		times => 2,
		action => 'status',
		status => 429
	});
my @statuses =
  map { $sim->post('/dbaas-service-logs/pg-2-0001', {}, zone => 'de-fra-1')->{status} } 1 .. 4;
is_deeply(\@statuses, [ 200, 429, 429, 200 ], 'skip and times');
is($sim->get('/dbaas-service-type', zone => 'de-fra-1')->{status}, 200, 'not of another method');
is(scalar $sim->faults, 2, 'faults are listed');
is(($sim->faults)[1]{times}, 0, 'with what is left of them');
$sim->clear_faults;
is(scalar $sim->faults, 0, 'and cleared');
$sim->fault({ times => -1, action => 'status', status => 500, body => '{"error":"x"}' });
is($sim->get($list)->{content}, '{"error":"x"}', 'a body of one\'s own') foreach 1 .. 3;
$sim->clear_faults;

# other bodies
# A path that is not served, with query arguments
$sim->fault({ action => 'answer', path => '/instance', body => '{"instances":[]}', times => 4 });
is($sim->get('/instance?zone=a%20b', signed_query => ['zone'])->{content},
	'{"instances":[]}', 'answer: of any path');
is($sim->get('/instance?zone=a%20b', signed_query => ['zone'], secret => 'other')->{status},
	403, 'that is properly signed');
is($sim->get('/instance', sign => 0)->{status}, 401, 'not unsigned');
is($sim->request('PATCH', '/instance')->{headers}{allow}, undef, 'whatever the method');
is($sim->get('/instance')->{status}, 404, 'as often as was said');

$sim->fault({ action => 'body', body => '<html>', content_type => 'text/html' });
$answer = $sim->get($list);
is_deeply([ @$answer{qw(status content)} ], [ 200, '<html>' ], 'body');
$sim->fault({ action => 'merge', patch => { 'dbaas-services' => undef, extra => { a => [1] } } });
is($sim->get($list)->{content}, '{"extra":{"a":[1]}}', 'merge');
$sim->fault(
	{ action => 'raw', headers => { 'Content-Encoding' => 'gzip' }, body_base64 => 'AAEC/w==' });
$answer = $sim->get($list);
is($answer->{content}, "\0\1\2\xff", 'raw');
is($answer->{headers}{'content-encoding'}, 'gzip', 'with a false encoding');
$sim->fault({ action => 'redirect', location => 'http://127.0.0.1:1/', status => 307 });
$answer = $sim->get($list);
is_deeply([ $answer->{status}, $answer->{headers}{location} ],
	[ 307, 'http://127.0.0.1:1/' ], 'redirect');

# broken connections
my $whole = raw_request('GET', '/dbaas-service-type', 'Connection: close');
$sim->fault({ action => 'cut' });
my $cut = raw_request('GET', '/dbaas-service-type');
my ($head, $body) = split /\r\n\r\n/, $cut, 2;
my ($length) = $head =~ /Content-Length: (\d+)/i;
is(length $body, int($length / 2), 'cut: half of the body, then the connection is closed');
like($whole, qr/Content-Length: $length/i, 'with the whole length promised');
$sim->fault({ action => 'close' });
is(raw_request('GET', $list), '', 'close: no byte comes');
is($sim->last_request->{status}, undef, 'and none is recorded as answered');
$sim->fault({ action => 'close', after_processing => JSON::PP::true });
raw_request('DELETE', '/dbaas-service/pg-1-0001');
is($sim->get($list)->{json}{'dbaas-services'}[0]{name}, 'mysql-1-0002', 'close after the effect');
$sim->fault({ action => 'close' });
raw_request('DELETE', '/dbaas-service/mysql-1-0002');
is($sim->get($list)->{json}{'dbaas-services'}[0]{name}, 'mysql-1-0002', 'close without effect');

# slow answers
$sim->fault({ action => 'stall' });
ok(!IO::Select->new(ask('GET', $list))->can_read(0.2), 'stall: nothing comes');
$sim->fault({ action => 'stall', ms => 50 });
is(raw_request('GET', $list), '', 'a stall that ends closes the connection');
$sim->fault({ action => 'delay', ms => 150 });
my $start = time;
is($sim->get($list)->{status}, 200, 'delay: the answer comes');
cmp_ok(time - $start, '>=', 0.149, 'later');
$sim->fault({ action => 'trickle', ms => 5, chunk => 400, path => '/dbaas-external-endpoints' });
$start = time;
is(scalar @{ $sim->get('/dbaas-external-endpoints')->{json}{'dbaas-endpoints'} },
	3, 'trickle: the body is whole');
cmp_ok(time - $start, '>=', 0.004, 'and slow');

# meet: those that wait for each other are there at once
$sim->clear;
$sim->fault({ action => 'meet', requests => 2, path => '/dbaas-service*', times => 4 });
my @asked = map { ask('GET', $_) } $list, '/dbaas-service-type', $list;
is_deeply(
	[ map { status_of($_) } @asked[ 0, 1 ] ],
	[ 200, 200 ],
	'meet: two wait for each other, and are answered');
is(($sim->requests)[1]{in_flight}, 2, 'they were there at once');
is(($sim->requests)[2]{ended_ms}, undef, 'the third waits');
push @asked, ask('GET', $list);
is_deeply([ map { status_of($_) } @asked[ 2, 3 ] ], [ 200, 200 ], 'for the fourth');
is($sim->get($list)->{status}, 200, 'the fifth is not met');
$sim->fault({ action => 'meet', requests => 2, ms => 10 });
is($sim->get($list)->{status}, 200, 'one that nobody meets waits no longer than was said');
$sim->fault({ action => 'meet', requests => 2 });
my $alone = ask('GET', $list);
$sim->clear_faults;
is(status_of($alone), 200, 'nor when the fault is removed');

# faults that make no sense are refused
foreach my $bad (
	{},
	{ action => 'explode' },
	{ action => 'cut', status => 500 },
	{ action => 'status', status => '500' },
	{ action => 'status', status => 99 },
	{ action => 'redirect' },
	{ action => 'raw', body_base64 => '!' },
	{ action => 'cut', typo => 1 },
	{ action => 'operation', state => 'lost' },
	{ action => 'meet' },
	5)
{
	ok(!eval { $sim->fault({ action => 'cut' }, $bad); 1 }, 'refused: ' . ($@ =~ s/\n//r));
}
is(scalar(grep { $_->{times} } $sim->faults), 0, 'and an array is added whole or not at all');

done_testing();
