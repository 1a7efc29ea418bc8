# Each request byte for byte: path, headers, body.
use strict;
use warnings;
use utf8;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 2, logs => 20);
$t->create_server(endpoint => $t->sim->endpoint_template, zones => 'ch-gva-2');
my $session = $t->session;

sub request
{
	my ($sql) = @_;
	my @sent = $session->requests($sql);
	is(scalar @sent, 1, "one request: $sql");
	return $sent[0];
}

# Headers
my $get = request('SELECT * FROM exo.dbaas_services');
is($get->{url}, '/ch-gva-2/v2/dbaas-service', 'the endpoint, and the path behind it');
is($get->{query}, undef, 'no query arguments');
is($get->{body}, undef, 'a GET has no body');
my $version = $session->sql(q{SELECT extversion FROM pg_extension WHERE extname = 'dbaas_fdw'});
is($get->{headers}{'user-agent'}, "dbaas_fdw/$version", 'User-Agent');
is($get->{headers}{authorization}, 'EXO2 signed', 'Authorization');
is($get->{headers}{accept}, 'application/json', 'Accept');
like($get->{headers}{'accept-encoding'}, qr/gzip/, 'compressed answers are accepted');
ok(!exists $get->{headers}{'content-type'}, 'no Content-Type without a body');
ok($get->{signed}, 'the signature is right');

my $zones = request('SELECT * FROM exo.dbaas_zones');
ok(!exists $zones->{headers}{authorization}, 'the request for the zones has no Authorization');
is($zones->{headers}{'user-agent'}, "dbaas_fdw/$version", 'but a User-Agent');

my $post = request(q{SELECT * FROM exo.dbaas_metrics WHERE service_name = 'pg-1-0001'});
is($post->{headers}{'content-type'}, 'application/json', 'Content-Type with a body');
ok(!exists $post->{headers}{expect}, 'no Expect');
is($post->{headers}{'content-length'}, length '{"period":"hour"}', 'Content-Length');

# Bodies, compact
is($post->{body}, '{"period":"hour"}', 'metrics: the default period');
is( request(
		q{SELECT * FROM exo.dbaas_metrics WHERE service_name = 'pg-1-0001' AND period = 'year'})
	  ->{body},
	'{"period":"year"}',
	'metrics: a period');
is_deeply(
	[
		sort map { $_->{body} } $session->requests(
				q{SELECT count(*) FROM exo.dbaas_metrics WHERE service_name = 'pg-1-0001' }
			  . q{AND period IN ('day', 'week')})
	],
	[ '{"period":"day"}', '{"period":"week"}' ],
	'metrics: two periods are two requests');

my $logs = q{FROM exo.dbaas_logs WHERE service_name = 'pg-1-0001'};
is( request("SELECT * $logs LIMIT 1")->{body},
	'{"sort-order":"desc","limit":1}',
	'logs: order and limit');
is( request("SELECT * $logs AND sort_order = 'asc' LIMIT 1")->{body},
	'{"sort-order":"asc","limit":1}',
	'logs: ascending');
is( request("SELECT * $logs AND log_limit = 7")->{body},
	'{"sort-order":"desc","limit":7}',
	'logs: log_limit');
my $cursor = $session->sql("SELECT next_offset $logs LIMIT 1");
is( request("SELECT * $logs AND log_offset = '$cursor' LIMIT 2")->{body},
	qq({"sort-order":"desc","limit":2,"offset":"$cursor"}),
	'logs: a cursor');

# A cursor is opaque: whatever it holds is sent as JSON has it, slashes as they are
$t->sim->fault(
	{ path => '/dbaas-service-logs/*', action => 'status', status => 200, body => '{"logs":[]}' });
is( request(qq{SELECT * $logs AND log_offset = E'a/b"c\\\\d\\té' LIMIT 2})->{body},
	"{\"sort-order\":\"desc\",\"limit\":2,\"offset\":\"a/b\\\"c\\\\d\\t\x{e9}\"}",
	'logs: a strange cursor');

# Outside the API's enum or bounds: an error, and nothing is sent
foreach my $case (
	[ "SELECT * $logs AND sort_order = 'up'", qr/sort_order/, qr/asc, desc/ ],
	[ "SELECT * $logs AND log_limit = 501", qr/log_limit/, qr/1 to 500/ ],
	[ "SELECT * $logs AND log_limit = 0", qr/log_limit/, qr/1 to 500/ ],
	[ "SELECT * $logs AND log_limit IN (10, -1)", qr/log_limit/, qr/1 to 500/ ],
	[
		"SELECT * FROM exo.dbaas_metrics WHERE service_name = 'pg-1-0001' AND period = 'decade'",
		qr/period/, qr/day, hour, month, week, year/
	])
{
	my ($sql, $message, $hint) = @$case;
	$t->sim->clear;
	my $error = $session->sql_error($sql);
	is($error->{sqlstate}, '22023', "$sql: refused");
	like($error->{message}, $message, 'the message names the column');
	like($error->{hint}, $hint, 'the hint lists what is allowed');
	is_deeply([ $t->sim->requests ], [], 'nothing was sent');
}

# Path segments: everything but unreserved characters is encoded, so no value reaches another path
foreach my $case (
	[ 'a b', 'a%20b' ],
	[ 'a/b', 'a%2Fb' ],
	[ '../zone', '..%2Fzone' ],
	[ 'a?b#c', 'a%3Fb%23c' ],
	[ '%2e%2e', '%252e%252e' ],
	[ '...', '...' ],
	[ 'a&b=c;d+e,f:g@h$i!j*k(l)', 'a%26b%3Dc%3Bd%2Be%2Cf%3Ag%40h%24i%21j%2Ak%28l%29' ],
	[ 'A-z_0.9~', 'A-z_0.9~' ],
	[ "h\x{e9}", 'h%C3%A9' ],
	[ "\x{65e5}\x{1f600}", '%E6%97%A5%F0%9F%98%80' ],
	[ "a\nb", 'a%0Ab' ],
	[ '\\', '%5C' ])
{
	my ($name, $encoded) = @$case;
	(my $quoted = $name) =~ s/'/''/g;
	utf8::encode($quoted);
	my $sent = request("SELECT * FROM exo.dbaas_migrations WHERE service_name = '$quoted'");
	is($sent->{url}, "/ch-gva-2/v2/dbaas-migration-status/$encoded", 'is sent percent-encoded');
	ok($sent->{signed}, 'and signed as it is sent');
}
is( request(
			q{SELECT * FROM exo.dbaas_integration_settings WHERE integration_type = 'a/b' }
		  . q{AND source_type = 'c d' AND dest_type = '%'})->{path},
	'/dbaas-integration-settings/a%2Fb/c%20d/%25',
	'every parameter of a path is encoded');

# A final slash of the endpoint is not doubled
$t->create_server(endpoint => $t->sim->endpoint_template . '/', zones => 'ch-gva-2');
is(($t->requests('SELECT * FROM exo.dbaas_services'))[0]{url},
	'/ch-gva-2/v2/dbaas-service', 'an endpoint with a final slash');

done_testing();
