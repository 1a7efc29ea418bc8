# Answers that are not as documented are errors that say what is wrong, or harmless.
use strict;
use warnings;

use Compress::Zlib ();
use DbaasTest;
use JSON::PP     ();
use MIME::Base64 qw(encode_base64);
use Test::More;

my $t = DbaasTest->new(services => 3, logs => 20, server => { max_retries => 0 });
$t->create_server(max_retries => 0, endpoint => $t->sim->endpoint_template, zones => 'ch-gva-2');
my $session = $t->session;

# The next answer to that path is this body, of status 200
sub answer
{
	my ($path, $body, %more) = @_;
	$t->sim->fault(
		{
			path => $path,
			action => 'status',
			status => 200,
			body_base64 => encode_base64($body, ''),
			%more
		});
	return;
}

sub fails
{
	my ($sql, $name, $detail, $message) = @_;
	my $error = eval { $session->sql_error($sql) };
	$t->sim->clear_faults;
	ok($error, "$name: fails") or return {};
	is($error->{sqlstate}, 'HV000', "$name: HV000");
	like(
		$error->{message},
		qr{^GET /dbaas-service in zone ch-gva-2\b},
		"$name: the message names the request");
	like($error->{message}, $message, "$name: the message") if $message;
	like($error->{detail} // '', $detail, "$name: the detail");
	is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 3, "$name: the session works");
	return $error;
}

my $all = 'SELECT * FROM exo.dbaas_services';

# Not JSON at all, or not a whole
foreach my $case (
	[ '', qr/empty/ ],
	[ 'plain text', qr/./ ],
	[ '<html></html>', qr/./ ],
	[ '{"dbaas-services":[', qr/end/ ],
	[ '{"dbaas-services":[{"name":"x"}]', qr/end/ ],
	[ '{"dbaas-services":[]} {}', qr/./ ],
	[ '{"dbaas-services":[]}}', qr/./ ],
	[ '{"dbaas-services":[]}trailing', qr/./ ],
	[ "{'dbaas-services':[]}", qr/./ ],
	[ '{"dbaas-services":[],}', qr/./ ],
	[ '{"dbaas-services":[{"name":"x"},]}', qr/./ ],
	[ '{"dbaas-services":/* none */[]}', qr/./ ],
	[ '{dbaas-services:[]}', qr/./ ],
	[ '{"dbaas-services":[{"node-count":NaN}]}', qr/./ ],
	[ '{"dbaas-services":[{"node-count":-Infinity}]}', qr/./ ],
	[ '{"dbaas-services":[{"node-count":01}]}', qr/./ ],
	[ '{"dbaas-services":[{"node-count":+1}]}', qr/./ ],
	[ '{"dbaas-services":[{"node-count":1.}]}', qr/./ ],
	[ '{"dbaas-services":[{"node-count":.5}]}', qr/./ ],
	[ '{"dbaas-services":[{"node-count":-}]}', qr/./ ],
	[ '{"dbaas-services":[{"node-count":1e}]}', qr/./ ],
	[ '{"dbaas-services":[{"termination-protection":True}]}', qr/./ ],
	[ '{"dbaas-services":[{"name":nul}]}', qr/./ ],
	[ "{\"dbaas-services\":[{\"name\":\"a\nb\"}]}", qr/./ ],
	[ '{"dbaas-services":[{"name":"\\x"}]}', qr/./ ],
	[ '{"dbaas-services":[{"name":"\\u12"}]}', qr/./ ],
	[ '{"dbaas-services":[{"name":"\\ud800"}]}', qr/./ ],
	[ '{"dbaas-services":[{"notifications":"\\udc00\\ud800"}]}', qr/./ ],
	[ "\xef\xbb\xbf{\"dbaas-services\":[]}", qr/./ ],
	[ "{\"dbaas-services\":[]}\0", qr/./ ])
{
	my ($body, $detail) = @$case;
	(my $name = $body) =~ s/[^ -~]/./g;
	answer('/dbaas-service', $body);
	fails($all, "not JSON: $name", $detail, qr/JSON|field/);
}

