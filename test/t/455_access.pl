# Access rules of kafka and roles of clickhouse: what is asked, what is sent, and what writes of one
# transaction make of each other.
use strict;
use warnings;

use DbaasChecks qw(is_refused requests_of writes_of);
use DbaasTest;
use JSON::PP ();
use Test::More;

my $t =
  DbaasTest->new(services => 8, logs => 0, operation_time => 20, server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;
my $json = JSON::PP->new->canonical;
my $kafka = 'ch-gva-2 /dbaas-kafka/kafka-1-0003';
my $in = q{zone = 'ch-gva-2' AND service_name = 'kafka-1-0003'};
my $columns = '(zone, service_name, kind, username, resource, permission)';

sub requests { return requests_of($session, @_) }
sub writes { return writes_of($session, @_) }
sub refused { return is_refused($session, @_) }

# rule(KIND, USER, RESOURCE): the INSERT of a rule
sub rule
{
	my ($kind, $user, $resource) = @_;
	my $permission = $kind eq 'topic' ? 'read' : 'schema_registry_read';
	return "INSERT INTO exo.dbaas_kafka_acls $columns VALUES ('ch-gva-2', 'kafka-1-0003', "
	  . "'$kind', '$user', '$resource', '$permission')";
}

sub rules
{
	my ($where) = @_;
	return $session->sql(
		"SELECT kind, username, resource FROM exo.dbaas_kafka_acls WHERE $in AND $where "
		  . 'ORDER BY 1, 2, 3');
}

# Reads: services of the type alone, and of these the ones that the query names
is_deeply(
	[ sort grep { !m{/zone$} } @{ requests('SELECT * FROM exo.dbaas_kafka_acls') } ],
	[
		sort map {
			my ($zone, $z) = @$_;
			("GET $zone /dbaas-service", "GET $zone /dbaas-kafka/kafka-$z-0003/acl-config")
		} [ 'ch-gva-2', 1 ], [ 'de-fra-1', 2 ],
		[ 'at-vie-1', 3 ]
	],
	'each service of kafka is asked, once for both kinds');
is_deeply(
	requests("SELECT * FROM exo.dbaas_kafka_acls WHERE $in AND kind = 'topic'"),
	[ 'GET ch-gva-2 /dbaas-service', "GET $kafka/acl-config" ],
	'or the one that is named');
is_deeply(
	requests(
		q{SELECT * FROM exo.dbaas_kafka_acls WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'}
	),
	['GET ch-gva-2 /dbaas-service'],
	'but none of another type');
is_deeply(
	requests(q{SELECT * FROM exo.dbaas_clickhouse_roles WHERE zone = 'ch-gva-2'}),
	[ 'GET ch-gva-2 /dbaas-service', 'GET ch-gva-2 /dbaas-clickhouse/clickhouse-1-0008/role' ],
	'roles are asked of clickhouse alone');
is_deeply(
	requests(
		"SELECT a.id, u.type FROM exo.dbaas_kafka_acls a LEFT JOIN exo.dbaas_users u "
		  . 'USING (zone, service_name, username) '
		  . "WHERE a.zone = 'ch-gva-2' AND a.service_name = 'kafka-1-0003'"),
	[ 'GET ch-gva-2 /dbaas-service', "GET $kafka/acl-config", "GET $kafka" ],
	'a join with the users reads these of the same service');
is( $session->sql(
		q{SELECT count(*) FROM pg_attribute WHERE attrelid = 'exo.dbaas_kafka_acls'::regclass }
		  . q{AND attname = 'service_type'}),
	0,
	'an import leaves the type out');
$session->sql('CREATE FOREIGN TABLE typed (zone text, service_name text, service_type text, '
	  . "id text) SERVER exoscale OPTIONS (resource 'kafka-acls')");
is_deeply(
	requests("SELECT * FROM typed WHERE $in AND service_type = 'kafka'"),
	["GET $kafka/acl-config"],
	'a query that gives it needs no list');

# What the API may answer: a list that is null or not there, other members, ids that need encoding
my %answer = (
	'topic-acl' => undef,
	'more' => 1,
	'schema-registry-acl' =>
	  [ { id => "a/b \x{e9}", username => 'x', resource => 'r', permission => 'p' } ]);
$sim->fault(
	{
		action => 'body',
		path => '/dbaas-kafka/kafka-1-0003/acl-config',
		method => 'GET',
		times => -1,
		body => $json->encode(\%answer)
	});
is( $session->sql("SELECT kind, id, resource, permission FROM exo.dbaas_kafka_acls WHERE $in"),
	'schema-registry|a/b é|r|p', 'one list is null, and a member is unknown');
my $error = $session->sql_error("DELETE FROM exo.dbaas_kafka_acls WHERE $in");
like($error->{stderr}, qr/failed with HTTP status 404/, 'a rule that is not there: 404');
my ($sent) = grep { $_->{method} eq 'DELETE' } $sim->requests;
is($sent->{path}, '/dbaas-kafka/kafka-1-0003/schema-registry/acl-config/a%2Fb%20%C3%A9',
	'its id is encoded');
$sim->clear_faults;
$sim->fault(
	{
		action => 'body',
		path => '/dbaas-kafka/kafka-1-0003/acl-config',
		method => 'GET',
		body => '{"topic-acl":{"id":"x"}}'
	});
like(
	$session->sql_error("SELECT * FROM exo.dbaas_kafka_acls WHERE $in")->{stderr},
	qr/unexpected shape.*object, not array/s,
	'a list that is none');
$sim->clear_faults;

# Writes
is_deeply(
	writes(rule('topic', 'w', 'orders')),
	[qq(POST $kafka/topic/acl-config {"username":"w","topic":"orders","permission":"read"})],
	'a rule for a topic');
is_deeply(
	writes(rule('schema-registry', 'w', 'S:o')),
	[
		qq(POST $kafka/schema-registry/acl-config )
		  . q({"username":"w","resource":"S:o","permission":"schema_registry_read"})
	],
	'a rule for the schema registry');
my @ids = split /\n/,
  $session->sql("SELECT id FROM exo.dbaas_kafka_acls WHERE $in AND username = 'w' ORDER BY kind");
is_deeply(
	[ sort @{ writes("DELETE FROM exo.dbaas_kafka_acls WHERE $in AND username = 'w'") } ],
	[
		"DELETE $kafka/schema-registry/acl-config/$ids[0]",
		"DELETE $kafka/topic/acl-config/$ids[1]"
	],
	'each is deleted below its kind, by its id');
is(rules(q{username = 'w'}), '', 'and gone');

# RETURNING: found by its values, in the service's one answer
is_deeply(
	[ map { s/ \{.*//r } @{ requests(rule('topic', 'back', 'r') . ' RETURNING id') } ],
	[
		'GET ch-gva-2 /dbaas-service',
		"POST $kafka/topic/acl-config",
		"GET $kafka/acl-config",
		'GET ch-gva-2 /dbaas-service',
		"GET $kafka/acl-config"
	],
	'it is read back from the list of its service, once it is there');
my $first = $session->sql("SELECT id FROM exo.dbaas_kafka_acls WHERE $in AND username = 'back'");
my $second = $session->sql(rule('topic', 'back', 'r') . ' RETURNING id');
isnt($second, $first, 'the same rule once more has an id of its own');
is( $session->sql("SELECT count(*) FROM exo.dbaas_kafka_acls WHERE $in AND id IN ('$first', "
		  . "'$second')"),
	2,
	'and both are there');
is( $session->sql(
			"INSERT INTO exo.dbaas_kafka_acls $columns SELECT 'ch-gva-2', 'kafka-1-0003', 'topic', "
		  . "'many', 'r', 'read' FROM generate_series(1, 3) RETURNING id")
	  =~ tr/\n//,
	2,
	'three at once');
is( $session->sql(
			"WITH made AS (INSERT INTO exo.dbaas_kafka_acls $columns VALUES "
		  . "('ch-gva-2', 'kafka-1-0003', 'topic', 'pair', 'r', 'read'), "
		  . "('de-fra-1', 'kafka-2-0003', 'topic', 'pair', 'r', 'read'), "
		  . "('ch-gva-2', 'kafka-1-0003', 'topic', 'pair', 'r', 'write') RETURNING *) "
		  . 'SELECT zone, permission, id IS NOT NULL FROM made'),
	"ch-gva-2|read|t\nde-fra-1|read|t\nch-gva-2|write|t",
	'rules of two services, and two that differ in one value');
my @same = map { { id => $_, username => 'b', topic => 'r', permission => 'read' } } qw(x y);
$sim->fault(
	{
		action => 'body',
		path => '/dbaas-kafka/kafka-1-0003/acl-config',
		method => 'GET',
		times => -1,
		body => $json->encode({ 'topic-acl' => \@same })
	});
is( $session->sql(
			"INSERT INTO exo.dbaas_kafka_acls $columns SELECT 'ch-gva-2', 'kafka-1-0003', 'topic', "
		  . "'b', 'r', 'read' FROM generate_series(1, 3) RETURNING id"),
	"y\nx\n",
	'the last is shown, and none twice in whatever order they are listed');
$sim->clear_faults;
$session->sql('CREATE FOREIGN TABLE no_id (zone text, service_name text, kind text, username text, '
	  . "resource text, permission text) SERVER exoscale OPTIONS (resource 'kafka-acls')");
is( $session->sql(
		rule('topic', 'back', 'r') =~ s/exo\.dbaas_kafka_acls/no_id/r
		  . ' RETURNING kind, username'),
	'topic|back',
	'a table without the id');
refused(
	"DELETE FROM no_id WHERE $in AND username = 'back'",
	'23502', qr/"id".*HINT:[^\n]*ALTER FOREIGN TABLE public.no_id ADD COLUMN id text\./s);
my @options = map { "ALTER SERVER exoscale OPTIONS ($_)" } "ADD wait 'none'", 'DROP wait';
$sim->config(operation_time => 60000);
$session->sql($options[0]);
is($session->sql(rule('topic', 'late', 'r') . ' RETURNING zone, username, id'),
	'ch-gva-2|late|', 'one that is not listed yet has no id');
$session->sql($options[1]);
$sim->config(operation_time => 20);
$sim->reset;

# Of one transaction
my $clean = "DELETE FROM exo.dbaas_kafka_acls WHERE $in AND username = 'tx'";
$session->sql(rule('topic', 'tx', 'old'));
is_deeply(
	[ map { s/(acl-config)(?:\/\S+| \{.*)$/$1/r } @{ writes("BEGIN; $clean; "
			  . rule('topic', 'tx', 'old') . '; COMMIT') } ],
	[ "DELETE $kafka/topic/acl-config", "POST $kafka/topic/acl-config" ],
	'deleted and made again: in that order');
is(rules(q{username = 'tx'}), 'topic|tx|old', 'it is there');
is_deeply(
	[ map { s/ .*//r } @{ writes("BEGIN; " . rule('topic', 'tx', 'new') . "; $clean; COMMIT") } ],
	[qw(POST DELETE)],
	'a DELETE deletes what the API has, and not what is pending');
is(rules(q{username = 'tx'}), 'topic|tx|new', 'which is there afterwards');
is(scalar @{ writes("BEGIN; $clean; $clean; COMMIT") }, 1, 'deleted twice is sent once');
$session->sql(rule('topic', 'tx', $_)) foreach 1 .. 3;
is_deeply(
	writes("BEGIN; SAVEPOINT a; $clean; ROLLBACK TO a; " . rule('topic', 'tx', 4) . '; ROLLBACK'),
	[], 'nothing of what is rolled back');
is(scalar @{ writes($clean) }, 3, 'many in one statement');
is( scalar @{ writes('BEGIN; ' . join('; ', (rule('topic', 'tx', 'twin')) x 2) . '; COMMIT') },
	2, 'the same rule twice: both are sent');
is(rules(q{username = 'tx'}), "topic|tx|twin\ntopic|tx|twin", 'and are there');
is_deeply(
	[
		map { s/ .*//r } @{
			writes('BEGIN; '
				  . rule('topic', 'tx', 'now')
				  . " RETURNING id; $clean AND resource = 'now'; COMMIT")
		}
	],
	[qw(POST DELETE)],
	'what RETURNING has shown can be deleted in the same transaction');

# A service that comes or goes in the same transaction
my $gone = "DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'kafka-1-0003'";
is_deeply(
	writes("BEGIN; $gone; $clean; COMMIT"),
	['DELETE ch-gva-2 /dbaas-service/kafka-1-0003'],
	'the rules of a service go with it');
$sim->reset;
$sim->clear;
$error = $session->sql_error("BEGIN; $gone; " . rule('topic', 'tx', 'r'));
is($error->{sqlstate}, '42704', 'none is made in a service that is deleted');
$session->sql('ROLLBACK');
$error = $session->sql_error(
	q{BEGIN; INSERT INTO exo.dbaas_services (zone, name, type, plan) VALUES ('ch-gva-2', }
	  . q{'made', 'kafka', 'startup-4'}
	  . '); '
	  . rule('topic', 'tx', 'r') =~ s/kafka-1-0003/made/r);
is($error->{sqlstate}, '42704', 'nor in one that is not there yet');
$session->sql('ROLLBACK');
is_deeply([ grep { $_->{method} ne 'GET' } $sim->requests ], [], 'and nothing is sent');
my $roles = "DELETE FROM exo.dbaas_clickhouse_roles WHERE zone = 'ch-gva-2'";
my $role = $session->sql(
	q{SELECT uuid FROM exo.dbaas_clickhouse_roles WHERE zone = 'ch-gva-2' AND name = 'reader'});
is_deeply(
	writes("BEGIN; $roles AND name = 'reader'; $roles AND name = 'reader'; COMMIT"),
	["DELETE ch-gva-2 /dbaas-clickhouse/clickhouse-1-0008/role/$role"],
	'a role that is deleted twice is deleted once');
is_deeply(
	writes(
			q{BEGIN; DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = }
		  . "'clickhouse-1-0008'; $roles; COMMIT"),
	['DELETE ch-gva-2 /dbaas-service/clickhouse-1-0008'],
	'and goes with its service');
$sim->reset;

# A type that nobody knows is not asked
my $list = $sim->get('/dbaas-service', zone => 'ch-gva-2')->{json};
push @{ $list->{'dbaas-services'} },
  { %{ $list->{'dbaas-services'}[2] }, name => 'new-1', type => 'kafka-next' };
$sim->fault(
	{
		action => 'body',
		path => '/dbaas-service',
		zone => 'ch-gva-2',
		method => 'GET',
		times => -1,
		body => $json->encode($list)
	});
is_deeply(
	[
		grep { !/dbaas-service$/ }
		  @{ requests(q{SELECT * FROM exo.dbaas_kafka_acls WHERE zone = 'ch-gva-2'}) }
	],
	["GET $kafka/acl-config"],
	'a service of a type that the catalogue does not know has no such path');
refused(rule('topic', 'x', 'r') =~ s/kafka-1-0003/new-1/r,
	'0A000', qr/type "kafka-next" does not take this write.*HINT:[^\n]*: kafka\./s);
$sim->clear_faults;

done_testing();
