# Services of types that the catalogue does not know: their paths are tried, reports have them, what
# the API lists and has not is named, and writes go to the API, which says what it takes.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 1, zones => 2);
my $sim = $t->sim;
my $json = JSON::PP->new->utf8->canonical;
my ($zone, $other) = $sim->zones;

# Two more services: one has the shape of the others, of the other the API has no such path
my $list = $sim->get('/dbaas-service', zone => $zone)->{json}{'dbaas-services'};
push @$list, map {
	{
		name => $_->[0],
		type => $_->[1],
		plan => 'startup-4',
		state => 'running',
		'termination-protection' => JSON::PP::false,
		'created-at' => '2026-01-01T00:00:00Z'
	}
}[ 'df-1', 'dragonfly' ], [ 'fa-1', 'faun' ], [ 'fa-2', 'faun' ];
my %details = (
	name => 'df-1',
	type => 'dragonfly',
	plan => 'startup-4',
	state => 'running',
	version => '1.21',
	'ip-filter' => ['0.0.0.0/0'],
	maintenance => { dow => 'sunday', time => '01:00:00', updates => [] },
	'dragonfly-settings' => { cache_mode => JSON::PP::true },
	'pg-settings' => { jit => 1 },
	'node-states' => [ { name => 'df-1-1', state => 'running' } ],
	users => [ { username => 'default', type => 'primary' } ],
	databases => [ 'd1', 'd2' ],
	'uri-params' => { host => 'h', port => '6379' });
my $types = $sim->get('/dbaas-service-type', zone => $zone)->{json}{'dbaas-service-types'};
push @$types, { name => 'dragonfly', plans => [] };

# A fault: the list has these services
sub listing
{
	my (@services) = @_;
	return {
		action => 'body',
		path => '/dbaas-service',
		zone => $zone,
		method => 'GET',
		times => -1,
		body => $json->encode({ 'dbaas-services' => \@services })
	};
}

sub faults
{
	my (@more) = @_;
	$sim->clear_faults;
	$sim->fault(@more) if @more;
	$sim->fault(
		listing(@$list),
		{
			action => 'body',
			path => '/dbaas-service-type',
			times => -1,
			body => $json->encode({ 'dbaas-service-types' => $types })
		},
		{
			action => 'answer',
			path => '/dbaas-dragonfly/df-1',
			method => 'GET',
			zone => $zone,
			times => -1,
			body => $json->encode(\%details)
		},
		map {
			{
				action => 'answer',
				path => '/dbaas-dragonfly/*',
				method => $_,
				times => -1,
				body => '{"id":"11111111-2222-4333-8444-555555555555","state":"success"}'
			}
		} qw(PUT POST DELETE));
	$sim->clear;
	return;
}

sub written
{
	return map { "$_->{method} $_->{zone} $_->{path}" . ($_->{body} ? " $_->{body}" : '') }
	  grep { $_->{method} ne 'GET' } $sim->requests;
}
sub warnings { my ($said) = @_; return scalar(() = $said =~ /WARNING:/g) }

faults();
my $session = $t->session;
my $known = 16;
my ($out, $said) = $session->sql_both(
	q{SELECT count(*), count(*) FILTER (WHERE type = 'dragonfly') FROM exo.dbaas_service_details});
is($out, ($known + 1) . '|1', 'a service of a type that is not known has its details')
  or diag($said);
is(warnings($said), 1, 'what is not there is told once');
my $left_out = 'rows of types that this version does not know are left out';
my $detail = 'The API answers 404:'
  . "\nGET /dbaas-faun/fa-1 in zone $zone\nGET /dbaas-faun/fa-2 in zone $zone\n";
like($said, qr{WARNING:  01000: $left_out\nDETAIL:  \Q$detail\EHINT}, 'by its requests');
is( $session->sql(
			q{SELECT service_name, version, ip_filter, maintenance_dow, settings, host, port }
		  . q{FROM exo.dbaas_service_details WHERE type = 'dragonfly'}),
	'df-1|1.21|{0.0.0.0/0}|sunday|{"cache_mode": true}|h|6379',
	'with the settings of its type');
