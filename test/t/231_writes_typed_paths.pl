# Writes whose path depends on the type of the service: the row or the lists tell the type; a type
# that does not take the write is refused at the statement.
use strict;
use warnings;

use DbaasChecks qw(requests_of writes_of);
use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 0);
my $sim = $t->sim;
my $session = $t->session;
$session->sql('SELECT count(*) FROM exo.dbaas_services');    # learns the zones

# sent(SQL): the requests as text, sorted, but for polls
sub sent { return [ sort @{ requests_of($session, @_) } ] }

sub writes { return [ sort @{ writes_of($session, @_) } ] }

my $list = 'GET ch-gva-2 /dbaas-service';

# A read after the write, which shows what was made
my $pg = 'GET ch-gva-2 /dbaas-postgres/pg-1-0001';
my $mysql = 'GET ch-gva-2 /dbaas-mysql/mysql-1-0002';
my $in = "zone = 'ch-gva-2' AND service_name";

# The type comes from the list of the zone
is_deeply(
	sent(
			q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
		  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'orders')}),
	[ $pg, $list, 'POST ch-gva-2 /dbaas-postgres/pg-1-0001/database {"database-name":"orders"}' ],
	'a database of pg');
is_deeply(
	sent(
			q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
		  . q{VALUES ('ch-gva-2', 'mysql-1-0002', 'orders'), ('ch-gva-2', 'pg-1-0001', }
		  . q{'carts')}),
	[
		$mysql, $pg, $list,
		'POST ch-gva-2 /dbaas-mysql/mysql-1-0002/database {"database-name":"orders"}',
		'POST ch-gva-2 /dbaas-postgres/pg-1-0001/database {"database-name":"carts"}'
	],
	'one list serves the rows of a statement');
is( $session->sql(
			"SELECT string_agg(name, ' ' ORDER BY name) FROM exo.dbaas_databases "
		  . "WHERE $in = 'pg-1-0001' AND name IN ('orders', 'carts')"),
	'carts orders',
	'they are there');
is_deeply(
	writes("DELETE FROM exo.dbaas_databases WHERE $in = 'pg-1-0001' AND name = 'orders'"),
	['DELETE ch-gva-2 /dbaas-postgres/pg-1-0001/database/orders'],
	'and deleted');
is( $session->sql(
		"SELECT count(*) FROM exo.dbaas_databases WHERE name = 'orders' AND $in = 'pg-1-0001'"),
	0,
	'it is gone');

# The zone too, where it is not given
is_deeply(
	sent(q{INSERT INTO exo.dbaas_databases (service_name, name) VALUES ('pg-2-0001', 'orders')}),
	[
		(
			sort 'GET de-fra-1 /dbaas-postgres/pg-2-0001',
			map { "GET $_ /dbaas-service" } $sim->zones
		),
		'POST de-fra-1 /dbaas-postgres/pg-2-0001/database {"database-name":"orders"}'
	],
	'the lists tell zone and type');

# A table of one's own may show the type; names cannot lead to another path
$session->sql(
	q{CREATE FOREIGN TABLE mine (zone text, service text OPTIONS (field 'service-name'), kind text
		OPTIONS (field 'service-type'), db text OPTIONS (field 'name'))
	SERVER exoscale OPTIONS (resource 'databases')});
is_deeply(
	writes(q{INSERT INTO mine VALUES ('ch-gva-2', 'mysql-1-0002', 'mysql', 'a/../b')}),
	['POST ch-gva-2 /dbaas-mysql/mysql-1-0002/database {"database-name":"a/../b"}'],
	'with the type of the row');
is_deeply(
	writes(q{DELETE FROM mine WHERE service = 'mysql-1-0002' AND db = 'a/../b'}),
	['DELETE ch-gva-2 /dbaas-mysql/mysql-1-0002/database/a%2F..%2Fb'],
	'a name is percent-encoded');

