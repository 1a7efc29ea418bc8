# Tables that declare a path of their own: query arguments, whatever values and
# answers hold, parents without names, secrets, dumps, and that many scans of
# one cost no more than of a built-in table.
use strict;
use warnings;

use DbaasTest;
use IPC::Run                ();
use JSON::PP                ();
use PostgreSQL::Test::Utils ();
use Test::More;

my $t =
  DbaasTest->new(zones => 2, services => 8, logs => 5, conf => "dbaas_fdw.log_requests = on\n");
my $session = $t->session;
my $json = JSON::PP->new->utf8->canonical->allow_nonref;
my $zone = 'ch-gva-2';

# What the API answers on paths that this simulator does not know
sub answer
{
	my ($body, $path) = @_;
	$t->sim->clear_faults;
	$t->sim->fault(
		{ action => 'answer', path => $path // '/instance*', times => -1, body => $body });
	return;
}

# The requests' URLs, behind the zone's prefix, of a statement; all of them
# have to be signed rightly
sub urls
{
	my ($sql) = @_;
	my @sent = $session->requests($sql);
	is(scalar(grep { !$_->{signed} || $_->{status} != 200 } @sent), 0, "signed: $sql");
	return join ' ', sort map { $_->{url} =~ s{^/[^/]*/v2}{}r } @sent;
}

# Query arguments: sorted, encoded, signed; one that is not given is left out
$session->sql(
	q{CREATE FOREIGN TABLE instances (
	zone text,
	id int,
	label text,
	search text OPTIONS (param 'search'),
	size bigint OPTIONS (param 'page-size'),
	manager uuid OPTIONS (param 'manager-id'),
	"Upper" text OPTIONS (param 'Upper')
) SERVER exoscale OPTIONS (path '/instance', rows 'instances[]')});
answer('{"instances":[{"id":1,"label":"a"},{"id":2,"label":"b"}]}');
$session->sql('SELECT 1 FROM instances');
my $at = "zone = '$zone'";
is(urls("SELECT id FROM instances WHERE $at"), '/instance', 'none');
is(urls("SELECT id FROM instances WHERE $at AND search = 'a b&c=\xc3\xbc/%+;,' AND size = 5"),
	'/instance?page-size=5&search=a%20b%26c%3D%C3%BC%2F%25%2B%3B%2C', 'two');
is( urls(
			qq{SELECT id FROM instances WHERE $at AND search = 'x' AND "Upper" = 'y' }
		  . qq{AND manager = '11111111-2222-4333-8444-555555555555'}),
	'/instance?Upper=y&manager-id=11111111-2222-4333-8444-555555555555&search=x',
	'three, in the order of bytes');
is(urls("SELECT id FROM instances WHERE $at AND search = ''"),
	'/instance?search=', 'an empty one is given');
is( urls("SELECT id FROM instances WHERE $at AND search IN ('x', 'y', 'x')"),
	'/instance?search=x /instance?search=y',
	'each value of a list');
is(urls("SELECT id FROM instances WHERE $at AND search = NULL"), '', 'NULL asks nothing');
is(urls("SELECT id FROM instances WHERE $at AND search IS NULL"),
	'/instance', 'what is not given is NULL');
is( urls(
			"SELECT id FROM (VALUES ('x'), ('y'), ('x'), (NULL)) AS v(x) JOIN instances "
		  . "ON search = v.x WHERE $at"),
	'/instance?search=x /instance?search=y',
	'a join gives them');
$session->sql(
	"PREPARE p(text, bigint) AS SELECT id FROM instances WHERE $at AND search = \$1 AND size = \$2"
);
is(urls("EXECUTE p('$_', 3)"), "/instance?page-size=3&search=$_", 'a parameter gives them')
  foreach 1 .. 7;
is( $session->sql(
		"SELECT id, search, size FROM instances WHERE $at AND search = 'x' AND size = 2 ORDER BY 1"
	),
	"1|x|2\n2|x|2",
	'the column shows what was asked for');
is($session->sql("SELECT id, search, size FROM instances WHERE $at ORDER BY 1"),
	"1||\n2||", 'or NULL');
like(
	$session->sql("EXPLAIN (COSTS OFF) SELECT id FROM instances WHERE $at AND search = 'x'"),
	qr/Request: GET \/instance\n\s+Keys: search = 'x'/,
	'EXPLAIN shows them');
$session->sql(
	q{ALTER FOREIGN TABLE instances ALTER label OPTIONS (ADD param 'label', ADD field 'label')});
is($session->sql("SELECT id, label FROM instances WHERE $at AND label = 'a'"),
	'1|a', 'one that the answer has is checked');
is(urls("SELECT id FROM instances WHERE $at AND label = 'a'"), '/instance?label=a', 'and sent');
$session->sql(q{ALTER FOREIGN TABLE instances ALTER label OPTIONS (DROP param)});
is(urls("SELECT id FROM instances WHERE $at AND label = 'a'"),
	'/instance', 'options of columns can be altered');
$session->sql(q{ALTER FOREIGN TABLE instances OPTIONS (SET path '/instance-pool/{search}')});
is( urls("SELECT id FROM instances WHERE $at AND search = 'x' AND size = 1"),
	'/instance-pool/x?page-size=1',
	'a parameter of the path beside a query argument');
is(urls('EXECUTE p(1, 3)'), '/instance-pool/1?page-size=3', 'plans follow');

# One that is a secret is sent, and not told
$session->sql(q{CREATE FOREIGN TABLE tokens (zone text, id int, token text }
	  . q{OPTIONS (param 'api-token'), q text OPTIONS (param 'q')) SERVER exoscale }
	  . q{OPTIONS (path '/instance')});
answer('{"id":"x"}');
is( urls("SELECT count(*) FROM tokens WHERE $at AND token = 'S3C' || 'RET' AND q = 'seen'"),
	'/instance?api-token=S3CRET&q=seen',
	'a secret is sent');
foreach my $body ('{"id":"x"}', '[]', '')
{
	answer($body);
	my $error = $session->sql_error(
		"SELECT id FROM tokens WHERE $at AND token = 'S3C' || 'RET' AND q = 'seen'");
	like(
		$error->{message},
		qr{^GET /instance\?api-token=\*\*\*&q=seen in zone},
		'an error names the request');
	unlike($error->{stderr}, qr/S3CRET/, 'without it');
}

# Values in a path
$session->sql(q{CREATE FOREIGN TABLE one (zone text, x text OPTIONS (param 'x'), whole jsonb }
	  . q{OPTIONS (field '*')) SERVER exoscale OPTIONS (path '/instance/{x}/y.{x}')});
answer('{}');
my %encoded = (
	'a/b' => 'a%2Fb',
	'%2F' => '%252F',
	'...' => '...',
	'%2e%2e' => '%252e%252e',
	' ' => '%20',
	'?x=1' => '%3Fx%3D1',
	'#f' => '%23f',
	'{x}' => '%7Bx%7D',
	"h\xc3\xa9" => 'h%C3%A9',
	"\xe6\x97\xa5\xf0\x9f\x98\x80" => '%E6%97%A5%F0%9F%98%80',
	q{x''y} => 'x%27y',
	'a\\b' => 'a%5Cb',
	"a\nb" => 'a%0Ab',
	"\x01\x7f" => '%01%7F',
	'a;b:c@d&e' => 'a%3Bb%3Ac%40d%26e',
	'~-._' => '~-._',
	'../..' => '..%2F..');
foreach my $value (sort keys %encoded)
{
	my $shown = $value =~ s/[^ -~]/?/gr;
	is( urls("SELECT x FROM one WHERE $at AND x = '$value'"),
		"/instance/$encoded{$value}/y.$encoded{$value}",
		"the path of $shown");
	is( $session->sql("SELECT x FROM one WHERE $at AND x = '$value'"),
		$value =~ s/''/'/r,
		'and what the column shows');
}
is(urls("SELECT x FROM one WHERE $at AND x = '$_'"), '', "'$_' is no part of a path")
  foreach '', '.', '..';

# Whatever an answer is
sub table
{
	my ($name, $rows, $columns) = @_;
	$session->sql(
		"CREATE FOREIGN TABLE $name (zone text, $columns) SERVER exoscale OPTIONS (path '/instance'"
		  . (defined $rows ? ", rows '$rows')" : ')'));
	return;
}
table('elements', '[]', q{id int});
table('anything', '[]', q{v jsonb OPTIONS (field '*')});
table('itself', undef, q{v jsonb OPTIONS (field '*')});
table('object', undef, q{id int});
table('members', '{}', q{k text OPTIONS (field '#key'), v jsonb OPTIONS (field '*')});
table('list', 'list[]', q{id int});
table('deep', '[].a.b[].c{}',
	q{k text OPTIONS (field '#key'), v jsonb OPTIONS (field '*'), b int OPTIONS (field '../b')});
table('cells', '<>',
		q{l text OPTIONS (field '#label'), f int OPTIONS (field '#first'), v int }
	  . q{OPTIONS (field '#value')});
my @cases = (

	# answer, table, rows or what is wrong
	[ '[{"id":5},{"id":null},{}]', 'elements', "5\n\n" ],
	[ '[]', 'elements', '' ],
	[ '[1]', 'elements', qr/row 1 is of type integer, not object/ ],
	[ '[{"id":1},null]', 'elements', qr/row 2 is of type null, not object/ ],
	[ '{"id":1}', 'elements', qr/rows are in a value of type object, not array/ ],
	[ '"x"', 'elements', qr/rows are in a value of type string, not array/ ],
	[ 'null', 'elements', qr/rows are in a value of type null, not array/ ],
	[ '[1,"a",{"x":5},[7],null]', 'anything', qq{1\n"a"\n{"x": 5}\n[7]\n} ],
	[ '[1,2]', 'itself', '[1, 2]' ],
	[ '"x"', 'itself', '"x"' ],
	[ 'true', 'itself', 'true' ],
	[ '{"x":1}', 'itself', '{"x": 1}' ],
	[ '{"id":7}', 'object', '7' ],
	[ '{}', 'object', '' ],
	[ '[{"id":7}]', 'object', qr/JSON that is not an object/ ],
	[ '7', 'object', qr/JSON that is not an object/ ],
	[ '{"a":1,"b":{"c":2}}', 'members', qq(a|1\nb|{"c": 2}) ],
	[ '[1]', 'members', qr/rows are in a value of type array, not object/ ],
	[ '{"list":[{"id":1},{"id":2}]}', 'list', "1\n2" ],
	[ '{"list":null}', 'list', undef ],
	[ '{"other":[{"id":1}]}', 'list', undef ],
	[ '{"list":{"id":1}}', 'list', qr/field "list" is of type object, not array/ ],
	[ '{"list":"x"}', 'list', qr/field "list" is of type string, not array/ ],
	[ '[{"id":1}]', 'list', qr/JSON that is not an object/ ],
	[
		'[{"a":{"b":[{"b":3,"c":{"k":1,"l":2}},{"c":{}},{}]}},{},{"a":null}]', 'deep',
		"k|1|3\nl|2|3"
	],
	[ '[5]', 'deep', qr/answer's element around field "a" is of type integer, not object/ ],
	[ '{"cols":[{"label":"x"},{"label":"n"}],"rows":[[1,2],[3,4]]}', 'cells', "n|1|2\nn|3|4" ],
	[ '{"cols":5}', 'cells', qr/has no arrays "cols" and "rows"/ ],
	[ '', 'elements', qr/The answer is empty/ ],
	[ 'no', 'elements', qr/cannot be used: syntax error near byte 1/ ],
	[ '{"id":"x"}', 'object', qr/invalid input syntax for type integer/ ],
	[ '{"id":[1]}', 'object', qr/invalid input syntax for type integer/ ],
	[ '{"id":99999999999}', 'object', qr/out of range for type integer/ ]);

foreach my $case (@cases)
{
	my ($body, $table, $expected) = @$case;
	answer($body);
	my $columns =
	  $session->sql(qq{SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute }
		  . qq{WHERE attrelid = '$table'::regclass AND attnum > 1});
	my $sql = "SELECT $columns FROM $table WHERE $at";
	if (ref $expected)
	{
		my $error = $session->sql_error($sql);
		is( $error->{sqlstate},
			$error->{message} =~ /field .* cannot be used/ ? $error->{sqlstate} : 'HV000',
			"$table over $body: an error");
		like("$error->{message} $error->{detail}", $expected, 'that says why');
		next;
	}
	is( $session->sql("SELECT count(*) FROM $table WHERE $at"),
		!defined $expected || ($expected eq '' && $body eq '[]') ? 0 : 1 + ($expected =~ tr/\n//),
		"$table over $body: the number of rows");
	is($session->sql($sql), $expected // '', 'and the rows');
}
answer('{"id":7}');
is($session->sql("SELECT o.id, i.v FROM object o, itself i WHERE o.$at AND i.$at"),
	'7|{"id": 7}', 'tables that see an answer differently share it');

# Parents without a name, or with one that cannot be one
$session->sql(
	q{CREATE FOREIGN TABLE each (zone text, s text OPTIONS (param 's', from 'name'), plan text)
	SERVER exoscale OPTIONS (path '/dbaas-postgres/{s}', for_each 'services',
		for_each_filter 'type=pg')}
);
foreach my $parent (
	'{"type":"pg"}', '{"name":null,"type":"pg"}',
	'{"name":"..","type":"pg"}', '{"name":"","type":"pg"}',
	'{"name":"pg-1-0001"}', '{"name":"pg-1-0001","type":null}',
	'{"name":"pg-1-0001","type":{"a":1}}', '{"name":{"a":1},"type":"pg"}',
	'{"name":"pg-1-0001","type":"PG"}', '{}')
{
	$t->sim->clear_faults;
	$t->sim->fault(
		{
			action => 'body',
			path => '/dbaas-service',
			zone => $zone,
			times => -1,
			body => qq({"dbaas-services":[$parent,{"name":"pg-1-0001","type":"pg"}]})
		});
	is_deeply(
		[ $session->lines("SELECT * FROM each WHERE $at") ],
		[ "GET $zone /dbaas-postgres/pg-1-0001", "GET $zone /dbaas-service" ],
		"nothing is asked for $parent");
}
$t->sim->clear_faults;
$t->sim->fault(
	{
		action => 'body',
		path => '/dbaas-service',
		zone => $zone,
		times => -1,
		body => '{"dbaas-services":[5]}'
	});
is($session->sql_error("SELECT * FROM each WHERE $at")->{sqlstate},
	'HV000', 'a list of something else is an error');
$t->sim->clear_faults;

# Any list names parents, and one request is sent for each
$session->sql(
	q{CREATE FOREIGN TABLE datadogs (zone text, id uuid OPTIONS (param 'endpoint-id', from 'id'),
		name text, first text OPTIONS (field 'nope|type|name'))
	SERVER exoscale OPTIONS (path '/dbaas-external-endpoint-datadog/{endpoint-id}',
		for_each 'external-endpoints', for_each_filter 'type=datadog')}
);
my @datadogs = map {
	my $z = $_;
	map    { "$z|$_->{id}|$_->{name}|datadog" }
	  grep { $_->{type} eq 'datadog' }
	  @{ $t->sim->get('/dbaas-external-endpoints', zone => $z)->{json}{'dbaas-endpoints'} }
} $t->sim->zones;
cmp_ok(scalar(@datadogs), '>', 0, 'there are some');
is( $session->sql('SELECT zone, id, name, first FROM datadogs'),
	join("\n", @datadogs),
	'endpoints of one type, and the first field that is there');
$session->sql(q{CREATE FOREIGN TABLE schemas (zone text, t text }
	  . q{OPTIONS (param 't', from 'name'), settings jsonb) SERVER exoscale }
	  . q{OPTIONS (path '/dbaas-settings-{t}', for_each 'service-types')});
is( $session->sql("SELECT t, settings FROM schemas WHERE $at ORDER BY 1"),
	$session->sql("SELECT type, settings FROM exo.dbaas_service_settings WHERE $at ORDER BY 1"),
	'what is made so is what is built in');

# A password that a path is about, and secrets in numbers, lists and names with underscores
$session->sql(
	q{CREATE FOREIGN TABLE reveal (zone text, s text OPTIONS (param 's'), u text
		OPTIONS (param 'u'), username text, password text, whole jsonb
		OPTIONS (field '*'), itself int OPTIONS (field 'x'))
	SERVER exoscale OPTIONS (path '/dbaas-postgres/{s}/user/{u}/password/reveal')});
answer('{"username":"avnadmin","password":"S3CRET","x":"postgres://u:S3CRET@h"}',
	'/dbaas-postgres/*');
is( $session->sql(
		qq{SELECT username, password, whole FROM reveal WHERE $at AND s = 'a' AND u = 'b'}),
	'avnadmin|***|{"x": "postgres://u:***@h", "password": "***", "username": "avnadmin"}',
	'a revealed password stays hidden');
unlike(
	$session->sql_error(qq{SELECT itself FROM reveal WHERE $at AND s = 'a' AND u = 'b'})->{stderr},
	qr/S3CRET/, 'in an error too');
foreach my $case (
	[ '{"password":123456}', '{"password": "***"}' ],
	[ '{"api_key":1234,"a":1}', '{"a": 1, "api_key": "**"}' ],
	[ '{"token":-12.5e7,"n":-12.5}', '{"n": -12.5, "token": "***"}' ],
	[ '{"secret":12,"tokens":7}', '{"secret": 12, "tokens": 7}' ],
	[ '{"secret":123,"x":[123]}', '{"x": [123], "secret": "*"}' ],
	[ '{"access-keys":["S3CRET",12345,{"id":1}]}', '{"access-keys": ["***", "***", {"id": 1}]}' ],
	[ '{"password":true,"client_secret":null}', '{"password": true, "client_secret": null}' ],
	[ '{"\u0070assword":"S3CRET"}', '{"password": "***"}' ])
{
	my ($body, $shown) = @$case;
	answer($body);
	is($session->sql("SELECT v FROM itself WHERE $at"), $shown, "$body is shown without secrets");
}

# The built-in tables hide them too, whatever they are about; what services log is shown as it is
my $list = $t->sim->get('/dbaas-service', zone => $zone)->{json}{'dbaas-services'};
$list->[0]{integrations} = [
	{
		id => DbaasSim::uuid('x'),
		type => 'metrics',
		source => 'a',
		dest => 'b',
		settings => { 'basic-auth-password' => 'S3CRET', url => 'https://u:S3CRET@h/' }
	}
];
$list->[0]{notifications} = [
	{
		level => 'notice',
		type => 'x',
		message => 'see https://u:S3CRET@h/',
		metadata => { token => 'S3CRET' }
	}
];
$t->sim->clear_faults;
$t->sim->fault(
	{
		action => 'merge',
		path => '/dbaas-service',
		zone => $zone,
		times => -1,
		patch => { 'dbaas-services' => $list }
	});
$session->sql(q{CREATE FOREIGN TABLE whole_endpoints (zone text, whole jsonb }
	  . q{OPTIONS (field '*')) SERVER exoscale OPTIONS (resource 'external-endpoints')});
$t->sim->fault(
	{
		action => 'body',
		path => '/dbaas-external-endpoints',
		zone => $zone,
		times => -1,
		body => '{"dbaas-endpoints":[{"id":"'
		  . DbaasSim::uuid('y')
		  . '","datadog-api-key":"S3CRET","basic-auth-password":9912345}]}'
	});

foreach my $sql (
	"SELECT * FROM exo.dbaas_services WHERE $at",
	"SELECT * FROM exo.dbaas_integrations WHERE $at",
	"SELECT * FROM whole_endpoints WHERE $at",
	"SELECT s, n FROM exo.dbaas_services s JOIN exo.dbaas_nodes n ON n.zone = s.zone "
	. "AND n.service_name = s.name WHERE s.$at")
{
	my $shown = $session->sql($sql);
	like($shown, qr/\*\*\*/, "hidden: $sql");
	unlike($shown, qr/S3CRET|9912345/, 'all of them');
}
is_deeply(
	[
		$session->lines(
				"SELECT n.* FROM exo.dbaas_services s JOIN exo.dbaas_nodes n "
			  . "ON n.zone = s.zone AND n.service_name = s.name WHERE s.$at AND n.$at "
			  . "AND n.service_name = 'pg-1-0001'")
	],
	[ "GET $zone /dbaas-postgres/pg-1-0001", "GET $zone /dbaas-service" ],
	'and share their lists');
my $logs = {
	logs => [
		{
			time => '2026-01-02T03:04:05Z',
			node => 'n',
			unit => 'u',
			message => 'password=hunter2 at https://u:p@h'
		}
	],
	offset => '1',
	'first-log-offset' => '1'
};
$t->sim->fault(
	{
		action => 'body',
		path => '/dbaas-service-logs/pg-1-0001',
		times => 1,
		body => $json->encode($logs)
	});
is( $session->sql(
		"SELECT message FROM exo.dbaas_logs WHERE $at AND service_name = 'pg-1-0001' LIMIT 1"),
	'password=hunter2 at https://u:p@h',
	'a log is shown as it was written');
$t->sim->clear_faults;

# What belongs to the organisation is asked in one zone
answer('{"usage":[{"product":"pg","quantity":"1.5"},{"product":"kafka","quantity":"2"}]}',
	'/usage-report');
$session->sql(
	q{CREATE FOREIGN TABLE usage (zone text, period text OPTIONS (param 'period'), product text,
		quantity numeric)
	SERVER exoscale OPTIONS (path '/usage-report', rows 'usage[]', scope 'organisation');
	CREATE TABLE places AS SELECT zone FROM exo.dbaas_zones; ANALYZE places});
my ($first_zone, $other_zone) = $t->sim->zones;
is($session->sql('SELECT sum(quantity), min(zone) = max(zone) FROM usage'),
	'3.5|t', 'its sums are what they are');
is_deeply(
	[ $session->lines(q{SELECT * FROM usage WHERE period = '2026-10'}) ],
	["GET $first_zone /usage-report"],
	'one request');
is( urls(q{SELECT * FROM usage WHERE period = '2026-10'}),
	'/usage-report?period=2026-10',
	'with its argument signed');
is( urls(q{SELECT * FROM usage WHERE period IN ('2026-09', '2026-10')}),
	'/usage-report?period=2026-09 /usage-report?period=2026-10',
	'one for each value');
is_deeply(
	[ $session->lines("SELECT * FROM usage WHERE zone = '$other_zone'") ],
	["GET $other_zone /usage-report"],
	'in the zone that the query names');
is($session->sql("SELECT zone, sum(quantity) FROM usage WHERE zone = '$other_zone' GROUP BY 1"),
	"$other_zone|3.5", 'which is shown');
is($session->sql("SELECT count(*) FROM usage WHERE zone IN ('$other_zone', '$first_zone')"),
	2, 'in one of several');
is($session->sql("SELECT count(*) FROM usage WHERE zone = 'nowhere'"),
	0, 'in none that is not there');

foreach
  my $plan ('SET enable_hashjoin = off; SET enable_mergejoin = off', 'SET enable_nestloop = off')
{
	$session->sql("RESET ALL; SET search_path = public; $plan");
	is($session->sql('SELECT count(*), sum(quantity) FROM places JOIN usage USING (zone)'),
		'2|3.5', "$plan: a join does not choose zones");
}
$session->sql('RESET ALL');
like(
	$session->sql('EXPLAIN SELECT * FROM usage'),
	qr/Scope: organisation\n\s*Zones: any one$/m,
	'EXPLAIN says so');
like(
	$session->sql("EXPLAIN SELECT * FROM usage WHERE zone = '$zone'"),
	qr/Scope: organisation\n\s*Zones: '$zone'/,
	'with a zone, too');
foreach my $policy (qw(error skip))
{
	$session->sql(
		"ALTER SERVER exoscale OPTIONS ("
		  . (
			$policy eq 'error'
			? "ADD unavailable_zones 'error', ADD max_retries '0'"
			: "SET unavailable_zones 'skip'")
		  . ")");
	$t->sim->clear_faults;
	$t->sim->fault(
		{
			action => 'status',
			path => '/usage-report',
			zone => $first_zone,
			times => -1,
			status => 503
		},
		{
			action => 'answer',
			path => '/usage-report',
			times => -1,
			body => '{"usage":[{"product":"pg","quantity":"1.5"}]}'
		});
	my ($output, $said) = $session->sql_both('SELECT zone, quantity FROM usage');
	is($output, "$other_zone|1.5",
		"$policy: where that zone is out of reach, another answers for all");
	unlike($said, qr/WARNING/, 'so nothing is left out');
	is($session->sql_error("SELECT zone FROM usage WHERE zone = '$first_zone'")->{sqlstate},
		'HV000', 'unless it alone is wanted')
	  if $policy eq 'error';
	$t->sim->clear_faults;
	$t->sim->fault({ action => 'status', path => '/usage-report', times => -1, status => 503 });
	is($session->sql_error('SELECT zone FROM usage')->{sqlstate},
		'HV000', 'where none answers, it is an error')
	  if $policy eq 'error';
	like(
		($session->sql_both('SELECT zone FROM usage'))[1],
		qr/WARNING:.*is left out/,
		'where none answers, a warning') if $policy eq 'skip';
	$t->sim->clear_faults;
	$t->sim->fault(
		{
			action => 'status',
			path => '/usage-report',
			zone => $first_zone,
			times => -1,
			status => 403
		});
	is($session->sql_error('SELECT zone FROM usage')->{sqlstate},
		'28000', 'a refusal is one, whoever else might not refuse');
}
$session->sql("ALTER SERVER exoscale OPTIONS (DROP unavailable_zones, DROP max_retries)");
like(
	$session->sql_error(
		q{CREATE FOREIGN TABLE bad (x text) SERVER exoscale OPTIONS (path '/x', scope 'region')})
	  ->{detail},
	qr/one of zone, organisation/,
	'no other scope');
like(
	$session->sql_error(
			q{CREATE FOREIGN TABLE bad (x text) SERVER exoscale }
		  . q{OPTIONS (resource 'services', scope 'organisation')})->{stderr},
	qr/option "scope" needs option "path"/,
	'not of a resource');
like(
	$session->sql_error(
			q{CREATE FOREIGN TABLE bad (x text) SERVER exoscale }
		  . q{OPTIONS (path '/x', scope 'organisation', for_each 'services')})->{stderr},
	qr/exclude each other/,
	'nor of what lists name in their zones');

# A dump has them as they are
my $shown = q{SELECT c.relname, (SELECT array_agg(o ORDER BY o) FROM unnest(t.ftoptions) AS o),
		(SELECT array_agg(ROW(a.attname, (SELECT array_agg(o ORDER BY o)
			FROM unnest(a.attfdwoptions) AS o)) ORDER BY attnum) FROM pg_attribute a
			WHERE a.attrelid = c.oid AND attnum > 0)
	FROM pg_foreign_table t JOIN pg_class c ON c.oid = t.ftrelid
		WHERE relnamespace = 'public'::regnamespace ORDER BY 1};
my ($dump, $said, $out) = ('', '', '');
ok(IPC::Run::run([ 'pg_dump', '-d', $t->node->connstr('postgres') ], '>', \$dump, '2>', \$said),
	'pg_dump')
  or diag($said);
$t->sql('CREATE DATABASE restored');
ok( IPC::Run::run(
		[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $t->node->connstr('restored') ],
		'<', \$dump, '>', \$out, '2>', \$said),
	'restored') or diag($said);
is($t->node->safe_psql('restored', $shown), $t->sql($shown), 'the tables are the same');
answer('[{"id":5}]');
is($t->node->safe_psql('restored', "SELECT id FROM elements WHERE $at"), '5', 'and work');
$t->sql('CREATE SCHEMA again; IMPORT FOREIGN SCHEMA dbaas FROM SERVER exoscale INTO again');
is( $t->sql(
			q{SELECT count(*) FROM pg_foreign_table JOIN pg_class c ON c.oid = ftrelid }
		  . q{WHERE relnamespace = 'again'::regnamespace AND ftoptions::text LIKE '%path=%'}),
	0,
	'an import makes the built-in tables alone');
is( $t->sql(q{SELECT dbaas_fdw_comment('public')}),
	$t->sql(
			q{SELECT 1 + count(*) FROM pg_attribute }
		  . q{WHERE attrelid = 'whole_endpoints'::regclass AND attnum > 0 AND attname = 'zone'}),
	'a comment is for what the catalogue describes');

unlike(PostgreSQL::Test::Utils::slurp_file($t->node->logfile),
	qr/S3CRET/, 'the log shows no secret');
$session->quit;
done_testing();
