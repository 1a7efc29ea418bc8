# What a query without keys sends, table by table: nothing more, nothing twice.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 9, logs => 20);
my $session = $t->session;
my @zones = sort $t->sim->zones;
my %services = map {
	$_ => [ map { $_->{name} }
		  @{ $t->sim->get('/dbaas-service', zone => $_)->{json}{'dbaas-services'} } ]
} @zones;

# Where the zones are is asked once a session, and without a signature
my @first = $session->requests('SELECT name FROM exo.dbaas_services');
is($first[0]{method} . ' ' . $first[0]{url}, 'GET /v2/zone', 'the first request is for the zones');
ok(!$first[0]{signed}, 'and it is not signed');
is(scalar(grep { $_->{path} eq '/zone' } @first), 1, 'once');
is(scalar(grep { $_->{signed} } @first), 3, 'every other request is signed');

# in_every_zone(METHOD, PATH...): a request for each path in each zone
sub in_every_zone
{
	my ($method, @paths) = @_;
	return map {
		my $zone = $_;
		map { "$method $zone $_" } @paths
	} @zones;
}

sub for_every_service
{
	my ($method, $path) = @_;
	return map {
		my $zone = $_;
		map { "$method $zone $path/$_" } @{ $services{$zone} }
	} @zones;
}

my @lists = in_every_zone('GET', '/dbaas-service');
my @types = in_every_zone('GET', '/dbaas-integration-types');
my @pairs = map {
	my $type = $_;
	map { [ $type->[0], $_, $type->[2] ] } @{ $type->[1] }
} (map { my ($type, $dest) = @$_; [ $type, [qw(pg mysql kafka valkey grafana)], $dest ] }
	  [ 'logs', 'opensearch' ]);
push @pairs, map { [ 'metrics', $_, 'thanos' ] } qw(pg mysql kafka opensearch valkey grafana);
push @pairs, map { [ 'datasource', 'grafana', $_ ] } qw(pg mysql opensearch thanos clickhouse);

