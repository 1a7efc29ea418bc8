# Each status of the API becomes the documented SQLSTATE, with the API's own words.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 3, logs => 20, server => { max_retries => 0 });
my $session = $t->session;
my $list = q{SELECT * FROM exo.dbaas_services WHERE zone = 'de-fra-1'};
my $read =
  q{SELECT * FROM exo.dbaas_migrations WHERE zone = 'de-fra-1' AND service_name = 'pg-2-0001'};
my $post = q{SELECT * FROM exo.dbaas_logs WHERE zone = 'de-fra-1' AND service_name = 'pg-2-0001'};

# fails_with(FAULT, SQL): the error, after which the session works
sub fails_with
{
	my ($fault, $sql) = @_;
	$t->sim->fault({ zone => 'de-fra-1', %$fault });
	my $error = $session->sql_error($sql);
	$t->sim->clear_faults;
	my $what = JSON::PP->new->canonical->ascii->encode($fault);
	is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 9,
		"the session works after $what");
	return $error;
}

my %sqlstate = (
	(map { $_ => '22023' } 400, 422),
	(map { $_ => '28000' } 401, 403),
	(map { $_ => '55006' } 409, 412, 423),
	429 => '53400',
	(   map { $_ => 'HV000' } 300,
		301, 302, 307, 308, 402, 405, 410, 418, 451, 500, 501, 502, 503, 504, 599));
foreach my $status (sort keys %sqlstate)
{
	foreach my $case (
		[ 'GET /dbaas-service', $list ],
		[ 'GET /dbaas-migration-status/pg-2-0001', $read ],
		[ 'POST /dbaas-service-logs/pg-2-0001', $post ])
	{
		my ($request, $sql) = @$case;
		my ($method, $path) = split ' ', $request;
		my $error = fails_with(
			{
				method => $method,
				path => $path,
				action => 'status',
				status => $status + 0,
				body => '{"message":"so it is"}'
			},
			$sql);
		is($error->{sqlstate}, $sqlstate{$status}, "$status to $request");
		is( $error->{message},
			"$request in zone de-fra-1 failed with HTTP status $status",
			'the message has request and status');
		like($error->{detail}, qr/so it is/, 'the detail has the API\'s words');
	}
}
foreach my $status (401, 403, 429)
{
	ok( fails_with({ path => '/dbaas-service', action => 'status', status => $status + 0 }, $list)
		  ->{hint},
		"$status has a hint");
}

# 404: nothing there for a key, an error for a list
$t->sim->fault(
	{ path => '/dbaas-migration-status/*', action => 'status', status => 404, body => 'gone' });
is($session->sql($read), '', '404 for a key is no row');
$t->sim->fault({ path => '/dbaas-service-logs/*', action => 'status', status => 404, body => '' });
is($session->sql($post), '', '404 for a service\'s logs is no row');
$t->sim->clear_faults;
my $error = fails_with(
	{
		path => '/dbaas-service',
		action => 'status',
		status => 404,
		body => '{"message":"Not Found"}'
	},
	$list);