is( $session->sql(
		q{SELECT count(settings) FROM exo.dbaas_service_details WHERE type IN ('pg', 'kafka')}),
	4,
	'as others have theirs');
is_deeply(
	[ $session->lines(q{SELECT * FROM exo.dbaas_service_details WHERE type = 'dragonfly'}) ],
	[ "GET $zone /dbaas-dragonfly/df-1", "GET $zone /dbaas-service", "GET $other /dbaas-service" ],
	'asked for alone');
($out, $said) = $session->sql_both(
	q{SELECT d.service_name, n.name, u.username, b.name FROM exo.dbaas_service_details d
	LEFT JOIN exo.dbaas_nodes n USING (zone, service_name) LEFT JOIN exo.dbaas_users u
		USING (zone, service_name) LEFT JOIN exo.dbaas_databases b USING (zone, service_name)
	WHERE d.type NOT IN (SELECT name FROM exo.dbaas_service_types WHERE name <> 'dragonfly')
		ORDER BY 4}
);
is($out, "df-1|df-1-1|default|d1\ndf-1|df-1-1|default|d2", 'and all that is inside it');
is(warnings($said), 1, 'one warning for all scans of a statement');
$session->sql(q{SELECT * FROM dbaas_fdw_views('exo')});
($out, $said) = $session->sql_both(
	q{SELECT service_name FROM exo.dbaas_open_services WHERE service_name IN ('df-1', 'fa-1')});
is($out, 'df-1', 'the report on what is open to the world has it');
like($said, qr{GET /dbaas-faun/fa-1 }, 'and says what it cannot know');
is( warnings(($session->sql_both(q{SELECT * FROM exo.dbaas_service_details WHERE type = 'pg'}))[1]),
	0, 'what is not asked for is not told');
is(warnings(($session->sql_both('ANALYZE exo.dbaas_service_details'))[1]), 1, 'ANALYZE tells it');
($out, $said) = $session->sql_both('BEGIN; DECLARE c CURSOR FOR SELECT service_name '
	  . 'FROM exo.dbaas_service_details; FETCH ALL FROM c; CLOSE c; COMMIT');
is(warnings($said), 1, 'so does a cursor');
is( warnings(
		(   $session->sql_both(
					q{PREPARE p AS SELECT count(*) FROM exo.dbaas_nodes }
				  . q{WHERE service_name = 'fa-2'; EXECUTE p; EXECUTE p}))[1]),
	2,
	'and each run of a prepared statement');
is($session->sql(q{SELECT count(*) FROM exo.dbaas_backups WHERE service_name = 'df-1'}),
	0, 'a list that is not there is empty');
is_deeply(
	[ grep { /dragonfly|faun/ } $session->lines('SELECT * FROM exo.dbaas_connection_pools') ],
	[
		"GET $zone /dbaas-dragonfly/df-1",
		"GET $zone /dbaas-faun/fa-1",
		"GET $zone /dbaas-faun/fa-2"
	],
	'any of them may have pools');

# No type leads to another path
my $id = DbaasSim::uuid('1/ch-gva-2/integrations/1');
is($sim->get("/dbaas-integration/$id", zone => $zone)->{status},
	200, 'there is such an integration');
foreach my $type (qw(integration external-endpoint-datadog service-type postgres ../x))
{
	my @lines = $session->lines(
			"SELECT * FROM exo.dbaas_service_details WHERE zone = '$zone' AND type = '$type' "
		  . "AND service_name = '$id'");
	is_deeply(\@lines, ["GET $zone /dbaas-service"],
		"$type is no type of a service that is listed");
}
$session->sql(q{CREATE FOREIGN TABLE typed_users (zone text, service_name text, username text, }
	  . q{service_type text) SERVER exoscale OPTIONS (resource 'users')});