my %segment = (pg => 'postgres');
my @details = map {
	my $zone = $_;
	map { "GET $zone /dbaas-" . ($segment{ $_->{type} } // $_->{type}) . "/$_->{name}" }
	  @{ $t->sim->get('/dbaas-service', zone => $zone)->{json}{'dbaas-services'} }
} @zones;

my %expected = (
	(   map { $_ => [ @lists, @details ] }
		  qw(service_details nodes components backups users maintenance_updates)),
	databases => [ @lists, grep { m{/dbaas-(postgres|mysql)/} } @details ],
	connection_pools => [ @lists, grep { m{/dbaas-postgres/} } @details ],
	service_settings => [
		in_every_zone('GET', '/dbaas-service-type'),
		in_every_zone(
			'GET',
			map { "/dbaas-settings-$_" }
			  qw(clickhouse grafana kafka mysql opensearch pg thanos valkey))
	],
	services => [@lists],
	service_types => [ in_every_zone('GET', '/dbaas-service-type') ],
	plans => [ in_every_zone('GET', '/dbaas-service-type') ],
	integrations => [@lists],
	integration_types => [@types],
	integration_settings => [
		@types, in_every_zone('GET', map { '/dbaas-integration-settings/' . join '/', @$_ } @pairs)
	],
	external_endpoints => [
		in_every_zone('GET', '/dbaas-external-endpoints'),
		map {
			my $zone = $_;
			map { "GET $zone /dbaas-external-endpoint-$_->{type}/$_->{id}" }
			  @{ $t->sim->get('/dbaas-external-endpoints', zone => $zone)->{json}
				  {'dbaas-endpoints'} }
		} @zones
	],
	external_endpoint_types => [ in_every_zone('GET', '/dbaas-external-endpoint-types') ],
	external_integrations => [ @lists, for_every_service('GET', '/dbaas-external-integrations') ],
	metrics => [ @lists, for_every_service('POST', '/dbaas-service-metrics') ],
	ca_certificates => [ in_every_zone('GET', '/dbaas-ca-certificate') ],
	migrations => [ @lists, for_every_service('GET', '/dbaas-migration-status') ],
	zones => ['GET ch-gva-2 /zone'],

	# Two more for each: 20 entries are a page, and the next one is empty
	logs => [ @lists, (for_every_service('POST', '/dbaas-service-logs')) x 2 ]);

foreach my $table (sort keys %expected)
{
	is_deeply(
		[ $session->lines("SELECT * FROM exo.dbaas_$table") ],
		[ sort @{ $expected{$table} } ],
		"requests of dbaas_$table without keys");
}

# The tables that nothing lists ask nothing at all
foreach my $table (qw(tasks operations))
{
	$t->sim->clear;
	$session->sql_error("SELECT * FROM exo.dbaas_$table");
	is_deeply([ $t->sim->requests ], [], "dbaas_$table without its id asks nothing");
}
$t->sim->clear;
$session->sql_error("SELECT * FROM exo.dbaas_tasks WHERE service_name = 'pg-1-0001'");
is_deeply([ $t->sim->requests ], [], 'dbaas_tasks with a service alone asks nothing either');

# Lists of one zone come before what hangs on it
my @sent = $session->requests('SELECT * FROM exo.dbaas_migrations');
my %listed;
foreach my $request (@sent)
{
	if ($request->{path} eq '/dbaas-service') { $listed{ $request->{zone} } = $request->{ended_ms} }
	else
	{
		ok(defined $listed{ $request->{zone} },
			"$request->{path} was asked for after its zone's list");
	}
}

# One list answers for all tables of a statement that hang on it
is_deeply(
	[
		$session->lines(
			q{
		SELECT (SELECT count(*) FROM exo.dbaas_migrations),
			(SELECT count(*) FROM exo.dbaas_external_integrations)}
		)
	],
	[
		sort @lists,
		for_every_service('GET', '/dbaas-migration-status'),
		for_every_service('GET', '/dbaas-external-integrations')
	],
	'two tables of one statement share the lists');

# A single zone needs no list to say where a service is
$t->create_server(endpoint => $t->sim->endpoint_template, zones => 'de-fra-1');
is_deeply(
	[ $t->lines('SELECT * FROM exo.dbaas_services') ],
	['GET de-fra-1 /dbaas-service'],
	'zones and {zone} in the endpoint: no request for the zones');
is_deeply(
	[ $t->lines(q{SELECT * FROM exo.dbaas_migrations WHERE service_name = 'pg-2-0001'}) ],
	['GET de-fra-1 /dbaas-migration-status/pg-2-0001'],
	'a server of one zone asks for a key at once');
is_deeply([ $t->lines('SELECT count(*) FROM exo.dbaas_zones') ],
	['GET ch-gva-2 /zone'], 'dbaas_zones is asked for where the API is, also then');

$t->create_server(endpoint => $t->sim->endpoint_template, zones => 'de-fra-1, at-vie-1,de-fra-1');
is_deeply(
	[ $t->lines('SELECT * FROM exo.dbaas_services') ],
	[ 'GET at-vie-1 /dbaas-service', 'GET de-fra-1 /dbaas-service' ],
	'several zones, each once');

# zones alone selects among those that /zone names
$t->create_server(zones => 'at-vie-1,ch-gva-2');
is_deeply(
	[ $t->lines('SELECT * FROM exo.dbaas_services') ],
	[ 'GET at-vie-1 /dbaas-service', 'GET ch-gva-2 /dbaas-service', 'GET ch-gva-2 /zone' ],
	'zones without {zone}: /zone is asked, and the others are left alone');

# Nothing is sent for what is not read
is_deeply([ $t->lines('EXPLAIN (VERBOSE) SELECT * FROM exo.dbaas_logs') ],
	[], 'EXPLAIN sends nothing');
is_deeply([ $t->lines('SELECT * FROM exo.dbaas_logs LIMIT 0') ], [], 'neither does LIMIT 0');
is_deeply([ $t->lines('SELECT * FROM exo.dbaas_logs WHERE false') ],
	[], 'nor a condition that is false');

done_testing();
