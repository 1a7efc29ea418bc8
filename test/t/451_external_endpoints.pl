# External endpoints: which requests a statement sends, whose list lacks the settings.
use strict;
use warnings;

use DbaasChecks qw(writes_of);
use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(services => 20, logs => 1);
my $sim = $t->sim;
my $session = $t->session;
my $table = 'exo.dbaas_external_endpoints';
my @zones = $sim->zones;
$session->sql("SELECT FROM $table");    # learns the zones
my %endpoints = map {
	my $zone = $_;
	($zone => $sim->get('/dbaas-external-endpoints', zone => $zone)->{json}{'dbaas-endpoints'})
} @zones;
my @lists = map { "GET $_ /dbaas-external-endpoints" } @zones;

sub read_of
{
	my ($zone, $endpoint) = @_;
	return "GET $zone /dbaas-external-endpoint-$endpoint->{type}/$endpoint->{id}";
}

sub reads_where
{
	my ($wanted) = @_;
	return map {
		my $zone = $_;
		map { read_of($zone, $_) } grep { $wanted->($_) } @{ $endpoints{$zone} }
	} @zones;
}

# sends($query, $name, @requests): the requests of a query, whatever their order is
sub sends
{
	my ($query, $name, @requests) = @_;
	is_deeply([ sort { $a cmp $b } $session->lines($query) ],
		[ sort { $a cmp $b } @requests ], $name);
	return;
}

my $rsyslog = $endpoints{'at-vie-1'}[4];
is($rsyslog->{type}, 'rsyslog', 'the endpoint to look for');
my $here = "zone = 'at-vie-1' AND id = '$rsyslog->{id}'";
my $typed = "$here AND type = 'rsyslog'";

# Without the settings: the list
sends("SELECT $_->[0] FROM $table", "$_->[1]: the lists alone", @lists)
  foreach [ 'count(*)', 'a count' ], [ 'id, name, type, zone', 'other columns' ],
  [ "1 FROM $table AS x, $table AS y WHERE x.id = y.id UNION ALL SELECT 1", 'a self-join' ];
sends("SELECT name FROM $table WHERE $typed", 'all keys', $lists[2]);
sends("SELECT name FROM $table WHERE id = '$rsyslog->{id}'", 'an id', @lists);
sends("SELECT id FROM $table WHERE name = '$rsyslog->{name}' FOR UPDATE", 'a row lock', @lists);

# With them: each that the keys allow
sends("SELECT * FROM $table", 'all', @lists, reads_where(sub { 1 }));
sends("SELECT name FROM $table WHERE settings ? 'port'",
	'a condition', @lists, reads_where(sub { 1 }));
sends("SELECT settings FROM $table WHERE $typed",
	'zone, id and type: no list', read_of('at-vie-1', $rsyslog));
sends("SELECT settings FROM $table WHERE id = '$rsyslog->{id}' AND type = 'rsyslog'",
	'id and type: the lists say where it is',
	@lists, read_of('at-vie-1', $rsyslog));
sends("SELECT settings FROM $table WHERE $here",
	'an id: its list says the type', $lists[2], read_of('at-vie-1', $rsyslog));
sends("SELECT settings FROM $table WHERE name = '$rsyslog->{name}'",
	'a name', @lists, read_of('at-vie-1', $rsyslog));
sends("SELECT settings FROM $table WHERE type = 'datadog'",
	'a type', @lists, reads_where(sub { $_[0]{type} eq 'datadog' }));
sends("SELECT settings FROM $table WHERE name IN ('nope', '$rsyslog->{name}') AND type = 'datadog'",
	'nothing fits', @lists);
sends("SELECT settings FROM $table WHERE type = 'splunk'", 'a type that is none', @lists);
sends("SELECT settings FROM $table WHERE name IS NULL OR false",
	'no name', @lists, reads_where(sub { 1 }));

# A prepared statement, and a parameter
$session->sql("PREPARE by_name (text) AS SELECT settings FROM $table WHERE name = \$1");
$session->sql('SET plan_cache_mode = force_generic_plan');
sends("EXECUTE by_name('$rsyslog->{name}')",
	'a parameter', @lists, read_of('at-vie-1', $rsyslog));