# Another shape
foreach my $case (
	[ '[]', qr/array/ ],
	[ '"text"', qr/string/ ],
	[ '7', qr/integer/ ],
	[ 'null', qr/null/ ],
	[ 'true', qr/boolean/ ],
	[ '{"dbaas-services":{}}', qr/"dbaas-services" is of type object, not array/ ],
	[ '{"dbaas-services":"none"}', qr/"dbaas-services" is of type string, not array/ ],
	[ '{"dbaas-services":[{"name":"a"},"b"]}', qr/row 2 is of type string, not object/ ],
	[ '{"dbaas-services":[null]}', qr/row 1 is of type null, not object/ ],
	[ '{"dbaas-services":[[]]}', qr/row 1 is of type array, not object/ ])
{
	my ($body, $detail) = @$case;
	answer('/dbaas-service', $body);
	fails($all, "of another shape: $body", $detail);
}

# White space and unknown fields are no errors, absent and null fields are NULL
answer('/dbaas-service',
		" "
	  . "\r\n\t{ \"new\" : { \"a\" : [ 1 ] } , "
	  . "\"dbaas-services\" : [ { \"name\" : \"x\" , \"extra\" : [ {} ] , \"plan\" : null } ] } "
	  . "\n");
is( $session->sql(
			'SELECT name, plan IS NULL, state IS NULL, node_count IS NULL, notifications IS '
		  . 'NULL, created_at IS NULL FROM exo.dbaas_services'),
	'x|t|t|t|t|t',
	'unknown fields are ignored, null and absent ones are NULL');
foreach my $body ('{}', '{"dbaas-services":null}', '{"dbaas-services":[]}')
{
	answer('/dbaas-service', $body);
	is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 0, "no rows in $body");
}

# A wrong type in one field names the field and the row
sub services
{
	my ($fields) = @_;
	return qq({"dbaas-services":[{"name":"good"},{"name":"bad",$fields}]});
}
foreach my $case (
	[ '"plan":7', 'plan', qr/type integer, not a string/ ],
	[ '"plan":["a"]', 'plan', qr/type array, not a string/ ],
	[ '"node-count":"3"', 'node-count', qr/type string, not an integer/ ],
	[ '"node-count":1.5', 'node-count', qr/type number, not an integer/ ],
	[ '"node-count":true', 'node-count', qr/type boolean, not an integer/ ],
	[ '"node-count":{}', 'node-count', qr/type object, not an integer/ ],
	[ '"disk-size":9223372036854775808', 'disk-size', qr/out of range/ ],
	[ '"disk-size":-9223372036854775809', 'disk-size', qr/out of range/ ],
	[ '"disk-size":18446744073709551617', 'disk-size', qr/out of range/ ],
	[ '"disk-size":1e2', 'disk-size', qr/not an integer/ ],
	[ '"termination-protection":"true"', 'termination-protection', qr/type string, not a boolean/ ],
	[ '"termination-protection":1', 'termination-protection', qr/type integer, not a boolean/ ],
	[ '"created-at":1767225600', 'created-at', qr/type integer, not a string/ ],
	[ '"created-at":"yesterday"', 'created-at', qr/not a time/ ],
	[ '"created-at":"now"', 'created-at', qr/not a time/ ],
	[ '"created-at":"infinity"', 'created-at', qr/not a time/ ],
	[ '"created-at":""', 'created-at', qr/not a time/ ],
	[ '"created-at":"2026-13-01T00:00:00Z"', 'created-at', qr/out of range/ ],
	[ '"created-at":"2026-01-01T25:00:00Z"', 'created-at', qr/out of range/ ],
	[ '"plan":"a\\u0000b"', 'plan', qr/NUL|u0000/ ],
	[ '"notifications":["a\\u0000b"]', 'notifications', qr/NUL|Unicode/ ])
{
	my ($fields, $field, $detail) = @$case;
	answer('/dbaas-service', services($fields));
	fails($all, $fields, $detail, qr/field "$field" of row 2\b/);
}
answer('/dbaas-service', services('"plan":7'));
is($session->sql(q{SELECT count(name) FROM exo.dbaas_services}),
	2, 'a field that the query does not use is not looked at');

# bigint to its ends
answer('/dbaas-service',
		'{"dbaas-services":[{"disk-size":9223372036854775807},'
	  . '{"disk-size":-9223372036854775808},{"disk-size":0},{"disk-size":-0}]}');
is( $session->sql(q{SELECT string_agg(disk_size::text, ',') FROM exo.dbaas_services}),
	'9223372036854775807,-9223372036854775808,0,0',
	'the ends of bigint are read');

