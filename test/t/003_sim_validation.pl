# Requests that the API's document does not allow are refused, in the API's own shapes.
use strict;
use warnings;

use Test::More;
use DbaasSim;

my $sim = DbaasSim->start(services => 20, logs => 20);
my $uuid = '11111111-2222-4333-8444-555555555555';
my $logs = '/dbaas-service-logs/pg-1-0001';
my $attach = '/dbaas-external-endpoint/pg-1-0001/attach';

# Paths and methods
foreach my $path (
	'/nope', '/',
	'/dbaas-service/', '/dbaas-service/a/b',
	'/dbaas-service-type/nope', '/dbaas-integration-settings/logs/pg/pg',
	'/dbaas-integration-settings/nope/pg/pg', "/dbaas-integration/$uuid",
	"/operation/$uuid", "/dbaas-external-integration/$uuid",
	"/dbaas-task/pg-1-0001/$uuid", "/dbaas-task/nope/$uuid",
	'/dbaas-migration-status/nope', '/dbaas-external-integrations/nope',
	'/dbaas-external-integrations/..%2f..%2fzone')
{
	my $answer = $sim->get($path);
	is($answer->{status}, 404, "GET $path: 404");
	like($answer->{content}, qr/^\{"message":"[^"]+"\}$/, 'with a message');
}
is($sim->get('/dbaas-service', zone => 'no-zone-1')->{status}, 404, 'unknown zone: 404');
is( $sim->get('/operation/' . DbaasSim::uuid('1/ch-gva-2/operations/1'), zone => 'de-fra-1')
	  ->{status},
	404,
	'an operation is known in its own zone only');
is($sim->get('/dbaas-service-type/p%67')->{json}{name}, 'pg', 'path parameters are decoded');
is($sim->get('/dbaas-service-type/pg%00')->{status}, 404, 'a NUL names nothing');

my $refused = $sim->request('PATCH', '/dbaas-service');
is($refused->{status}, 405, 'wrong method: 405');
is($refused->{headers}{allow}, 'GET', 'naming the right one');
like($refused->{headers}{'content-type'}, qr{^text/plain}, 'as plain text');
is($sim->get($logs)->{headers}{allow}, 'POST', 'GET of the logs: POST allowed');

# What is not valid before the body is looked at: the strings of RFC 9457's errors
my %bad_requests = (
	'a query argument' => $sim->get('/dbaas-service?limit=1'),
	'a body on a GET' => $sim->request('GET', '/dbaas-service', '{}'),
	'a body on a DELETE' => $sim->request('DELETE', '/dbaas-service/nope', '{}'),
	'no body on a POST' => $sim->request('POST', $logs),
	'no content type' => $sim->post($logs, '{}', content_type => undef),
	'another content type' => $sim->post($logs, '{}', content_type => 'text/plain'),
	'a content type alike' => $sim->post($logs, '{}', content_type => 'application/jsonp'),
	'a body that is not JSON' => $sim->post($logs, '{"limit":'),
	'something after the JSON' => $sim->post($logs, '{} {}'),
	'bytes that are not UTF-8' => $sim->post($logs, "{\"offset\":\"\xff\"}"),
	'an id that is not a UUID' => $sim->get('/operation/1234'),
	'a service name too long' => $sim->get('/dbaas-migration-status/' . 'x' x 64),
	'a cursor never given' => $sim->post($logs, { offset => 'nonsense' }),);
foreach my $what (sort keys %bad_requests)
{
	my $answer = $bad_requests{$what};
	is($answer->{status}, 400, "$what: 400") or diag($answer->{content});
	ok($answer->{json}{title} && $answer->{json}{detail} && !ref $answer->{json}{errors}[0],
		'with title, detail and errors');
}
is($sim->post($logs, '{}', content_type => 'application/json; charset=utf-8')->{status},
	200, 'a content type with a charset is fine');
is($sim->get('/dbaas-migration-status/' . 'x' x 63)->{status}, 404, 'the longest name is valid');

# Members of bodies: located errors
my @bodies = (
	[ $logs, '[]', '$' ],
	[ $logs, '{"limit":0}', q($['limit']) ],
	[ $logs, '{"limit":501}', q($['limit']) ],
	[ $logs, '{"limit":1.5}', q($['limit']) ],
	[ $logs, '{"limit":"5"}', q($['limit']) ],
	[ $logs, '{"limit":null}', q($['limit']) ],
	[ $logs, '{"limit":99999999999999999999999}', q($['limit']) ],
	[ $logs, '{"sort-order":"up"}', q($['sort-order']) ],
	[ $logs, '{"offset":1}', q($['offset']) ],
	[ $logs, '{"since":1}', q($['since']) ],
	[ '/dbaas-service-metrics/pg-1-0001', '{"period":"decade"}', q($['period']) ],
	[
		'/dbaas-integration', '{"integration-type":"logs","source-service":"x"}',
		q($['dest-service'])
	],
	[
		'/dbaas-integration',
		'{"integration-type":"mirror","source-service":"x","dest-service":"y"}',
		q($['integration-type'])
	],
	[
		'/dbaas-integration',
		'{"integration-type":"logs","source-service":"x","dest-service":"' . "\xc3\xa9" x 64 . '"}',
		q($['dest-service'])
	],
	[
		'/dbaas-integration',
		'{"integration-type":"logs","source-service":"x","dest-service":"y","settings":[]}',
		q($['settings'])
	],
	[
		'/dbaas-task-migration-check/pg-1-0001', '{"source-service-uri":""}',
		q($['source-service-uri'])
	],
	[
		'/dbaas-task-migration-check/pg-1-0001', '{"source-service-uri":"' . 'x' x 513 . '"}',
		q($['source-service-uri'])
	],
	[
		'/dbaas-task-migration-check/pg-1-0001', '{"source-service-uri":"x","method":"copy"}',
		q($['method'])
	],
	[ $attach, '{"dest-endpoint-id":"x","type":"datadog"}', q($['dest-endpoint-id']) ],
	[ $attach, '{"dest-endpoint-id":"' . $uuid . '"}', q($['type']) ],
	[ '/dbaas-external-endpoint/pg-1-0001/detach', '{}', q($['integration-id']) ],
	[ "/dbaas-integration/$uuid", '{}', q($['settings']) ],);
foreach my $case (@bodies)
{
	my ($path, $body, $location) = @$case;
	my $method = $path =~ m{/(attach|detach)$|integration/} ? 'PUT' : 'POST';
	my $answer = $sim->request($method, $path, $body);
	is($answer->{status}, 422, substr("$method $path $body", 0, 100) . ': 422');
	is($answer->{json}{errors}[0]{location}, $location, "located at $location");
}
is(scalar @{ $sim->post($logs, '{"limit":0,"x":1,"sort-order":2}')->{json}{errors} },
	3, 'all errors of a body are told');
is($sim->post('/dbaas-service-logs/nope', {})->{status}, 404, 'logs of no service: 404');
is($sim->post('/dbaas-service-metrics/nope', {})->{status}, 404, 'metrics of no service: 404');

# What belongs to the organisation: every zone says the same, and the query is signed and looked at
my $usage = $sim->get('/usage-report?period=2026-10', signed_query => ['period'])->{json}{usage};
is(scalar @$usage, 48, 'a line of usage for each type and plan');
is_deeply(
	$sim->get('/usage-report?period=2026-10', signed_query => ['period'], zone => 'de-fra-1')
	  ->{json}{usage},
	$usage,
	'in every zone the same');
isnt(
	$sim->get('/usage-report?period=2026-11', signed_query => ['period'])
	  ->{json}{usage}[0]{quantity},
	$usage->[0]{quantity},
	'each month its own');
is(scalar @{ $sim->get('/event')->{json} }, 24, 'events');
is( scalar @{
		$sim->get('/event?from=2025-12-31T20:00:00Z&to=2025-12-31T23:00:00Z',
			signed_query => [qw(from to)])->{json}
	},
	3,
	'of a time');
is($sim->get($_)->{status}, 400, "$_: 400")
  foreach '/usage-report?period=2026-13', '/usage-report?period=', '/usage-report?x=1',
  '/event?from=now', '/event?period=2026-10', '/event?fro=x';

foreach my $bad ([ '--zones', '0' ], [ '--seed', 'x' ], ['--nonsense'], ['--port'], ['stray'])
{
	my $pid = fork // die "cannot fork: $!";
	if ($pid == 0)
	{
		open STDERR, '>', '/dev/null';
		exec DbaasSim::program(), @$bad;
	}
	waitpid $pid, 0;
	is($? >> 8, 2, "dbaas-sim @$bad: exit status 2");
}
like(scalar qx(@{[ DbaasSim::program() ]} --help), qr/--operation-time/,
	'--help tells the options');

done_testing();