# Joins: what integrations of a service name, once each, and the list once
my $integrations =
  $sim->get('/dbaas-external-integrations/pg-1-0001')->{json}{'external-integrations'};
my @named = map {
	my $id = $_->{'dest-endpoint-id'};
	grep { $_->{id} eq $id } @{ $endpoints{'ch-gva-2'} }
} @$integrations;
is(scalar(@named), 2, 'two endpoints are joined');
my @outer = (
	(map { "GET $_ /dbaas-service" } @zones),
	'GET ch-gva-2 /dbaas-external-integrations/pg-1-0001');
my $join = "FROM exo.dbaas_external_integrations i JOIN $table e ON e.id = i.dest_endpoint_id "
  . "WHERE i.service_name = 'pg-1-0001'";
sends("SELECT e.settings $join",
	'a join for the settings', @outer, @lists, map { read_of('ch-gva-2', $_) } @named);
sends("SELECT e.name $join", 'a join for the names', @outer, @lists);
sends(
	"SELECT (SELECT e.settings FROM $table e WHERE e.id = i.dest_endpoint_id AND e.type = i.type "
	  . "AND e.zone = i.zone) FROM exo.dbaas_external_integrations i "
	  . "WHERE i.service_name = 'pg-1-0001'",
	'a subquery that gives all keys needs no list',
	@outer, map { read_of('ch-gva-2', $_) } @named);

# Writes: only an UPDATE of the settings reads them
sub written
{
	my ($statement, $name, @requests) = @_;
	sends("BEGIN; $statement; ROLLBACK", $name, @requests);
	return;
}
written("DELETE FROM $table WHERE name = '$rsyslog->{name}'", 'DELETE reads the lists', @lists);
written("DELETE FROM $table WHERE name = '$rsyslog->{name}' RETURNING id",
	'and so does RETURNING of what they show', @lists);
written("DELETE FROM $table WHERE name = '$rsyslog->{name}' RETURNING *",
	'but not of the settings', @lists, read_of('at-vie-1', $rsyslog));
written("UPDATE $table SET settings = '{}' WHERE name = '$rsyslog->{name}' AND false",
	'UPDATE of nothing');
written("UPDATE $table SET settings = settings || '{\"port\": 1}' WHERE name = '$rsyslog->{name}'",
	'UPDATE reads the endpoint', @lists, read_of('at-vie-1', $rsyslog));

# What the writes send: the changed members, and only where there are any
my $put = "PUT at-vie-1 /dbaas-external-endpoint-rsyslog/$rsyslog->{id}";
is_deeply(
	writes_of(
		$session,
		"UPDATE $table SET settings = settings || '{\"port\": 601, \"tls\": true}' WHERE $typed"),
	["$put {\"settings\":{\"port\":601}}"],
	'UPDATE sends what changes');
is_deeply(
	writes_of($session, "UPDATE $table SET settings = settings || '{\"port\": 601}' WHERE $typed"),
	[], 'and nothing where nothing does');
my $whole = '{"server": "logs.example.com", "port": 600, "tls": true, "format": "rfc5424", '
  . '"max-message-size": 8192}';
is_deeply(
	writes_of($session, "UPDATE $table SET settings = '$whole' WHERE $typed"),
	["$put {\"settings\":{\"port\":600}}"],
	'an UPDATE that computes nothing from the settings compares them, too');

# Savepoints, several changes of one endpoint, and one of them undone
is_deeply(
	writes_of(
		$session,
		qq{BEGIN;
		UPDATE $table SET settings = settings || '{"port": 602}' WHERE $typed;
		SAVEPOINT s;
		UPDATE $table SET settings = settings || '{"tls": false}' WHERE $typed;
		ROLLBACK TO s;
		UPDATE $table SET settings = settings || '{"max-message-size": 9000}' WHERE $typed;
		COMMIT}),
	[ "$put {\"settings\":{\"port\":602}}", "$put {\"settings\":{\"max-message-size\":9000}}" ],
	'each statement sends its change, in their order');

# An endpoint that vanishes between the list and its own read is no row
$sim->fault({
		action => 'status',
		status => 404,
		path => "/dbaas-external-endpoint-rsyslog/$rsyslog->{id}"
	});
is($session->sql("SELECT count(settings) FROM $table"), '11', 'an endpoint that vanishes: no row');
is($session->sql("SELECT count(*) FROM $table"), '12', 'while the list has it');
$sim->clear_faults;