is( $session->sql_error("INSERT INTO typed_users VALUES ('$zone', '$id', 'u', 'integration')")
	  ->{sqlstate},
	'42704', 'nor in a write');
is( $session->sql_error("INSERT INTO typed_users VALUES ('$zone', 'df-1', 'u', 'faun')")
	  ->{sqlstate},
	'0A000', 'which has to have the right one');

# Writes
faults();
$session->sql(qq{UPDATE exo.dbaas_service_details }
	  . qq{SET settings = '{"cache_mode": false}', ip_filter = '{10.0.0.0/8}', version = }
	  . qq{'1.22' WHERE type = 'dragonfly'});
is_deeply(
	[ written() ],
	[
			qq(PUT $zone /dbaas-dragonfly/df-1 )
		  . qq({"version":"1.22","ip-filter":["10.0.0.0/8"],)
		  . qq("dragonfly-settings":{"cache_mode":false}})
	],
	'UPDATE');
faults();
$session->sql(
	qq{INSERT INTO exo.dbaas_users (zone, service_name, username) VALUES ('$zone', 'df-1', 'u')});
$session->sql(qq{INSERT INTO typed_users VALUES ('$zone', 'df-1', 'v', 'dragonfly')});
$session->sql(q{DELETE FROM exo.dbaas_users WHERE service_name = 'df-1' AND username = 'default'});
$session->sql(q{DELETE FROM exo.dbaas_databases WHERE service_name = 'df-1' AND name = 'd2'});
is_deeply(
	[ written() ],
	[
		qq(POST $zone /dbaas-dragonfly/df-1/user {"username":"u"}),
		qq(POST $zone /dbaas-dragonfly/df-1/user {"username":"v"}),
		"DELETE $zone /dbaas-dragonfly/df-1/user/default",
		"DELETE $zone /dbaas-dragonfly/df-1/database/d2"
	],
	'what is inside it');
faults();
$session->sql(q{UPDATE exo.dbaas_services SET plan = 'business-4' WHERE name = 'df-1'});
is_deeply([ written() ], [qq(PUT $zone /dbaas-dragonfly/df-1 {"plan":"business-4"})],
	'the service');
my $error =
  $session->sql_error(q{UPDATE exo.dbaas_services SET plan = 'business-4' WHERE name = 'fa-1'});
is($error->{sqlstate}, '42704', 'what the API does not have, it says');
like($error->{message}, qr{^PUT /dbaas-faun/fa-1 in zone \Q$zone\E .*404}, 'for that request');