# jsonb is what PostgreSQL makes of the API's own text
foreach my $value (
	'18446744073709551617123', '-99999999999999999999',
	'0.12345678901234567890123456789012345678901234567890', '1.10',
	'1.0', '1e400',
	'1E-5', '12345678901234567890.5',
	'123456789012345678901e3', '-0',
	'-0.0', '1e5',
	'9223372036854775808', '0.1e-10',
	'[1.50,{"a":12345678901234567890123}]', '"12345678901234567890"',
	'"a/b\\/c"', '"\\u00e9\\ud83d\\ude00\\t\\\\"',
	'""', '{"b":1,"a":2,"b":3}',
	'{"a":{"b":[null,true,false,{}]}}', 'true',
	'[]', '"NaN Infinity"',
	'{"":0}', '"\\u007f"')
{
	answer('/dbaas-service', services(qq("notifications":$value)));
	my ($got, $stderr) =
	  $session->sql_both(q{SELECT notifications::text FROM exo.dbaas_services WHERE name = 'bad'});
	my $wanted = $session->sql("SELECT '$value'::jsonb::text");
	is($got, $wanted, "jsonb $value") or diag($stderr);
	$t->sim->clear_faults;
}

# Times
foreach my $case (
	[ '2026-01-02T03:04:05Z', '2026-01-02 03:04:05+00' ],
	[ '2026-01-02T03:04:05.1Z', '2026-01-02 03:04:05.1+00' ],
	[ '2026-01-02T03:04:05.1234567Z', '2026-01-02 03:04:05.123457+00' ],
	[ '2026-01-02T03:04:05.678901+02:00', '2026-01-02 01:04:05.678901+00' ])
{
	my ($text, $time) = @$case;
	answer('/dbaas-service', services(qq("created-at":"$text")));
	is( $session->sql(
			q{SET timezone = 'UTC'; SELECT created_at FROM exo.dbaas_services WHERE name = 'bad'}),
		$time,
		"time $text");
}

# Bytes that are not UTF-8, deep nesting
answer('/dbaas-service', services("\"plan\":\"a\xff\""));
fails($all, 'bytes that are not UTF-8', qr/./);
answer('/dbaas-service', services("\"plan\":\"a\xed\xa0\x80\""));
fails($all, 'a surrogate in UTF-8', qr/./);
answer('/dbaas-service', services("\"plan\":\"a\xc0\xaf\""));
fails($all, 'an overlong form', qr/./);
answer('/dbaas-service', services('"notifications":' . '[' x 20000 . ']' x 20000));
fails($all, 'deep nesting', qr/./);
answer('/dbaas-service', services('"notifications":' . '{"a":' x 500000));
fails($all, 'deeper nesting, cut off', qr/./);

# Bodies that end early, that cannot be unpacked, that are too large
$t->sim->config(gzip => JSON::PP::false);
$t->sim->fault({ path => '/dbaas-service', action => 'cut' });
fails($all, 'a body that is cut off', qr/./);
$t->sim->config(gzip => JSON::PP::true);
$t->sim->fault({ path => '/dbaas-service', action => 'cut' });
fails($all, 'a compressed body that is cut off', qr/./);
my %gzip = (headers => { 'Content-Encoding' => 'gzip' });
answer('/dbaas-service', 'this is no gzip', %gzip);
fails($all, 'a body that is not what Content-Encoding says', qr/./);
my $gzipped = Compress::Zlib::memGzip('{"dbaas-services":[{"name":"x"}]}');
answer('/dbaas-service', $gzipped, %gzip);
is($session->sql('SELECT name FROM exo.dbaas_services'), 'x', 'a small compressed body is read');
answer('/dbaas-service', substr($gzipped, 0, length($gzipped) - 12), %gzip);
fails($all, 'a compressed body without its end', qr/./);
answer('/dbaas-service', '{"dbaas-services":[]}',
	headers => { 'Content-Encoding' => 'unheard-of' });
fails($all, 'an unknown Content-Encoding', qr/./);

$t->create_server(
	max_retries => 0,
	endpoint => $t->sim->endpoint_template,
	zones => 'ch-gva-2',
	max_response_bytes => 65536);
my $large = '{"dbaas-services":[' . ' ' x 65536 . ']}';
answer('/dbaas-service', $large);
my $error = fails($all, 'an answer larger than max_response_bytes', qr/too large/);
like($error->{hint}, qr/max_response_bytes/, 'the hint names the option');
answer('/dbaas-service', '{"dbaas-services":[' . ' ' x (65536 - 21) . ']}');
is($session->sql('SELECT count(*) FROM exo.dbaas_services'), 0, 'one of exactly that size is read');
my $bomb = Compress::Zlib::memGzip(' ' x 50_000_000);
cmp_ok(length $bomb, '<', 65536, 'a bomb of ' . length($bomb) . ' bytes');
answer('/dbaas-service', $bomb, %gzip);
fails($all, 'a bomb', qr/too large/);