# RETURNING gives what the API shows
$sim->clear;
is( $session->sql(
			q{INSERT INTO exo.dbaas_databases (service_name, name) }
		  . q{VALUES ('pg-1-0001', 'stock') RETURNING zone, service_name, name}),
	'ch-gva-2|pg-1-0001|stock',
	'RETURNING, with the zone');
is_deeply(
	[ map { "$_->{method} $_->{path}" } grep { $_->{path} =~ /postgres/ } $sim->requests ],
	[ 'POST /dbaas-postgres/pg-1-0001/database', ('GET /dbaas-postgres/pg-1-0001') x 2 ],
	'from what is read back, once it is there');

# What is refused, at the statement
foreach my $case (
	[
		q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
		  . q{VALUES ('ch-gva-2', 'kafka-1-0003', 'x')},
		'0A000',
		qr/service "kafka-1-0003" of type "kafka".*HINT:[^\n]*mysql, pg/s
	],
	[
		q{INSERT INTO mine VALUES ('ch-gva-2', 'pg-1-0001', 'quantumdb', 'x')},
		'0A000', qr/of type "quantumdb"/
	],
	[
		q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
		  . q{VALUES ('ch-gva-2', 'no-such', 'x')},
		'42704',
		qr/no service "no-such" in zone ch-gva-2/
	],
	[
		q{INSERT INTO exo.dbaas_databases (service_name, name) VALUES ('no-such', 'x')},
		'42704', qr/no service "no-such" in any zone/
	],
	[
		q{INSERT INTO exo.dbaas_databases (zone, name) VALUES ('ch-gva-2', 'x')}, '23502',
		qr/"service_name"/
	],
	[
		q{INSERT INTO exo.dbaas_databases (zone, service_name) VALUES ('ch-gva-2', 'pg-1-0001')},
		'23502', qr/"name"/
	],
	[
		q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
		  . q{VALUES ('ch-gva-2', 'pg-1-0001', repeat('x', 41))},
		'22023',
		qr/1 to 40 characters/
	])
{
	my ($sql, $state, $text) = @$case;
	$sim->clear;
	my $error = $session->sql_error($sql);
	is($error->{sqlstate}, $state, "$sql: $state");
	like($error->{stderr}, $text, 'says why');
	is_deeply([ grep { $_->{method} ne 'GET' } $sim->requests ], [], 'and sends nothing');
}

# A service that does not run: the API has the say
$sim->fault(
	{
		method => 'GET',
		path => '/dbaas-service',
		zone => 'ch-gva-2',
		action => 'body',
		times => 1,
		body => '{"dbaas-services":[{"name":"pg-1-0001","type":"pg","state":"rebuilding"},'
		  . '{"name":"pg-9","type":"pg"}]}'
	});
is_deeply(
	writes(
			q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
		  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'late')}),
	['POST ch-gva-2 /dbaas-postgres/pg-1-0001/database {"database-name":"late"}'],
	'a database in one that is rebuilding is sent');
$sim->config(running_time => 3600_000);
$session->sql(q{UPDATE exo.dbaas_services SET plan = 'startup-8' WHERE zone = 'ch-gva-2' }
	  . q{AND name = 'mysql-1-0002' AND plan <> 'startup-8'});
my $error = $session->sql_error(q{INSERT INTO exo.dbaas_databases (zone, service_name, name) }
	  . q{VALUES ('ch-gva-2', 'mysql-1-0002', 'late')});
is($error->{sqlstate}, '55006', 'one that the API refuses');
like(
	$error->{stderr},
	qr/409.*Operation not possible in the current state/s,
	'is refused with its words');
$sim->config(running_time => 0);

# EXPLAIN has the template
like(
	$session->sql(
		q{EXPLAIN INSERT INTO exo.dbaas_databases (service_name, name) VALUES ('pg-1-0001', 'x')}),
	qr{Request: POST /dbaas-\{service-type\}/\{service-name\}/database},
	'EXPLAIN');


done_testing();