# Where what is not there could add a row, or decide what is written, it is an error
faults();
foreach my $query (
	[
		'NOT EXISTS',
		'SELECT name FROM exo.dbaas_services s WHERE NOT EXISTS (SELECT '
		  . 'FROM exo.dbaas_databases d WHERE d.service_name = s.name)'
	],
	[
		'the nullable side of a join',
		'SELECT count(*) FROM exo.dbaas_services s LEFT JOIN exo.dbaas_databases d '
		  . 'ON d.service_name = s.name'
	],
	[
		'EXCEPT',
		'SELECT name FROM exo.dbaas_services EXCEPT SELECT service_name FROM exo.dbaas_nodes'
	],
	[
		'a condition on an aggregate',
		'SELECT zone FROM exo.dbaas_service_details GROUP BY zone HAVING count(*) < 10'
	])
{
	my ($rows, $messages) = $session->sql_both($query->[1]);
	my $failed = DbaasTest::parse_error($messages);
	is($failed->{sqlstate}, '42704', "$query->[0]: an error");
	my $unknown = 'the API lists this under a type that is not known here';
	like(
		$failed->{message},
		qr{^GET /dbaas-faun/fa-[12] in zone \Q$zone\E: $unknown},
		'that names the request');
	my $hint = 'without its rows, the result could have others. '
	  . 'Name the services or types that are meant.';
	like($failed->{hint}, qr/\Q$hint\E$/, 'and says why');
	is($rows, '', 'no row is shown');
}
$session->sql('CREATE TABLE public.inventory AS SELECT name FROM exo.dbaas_services');
foreach my $write (
	[
		'DELETE',
		q{DELETE FROM exo.dbaas_services s WHERE type = 'pg' AND name NOT IN }
		  . q{(SELECT service_name FROM exo.dbaas_databases)}
	],
	[
		'DELETE with EXISTS',
		q{DELETE FROM exo.dbaas_services s WHERE EXISTS (SELECT }
		  . q{FROM exo.dbaas_databases d WHERE d.service_name = s.name)}
	],
	[
		'UPDATE of what is asked for',
		q{UPDATE exo.dbaas_service_details SET maintenance_dow = 'monday'}
	],
	[
		'INSERT',
		q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
		  . q{SELECT zone, service_name, 'x' FROM exo.dbaas_nodes WHERE false OR role IS NULL}
	],
	[
		'DELETE of a local table',
		q{DELETE FROM public.inventory WHERE name NOT IN (SELECT service_name }
		  . q{FROM exo.dbaas_service_details)}
	])
{
	my $failed = $session->sql_error($write->[1]);
	is($failed->{sqlstate}, '42704', "$write->[0]: an error");
	like(
		$failed->{hint},
		qr/^It is not left out of a statement that writes\. Name the services/,
		'that says why');
}
is_deeply([ written() ], [], 'and nothing is sent');
is( $session->sql(
			q{SELECT count(*) FROM exo.dbaas_services s LEFT JOIN exo.dbaas_databases d }
		  . q{ON d.service_name = s.name AND d.service_name = 'df-1' WHERE s.name = 'df-1'}),
	2,
	'who names the services has an answer');

# New ones: of a type that is known here, or that the API lists
faults(listing(@$list, { name => 'df-2', type => 'dragonfly', state => 'running' }));
$session->sql("INSERT INTO exo.dbaas_services (zone, name, type, plan) "
	  . "VALUES ('$zone', 'df-2', 'dragonfly', 'startup-4')");
is_deeply([ written() ], [qq(POST $zone /dbaas-dragonfly/df-2 {"plan":"startup-4"})], 'INSERT');
$sim->clear;
foreach my $type (qw(pgg faun integration postgres))
{
	$error = $session->sql_error("BEGIN; INSERT INTO exo.dbaas_services (zone, name, type, plan) "
		  . "VALUES ('$zone', 'x', '$type', 'startup-4')");
	is($error->{sqlstate}, '22023', "$type: an error at the statement");
	like(
		$error->{hint},
		qr/^Allowed for type: clickhouse, .*, valkey\.$/,
		'which says what there is');
	$session->sql('ROLLBACK');
}
is_deeply([ written() ], [], 'nothing is sent');
is_deeply(
	[
		grep { m{/dbaas-service-type} } $session->lines(
				"BEGIN; SET LOCAL dbaas_fdw.dry_run = on; INSERT INTO exo.dbaas_services "
			  . "(zone, name, type, plan) VALUES ('$zone', 'x', 'kafka', 'startup-4'); "
			  . "ROLLBACK")
	],
	[],
	'the list is asked for where the type is not known alone');

# The schemas of settings
faults(
	{
		action => 'answer',
		path => '/dbaas-settings-dragonfly',
		times => -1,
		body => '{"settings":{"dragonfly":{"type":"object"}}}'
	});
is( $session->sql(
			q{SELECT zone = zone, settings FROM exo.dbaas_service_settings }
		  . q{WHERE type = 'dragonfly' LIMIT 1}),
	't|{"dragonfly": {"type": "object"}}',
	'the settings of a type that the API lists');
is_deeply(
	[
		grep { !m{/dbaas-service-type$} }
		  $session->lines(q{SELECT * FROM exo.dbaas_service_settings WHERE type IN ('x', 'y/z')})
	],
	[],
	'of none that it does not');

$session->quit;
done_testing();