# The list of zones
$t->create_server(max_retries => 0);
foreach my $case (
	[ '{}', qr/zones/ ],
	[ '{"zones":{}}', qr/zones/ ],
	[ '{"zones":[{}]}', qr/name/ ],
	[ '{"zones":[{"name":7}]}', qr/name/ ],
	[ '{"zones":[{"name":"a"}]}', qr/api-endpoint/ ],
	[ '{"zones":[{"name":"a","api-endpoint":"file:///etc/passwd"}]}', qr/scheme|URL/ ],
	[ '{"zones":[{"name":"a","api-endpoint":"http://192.0.2.1/v2"}]}', qr/loopback/ ],
	[ '{"zones":[{"name":"a","api-endpoint":"https://user:pass@127.0.0.1/v2"}]}', qr/user/ ],
	[ '{"zones":["a"]}', qr/name/ ])
{
	my ($body, $detail) = @$case;
	answer('/zone', $body);
	my $wrong = $t->sql_error($all);
	is($wrong->{sqlstate}, 'HV000', "zones $body: HV000");
	like($wrong->{message}, qr{^GET /zone answered}, 'the message names the request');
	like($wrong->{detail}, $detail, 'the detail what is wrong');
	$t->sim->clear_faults;
}

answer('/zone', '{"zones":[]}');
is($t->sql_error($all)->{sqlstate}, 'HV000', 'no zones at all is no answer');
$t->sim->clear_faults;
is($t->sql('SELECT count(*) > 0 FROM exo.dbaas_services'), 't', 'and is not remembered');
$t->create_server(max_retries => 0, zones => 'ch-gva-2,no-such-9');
like(join(' ', map { $_ // '' } @{ $t->sql_error($all) }{qw(message detail)}),
	qr/no-such-9/,
	'a zone that option zones names and the API does not have is an error that names it');
$t->create_server(max_retries => 0);
$session = $t->session;

# A value that its type cannot read, whatever error that is
$t->sql('CREATE FOREIGN TABLE own (zone text, type regclass) SERVER exoscale '
	  . "OPTIONS (resource 'services')");
my $unread = $session->sql_error("SELECT type FROM own WHERE zone = 'ch-gva-2'");
is($unread->{sqlstate}, 'HV000', 'a value that is no regclass: HV000');
like($unread->{message}, qr/: field "type" of row 1 cannot be used$/, 'says where it is');
like($unread->{detail}, qr/^relation "\w+" does not exist$/, 'and what is wrong');

# Logs and metrics of another shape
foreach my $case (
	[ logs => '{"logs":{}}', qr/"logs" is of type object/ ],
	[ logs => '{"logs":[{"message":7}]}', qr/integer/ ],
	[ metrics => '{"metrics":[]}', qr/"metrics" is of type array/ ],
	[ metrics => '{"metrics":{"cpu":7}}', qr/integer/ ],
	[ metrics => '{"metrics":{"cpu":{"data":[]}}}', qr/array/ ],
	[
		metrics => '{"metrics":{"cpu":{"data":{"cols":[{"label":"time"},{"label":"a"}]}}}}',
		qr/rows/
	],
	[
		metrics => '{"metrics":{"cpu":{"data":{"cols":[{"label":"time"},{"label":"a"}],'
		  . '"rows":[["2026-01-01T00:00:00Z"]]}}}}',
		qr/line 1/
	],
	[
		metrics => '{"metrics":{"cpu":{"data":{"cols":[{"label":"time"},{"label":"a"}],'
		  . '"rows":[["2026-01-01T00:00:00Z","x"]]}}}}',
		qr/not a number/
	])
{
	my ($table, $body, $detail) = @$case;
	answer("/dbaas-service-$table/*", $body);
	my $wrong = $session->sql_error(
		"SELECT * FROM exo.dbaas_$table WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'");
	is($wrong->{sqlstate}, 'HV000', "$table $body: HV000");
	like(
		$wrong->{message},
		qr{^POST /dbaas-service-$table/pg-1-0001 in zone ch-gva-2\b},
		'the message names the request');
	like($wrong->{detail}, $detail, 'the detail what is wrong');
	$t->sim->clear_faults;
}

done_testing();
