# The signature: known vectors, and what the simulator refuses.
use strict;
use warnings;

use JSON::PP ();
use Test::More;
use DbaasSim;

my @vectors = (
	[ 'c3xRIW80M8tk46QHvWYth9Gl28JaAlfRqbH7/9nG+x0=', 'GET', '/v2/dbaas-service' ],
	[
		'1ZF3OyGKQeyN+hBTenAlfoUfZvy7q6VC49YWB2bT/3o=',
		'POST',
		'/v2/dbaas-service-logs/pg1',
		'{"limit":5,"offset":"42","sort-order":"asc"}'
	],
	[
		'Nt3CZjTR8Zf+uaHGbzO8LnrV3f4gLGDxDdSpy6t6wWc=',
		'PUT',
		'/v2/dbaas-integration/11111111-2222-4333-8444-555555555555',
		"{\"settings\":{\"note\":\"h\xc3\xa9\"}}"
	],
	[ 'L4VNN07wbXIVBotp5mtFVpzVv2T50EBRX+7r3pJPcPg=', 'DELETE', '/v2/dbaas-service/a%20b' ],
	[ 'Efr6YSO0Y8ywuR26hIQQQhIHAtTnV0iP4x7lyDAfRXU=', 'GET', '/v2/x?b=z2&a=1%20' ],);

foreach my $vector (@vectors)
{
	my ($expected, $method, $path, @body) = @$vector;
	open my $output, '-|', DbaasSim::program(), '--api-secret', 'testsecret', '--sign', $method,
	  $path, '1800000000', @body
	  or die "cannot run the simulator: $!";
	chomp(my $signature = readline $output);
	is($signature, $expected, "signature of $method $path");
}
is(DbaasSim::signature('testsecret', 'GET', '/v2/x', '', '1 z2', 1800000000),
	$vectors[4][0], 'the Perl client signs the same');

my $sim = DbaasSim->start(services => 2);

is($sim->get('/dbaas-service')->{status}, 200, 'a signed request is accepted');
is($sim->get('/dbaas-service', zone => 'de-fra-1')->{status}, 200, 'the zone prefix is signed');
is($sim->post('/dbaas-service-logs/pg-1-0001', '{"limit":1}')->{status},
	200, 'a signed body is accepted');
is($sim->get('/dbaas-service', sign => 0)->{status}, 401, 'no authorization: 401');

my $wrong = $sim->get('/dbaas-service', secret => 'other');
is($wrong->{status}, 403, 'wrong secret: 403');
is($wrong->{content}, '{"message":"Invalid request signature"}', 'and the API\'s own words');
is($sim->get('/dbaas-service', key => 'EXOother')->{status}, 403, 'unknown key: 403');
is($sim->get('/dbaas-service', expires => time - 1)->{status}, 403, 'expired: 403');
is($sim->get('/dbaas-service', authorization => 'Basic eDp5')->{status}, 403, 'other scheme: 403');
is( $sim->get('/dbaas-service', authorization => 'EXO2-HMAC-SHA256 credential=EXOtestkey')
	  ->{status},
	403,
	'incomplete: 403');

my $other_path = $sim->_authorization('GET', '/v2/dbaas-service', '');
is($sim->get('/dbaas-service', zone => 'ch-gva-2', authorization => $other_path)->{status},
	403, 'a signature for another path: 403');
my $other_body = $sim->_authorization('POST', '/v2/dbaas-service-logs/pg-1-0001', '{"limit": 1}');
is( $sim->post('/dbaas-service-logs/pg-1-0001', '{"limit":1}', authorization => $other_body)
	  ->{status},
	403,
	'a signature for another body: 403');
is($sim->get('/dbaas-service/a%20b?x=1%20&y=2', signed_query => [ 'y', 'x' ])->{status},
	405, 'signed query arguments pass the signature');
is($sim->get('/dbaas-service?x=1', signed_query => ['x'], secret => 'other')->{status},
	403, 'and are checked');

is($sim->get('/zone', sign => 0)->{status}, 200, '/zone is answered unsigned');
is($sim->get('/zone')->{status}, 200, '/zone is answered signed');
is($sim->get('/zone', secret => 'other')->{status}, 403, '/zone signed wrongly: 403');

my $record = $sim->control('GET', 'requests');
unlike(
	JSON::PP->new->encode($record),
	qr/EXOtestkey|testsecret|signature=/,
	'the record holds neither key nor signature');
is($record->[0]{headers}{authorization}, 'EXO2 signed', 'but that there was one');

done_testing();