is($error->{sqlstate}, 'HV000', '404 for a list is an error');
like($error->{message}, qr/ 404$/, 'with its status');
like($error->{hint}, qr/endpoint/, 'and a hint at the endpoint');
$error = fails_with({ path => '/dbaas-service', action => 'status', status => 404 },
	$read =~ s/zone = 'de-fra-1' AND//r);
like(
	$error->{message},
	qr{^GET /dbaas-service in zone de-fra-1 failed with HTTP status 404$},
	'also for a list that tells where a key is');

# The shapes of error bodies
foreach my $case (
	[ '{"message":"a message"}', qr/a message$/, 'message' ],
	[ '{"error":"an error"}', qr/an error$/, 'error' ],
	[
		'{"title":"A title","detail":"a detail","errors":["one","two"]}',
		qr/A title; a detail; one; two$/,
		'title, detail and errors'
	],
	[
		q({"title":"Invalid","errors":[{"detail":"must be one of","location":"$['sort-order']"}]}),
		qr/Invalid; must be one of \(at \$\['sort-order'\]\)$/,
		'errors with locations'
	],
	[ 'plain text', qr/plain text$/, 'plain text' ],
	[ '<html><h1>502 Bad Gateway</h1></html>', qr/<html>/, 'HTML' ],
	[ '{"unknown":"shape"}', qr/\{"unknown":"shape"\}/, 'JSON of another shape' ],
	[ '["a","b"]', qr/\["a","b"\]/, 'an array' ],
	[ 'null', qr/null/, 'null' ],
	[ '{"message":null,"error":7}', qr/\{"message":null,"error":7\}/, 'fields of another type' ],
	[ '{"message":"cut', qr/\{"message":"cut/, 'cut-off JSON' ],
	[ '', undef, 'nothing' ],
	[ "{\"message\":\"h\x{e9} \x{65e5}\"}", qr/h\x{e9} \x{65e5}$/, 'text that is not ASCII' ],
	[ "two\nlines\t%s %n %d", qr/two lines %s %n %d$/, 'control characters and formats' ])
{
	my ($body, $detail, $name) = @$case;
	my $got =
	  fails_with({ path => '/dbaas-service', action => 'status', status => 422, body => $body },
		$list)->{detail};
	utf8::decode($got) if defined $got;
	defined $detail ? like($got, $detail, "body: $name") : is($got, undef, "body: $name");
}

# Long bodies are cut, between characters
$error = fails_with(
	{ path => '/dbaas-service', action => 'status', status => 500, body => "\x{65e5}" x 3000 },
	$list);
cmp_ok(length $error->{detail}, '<', 600, 'a long body is cut to a few hundred bytes');
ok(utf8::decode(my $copy = $error->{detail}), 'between characters');
$error = fails_with(
	{
		path => '/dbaas-service',
		action => 'status',
		status => 500,
		body_base64 => 'bm90IFVURi04OiD//g=='
	},
	$list);
like($error->{detail}, qr/not UTF-8: \?\?$/, 'bytes that are not UTF-8 are replaced');
$error = fails_with(
	{ path => '/dbaas-service', action => 'status', status => 500, body_base64 => 'bnVsACB0ZXh0' },
	$list);
like($error->{detail}, qr/nul  ?text$/, 'and so are NUL characters');

# Redirects are not followed
$t->sim->clear;
$error = fails_with(
	{
		path => '/dbaas-service',
		action => 'redirect',
		location => $t->sim->endpoint('at-vie-1') . '/dbaas-service-type'
	},
	$list);
is($error->{sqlstate}, 'HV000', 'a redirect is an error');
like($error->{hint}, qr/endpoint/, 'with a hint');
is(scalar(grep { $_->{path} eq '/dbaas-service-type' } $t->sim->requests),
	0, 'its target was never asked');

# A success other than 200 is one
$t->sim->fault(
	{
		path => '/dbaas-service',
		zone => 'de-fra-1',
		action => 'status',
		status => 206,
		body => '{"dbaas-services":[{"name":"x"}]}'
	});
is($session->sql("SELECT name FROM exo.dbaas_services WHERE zone = 'de-fra-1'"),
	'x', '206 is a success');

# The request for the zones
$t->sim->fault({ path => '/zone', action => 'status', status => 500, body => 'broken' });
$error = $t->sql_error($list);
is($error->{message}, 'GET /zone failed with HTTP status 500', 'an error of GET /zone says so');
$t->sim->fault({ path => '/zone', action => 'status', status => 403 });
is($t->sql_error('SELECT * FROM exo.dbaas_zones')->{sqlstate},
	'28000', 'also when dbaas_zones is read');

# What failed is not remembered
my $other = $t->session;
$t->sim->fault({ path => '/zone', action => 'status', status => 500, body => 'broken' });
$other->sql_error($list);
is($other->sql('SELECT count(*) FROM exo.dbaas_services'),
	9, 'the zones are asked for again after an error');

# Every request in flight is gone after the first error
$t->sim->config(latency => 300);
$t->sim->fault(
	{ path => '/dbaas-external-integrations/pg-1-0001', action => 'status', status => 500 });
$session->sql_error('SELECT * FROM exo.dbaas_external_integrations');
$t->sim->config(latency => 0);
ok( DbaasTest::wait_until(
		sub {
			!grep { !defined $_->{ended_ms} } $t->sim->requests;
		}),
	'no request stays in flight');
is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 9, 'and the session works');

done_testing();