# What EXPLAIN expects, before and after ANALYZE
sub expected
{
	my ($query) = @_;
	return $session->sql("EXPLAIN $query") =~ /Expected Requests: (\d+)/ ? $1 : undef;
}
is(expected("SELECT name FROM $table"), 3, 'EXPLAIN expects a list for each zone');
is(expected("SELECT * FROM $table"), 15, 'and all endpoints that it has seen');
is(expected("SELECT * FROM $table WHERE $typed"), 1, 'or one');
is(expected("SELECT * FROM $table WHERE $here"), 2, 'with the list where the type is not given');
is(expected("SELECT * FROM $table WHERE name = 'x'"), 6, 'one of each zone for a name');
my $other = $t->session;
is($other->sql("EXPLAIN SELECT name FROM $table") =~ /Expected Requests: (\d+)/ ? $1 : undef,
	3, 'a fresh session: the lists');
$other->sql("ANALYZE $table");
like($t->session->sql("EXPLAIN SELECT * FROM $table"), qr/rows=12 .*Expected Requests: 15/s,
	'a fresh session knows what ANALYZE has counted');
sends("ANALYZE $table", 'ANALYZE reads all', @lists, reads_where(sub { 1 }));

# A table without the column needs no read of it
$session->sql(
	"CREATE FOREIGN TABLE names (zone text, id uuid, name text, type text) "
	  . "SERVER exoscale OPTIONS (resource 'external-endpoints')");
sends('SELECT * FROM names', 'a table without the settings', @lists);
sends('ANALYZE names', 'and its ANALYZE', @lists);

# Answers that a transaction keeps serve both reads
$session->sql('BEGIN ISOLATION LEVEL REPEATABLE READ');
sends("SELECT name FROM $table", 'a snapshot: the lists', @lists);
sends("SELECT settings FROM $table WHERE $here",
	'then only the endpoint', read_of('at-vie-1', $rsyslog));
sends("SELECT settings FROM $table WHERE name = '$rsyslog->{name}'", 'and nothing twice');
$session->sql('COMMIT');

# What is made is in the list when COMMIT returns, and what is deleted is not; RETURNING reads it
$sim->config(settle => 400);
my $made = $session->sql(
	"INSERT INTO $table (zone, name, type, settings) "
	  . q(VALUES ('ch-gva-2', 'late', 'prometheus', '{"basic-auth-username": "scraper"}') )
	  . 'RETURNING settings');
is($made, '{"basic-auth-username": "scraper"}', 'RETURNING of an endpoint that appears late');
is($t->sql("SELECT count(settings) FROM $table WHERE name = 'late'"), 1, 'it is there');
$session->sql("DELETE FROM $table WHERE name = 'late'");
is($t->sql("SELECT count(*) FROM $table WHERE name = 'late'"), 0, 'and is not, once deleted');
$sim->config(settle => 0);

# Settings of integrations
my ($datadog) = grep { $_->{type} eq 'datadog' } @$integrations;
my $path = "/dbaas-external-integration-settings-datadog/$datadog->{'integration-id'}";
sends(
	'SELECT s.settings FROM exo.dbaas_external_integrations i '
	  . 'JOIN exo.dbaas_external_integration_settings s '
	  . 'ON s.zone = i.zone AND s.integration_id = i.id '
	  . "WHERE i.service_name = 'pg-1-0001' AND i.type = 'datadog'",
	'a join reads the settings of each, where it is',
	@outer, "GET ch-gva-2 $path");
my $sets = 'SET settings = settings || \'{"datadog-pgbouncer-enabled": true}\'';
my ($post) = @{
	writes_of($session,
		"UPDATE exo.dbaas_external_integration_settings $sets "
		  . "WHERE zone = 'ch-gva-2' AND integration_id = '$datadog->{'integration-id'}'") };
like($post, qr/^POST ch-gva-2 $path /, 'UPDATE of them: the request');
is_deeply(
	JSON::PP::decode_json($post =~ s/^[^{]*//r),
	{
		settings => {
			'datadog-dbm-enabled' => JSON::PP::true,
			'datadog-pgbouncer-enabled' => JSON::PP::true
		}
	},
	'and all of the settings');

done_testing();
