# Two writes of one thing, or of a thing and what it is in, in one transaction: by two statements,
# by two in one savepoint or by one statement with WITH.  What the simulator was sent is what the
# statements mean, in their order, and nothing of one service by two tables is under way at once.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t =
  DbaasTest->new(services => 8, logs => 0, operation_time => 30, server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;

# What is written: how it is made, and deleted, and how the requests begin.  "is" chooses it.
my %in = map { $_->[0] => "zone = 'ch-gva-2' AND service_name = '$_->[1]'" }
  [ pg => 'pg-1-0001' ], [ kafka => 'kafka-1-0003' ], [ clickhouse => 'clickhouse-1-0008' ];
my %thing = (
	rule => {
		service => 'kafka-1-0003',
		insert => 'INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource, '
		  . "permission) VALUES ('ch-gva-2', 'kafka-1-0003', 'topic', 'pair', 'r', 'read')",
		delete => "DELETE FROM exo.dbaas_kafka_acls WHERE $in{kafka} AND username = 'pair'",
		path => '/dbaas-kafka/kafka-1-0003/topic/acl-config',
		may_be_twice => 1
	},
	schema => {
		service => 'kafka-1-0003',
		insert => 'INSERT INTO exo.dbaas_kafka_acls (zone, service_name, kind, username, resource, '
		  . "permission) VALUES ('ch-gva-2', 'kafka-1-0003', 'schema-registry', 'other', 'r', "
		  . "'schema_registry_read')",
		delete => "DELETE FROM exo.dbaas_kafka_acls WHERE $in{kafka} AND username = 'other'",
		path => '/dbaas-kafka/kafka-1-0003/schema-registry/acl-config',
		may_be_twice => 1
	},
	user => {
		service => 'kafka-1-0003',
		insert => 'INSERT INTO exo.dbaas_users (zone, service_name, username) '
		  . "VALUES ('ch-gva-2', 'kafka-1-0003', 'pair')",
		delete => "DELETE FROM exo.dbaas_users WHERE $in{kafka} AND username = 'pair'",
		path => '/dbaas-kafka/kafka-1-0003/user'
	},
	by_id => {
		service => 'clickhouse-1-0008',
		insert => 'INSERT INTO exo.dbaas_users (zone, service_name, username) '
		  . "VALUES ('ch-gva-2', 'clickhouse-1-0008', 'pair')",
		delete => "DELETE FROM exo.dbaas_users WHERE $in{clickhouse} AND username = 'pair'",
		path => '/dbaas-clickhouse/clickhouse-1-0008/user',
		made_at_once => 1
	},
	database => {
		service => 'pg-1-0001',
		insert => 'INSERT INTO exo.dbaas_databases (zone, service_name, name) '
		  . "VALUES ('ch-gva-2', 'pg-1-0001', 'pair')",
		delete => "DELETE FROM exo.dbaas_databases WHERE $in{pg} AND name = 'pair'",
		path => '/dbaas-postgres/pg-1-0001/database'
	});

# sent(SQL): the writes, as "METHOD path" without what comes behind the thing's own path
sub sent
{
	my ($sql) = @_;
	my @requests = grep { $_->{method} ne 'GET' } $session->requests($sql);
	return join ', ', map {
		my $request = $_;
		my ($path) = grep { index($request->{path}, $_) == 0 } map { $_->{path} } values %thing;
		"$request->{method} " . ($path // $request->{path})
	} @requests;
}

sub transaction { return join '; ', 'BEGIN', @_, 'COMMIT' }

# refused(STATEMENTS, SQLSTATE, NAME): the last of them is, and nothing is sent
sub refused
{
	my ($statements, $state, $name) = @_;
	$sim->clear;
	is($session->sql_error(join '; ', 'BEGIN', @$statements)->{sqlstate}, $state, $name);
	$session->sql('ROLLBACK');
	is(scalar(grep { $_->{method} ne 'GET' } $sim->requests), 0, 'and sends nothing');
	return;
}

foreach my $name (sort keys %thing)
{
	my ($insert, $delete, $path, $service) = @{ $thing{$name} }{qw(insert delete path service)};
	my $drop = "DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = '$service'";
	my ($post, $gone) = ("POST $path", "DELETE $path");
	my $dropped = "DELETE /dbaas-service/$service";
	my $twice = transaction($insert, $insert);
	$sim->reset;

	# Of one thing
	if ($thing{$name}{may_be_twice})
	{
		is(sent($twice), "$post, $post", "$name: INSERT, INSERT are two");
		is(sent($delete), "$gone, $gone", 'and both are deleted');
	}
	else
	{
		refused([ $insert, $insert ], '23505', "$name: INSERT, INSERT");
	}
	is(sent(transaction($insert, $delete)), $post, "$name: INSERT, DELETE: it is not there yet");
	is(sent(transaction($delete, $insert)), "$gone, $post", "$name: DELETE, INSERT");
	is(sent(transaction($delete, $delete)), $gone, "$name: DELETE, DELETE");
	is(sent($delete), '', 'it is gone');
	is(sent(transaction($insert, 'SAVEPOINT a', $delete, 'ROLLBACK TO a')),
		$post, "$name: a DELETE that is rolled back");
	is(sent(transaction($delete, 'SAVEPOINT a', $insert, 'ROLLBACK TO a', $delete)),
		$gone, "$name: an INSERT that is rolled back");
	is(sent(transaction('SAVEPOINT a', $insert, 'ROLLBACK TO a', $insert)),
		$post, "$name: and one that is made again");
	is( sent(transaction('SAVEPOINT a', $delete, 'RELEASE a', $delete, $insert)),
		"$gone, $post",
		"$name: what RELEASE keeps counts");
	is( sent(transaction("$insert RETURNING 1", $delete)) =~ s/DELETE \K\Q$path\E.*/it/r,
		"$post, DELETE it",
		"$name: what RETURNING has made is there") if $thing{$name}{may_be_twice};
	is(sent(transaction('SET LOCAL dbaas_fdw.write_mode = immediate', $delete, $insert, $delete)),
		$thing{$name}{may_be_twice} ? "$post, $gone" : "$gone, $post, $gone",
		"$name: sent at once, each sees the one before");
	is(sent("WITH d AS ($delete RETURNING 1) $insert"), $post, "$name: WITH, nothing to delete");
	$sim->clear;
	my ($out, $error) = $session->sql_both("WITH d AS ($delete RETURNING 1) $insert");
	my @both = grep { $_->{method} ne 'GET' } $sim->requests;
	if ($thing{$name}{may_be_twice})
	{
		is(join(' ', sort map { $_->{method} } @both), 'DELETE POST', "$name: WITH, both");
	}
	else
	{
		my $refusal = $name eq 'by_id' ? qr/ 0A000: this transaction creates/ : qr/ 23505: | 409/;
		like($error, $refusal, "$name: WITH: the INSERT comes first");
	}

	# Of what it is in
	refused([ $drop, $insert ], '42704', "$name: into a service that is deleted");
	$sim->reset;
	$session->sql($insert);
	is(sent(transaction($drop, $delete)), $dropped, "$name: with its service");
	$sim->reset;
	$session->sql($insert);
	is(sent(transaction($delete, $drop)), "$gone, $dropped", "$name: then its service");
	foreach my $write ($delete, $insert)
	{
		$sim->reset;
		$session->sql($insert) if $write eq $delete;
		my @writes =
		  grep { $_->{method} ne 'GET' } $session->requests("WITH d AS ($drop RETURNING 1) $write");
		is($writes[-1]{path}, "/dbaas-service/$service", "$name: WITH: the service goes last");
		cmp_ok(scalar(@writes), '>', 1, 'behind what is inside it');
		my $last = pop @writes;
		my $pending = $write eq $insert && $thing{$name}{made_at_once} ? 0 : 30;
		cmp_ok($_->{started_ms} + $pending,
			'<=', $last->{started_ms}, 'whose operation has ended') foreach @writes;
	}
}

# A rule and its user: each by its own table, in the order of the statements
$sim->reset;
my ($user, $rule, $no_user, $no_rule) =
  map { ($thing{user}{$_}, $thing{rule}{$_}) } qw(insert delete);
my ($at_user, $at_rule) = ($thing{user}{path}, $thing{rule}{path});
is(sent(transaction($user, $rule)), "POST $at_user, POST $at_rule", 'a user with a rule');
is( sent(transaction($no_rule, $no_user)),
	"DELETE $at_rule, DELETE $at_user",
	'both are deleted, the rule first');
$session->sql("$user; $rule");
my @pair =
  grep { $_->{method} ne 'GET' }
  $session->requests("WITH r AS ($no_rule RETURNING username) "
	  . "DELETE FROM exo.dbaas_users u USING r WHERE u.zone = 'ch-gva-2' "
	  . "AND u.service_name = 'kafka-1-0003' AND u.username = r.username");
is( join(', ', map { $_->{path} =~ s{.*kafka-1-0003/([a-z]+).*}{$1}r } @pair),
	'topic, user', 'by one statement');
cmp_ok($pair[0]{started_ms} + 30, '<=', $pair[1]{started_ms}, 'one after the other');

# An endpoint outside: its name is taken by an INSERT that is pending
my $endpoints = 'exo.dbaas_external_endpoints';
my $new = "INSERT INTO $endpoints (zone, name, type, settings) "
  . "VALUES ('ch-gva-2', 'pair', 'prometheus', '{}')";
my $removed = "DELETE FROM $endpoints WHERE zone = 'ch-gva-2' AND name = 'pair'";
my ($made_at, $gone_at) =
  ('POST /dbaas-external-endpoint-prometheus/pair', qr{DELETE /dbaas-external-endpoint-});
refused([ $new, $new ], '23505', 'endpoint: INSERT, INSERT');
refused([ $new, $new =~ s/prometheus/rsyslog/r ], '23505', 'endpoint: the name, of another type');
is(sent(transaction($new, $removed)), $made_at, 'endpoint: INSERT, DELETE: it is not there yet');
is(sent(transaction('SAVEPOINT a', $new, 'ROLLBACK TO a')), '', 'endpoint: rolled back');
like(sent(transaction($removed, $new)), qr/^$gone_at\S+, $made_at$/, 'endpoint: DELETE, INSERT');
like(sent(transaction($removed, $removed)), qr/^$gone_at\S+$/, 'endpoint: DELETE, DELETE');

# Integrations: one of the same kind, from the same to the same
my $join = q{INSERT INTO exo.dbaas_integrations (zone, type, source, dest) }
  . q{VALUES ('ch-gva-2', 'metrics', 'mysql-1-0002', 'thanos-1-0007')};
my $attach =
  'INSERT INTO exo.dbaas_external_integrations (zone, service_name, dest_endpoint_id, type) '
  . q{SELECT 'ch-gva-2', 'mysql-1-0002', id, type FROM exo.dbaas_external_endpoints }
  . q{WHERE zone = 'ch-gva-2' AND name = 'datadog-1-1'};
my %pair = (
	integration => [
		$join, $join =~ s/mysql-1-0002/pg-1-0001/r,
		'DELETE FROM exo.dbaas_integrations WHERE '
		  . q{zone = 'ch-gva-2' AND type = 'metrics' AND source = 'mysql-1-0002'},
		qr{POST /dbaas-integration},
		qr{DELETE /dbaas-integration/[0-9a-f-]+}
	],
	'external integration' => [
		$attach,
		$attach =~ s/mysql-1-0002/opensearch-1-0004/r,
		'DELETE FROM exo.dbaas_external_integrations WHERE '
		  . q{zone = 'ch-gva-2' AND service_name = 'mysql-1-0002'},
		qr{PUT /dbaas-external-endpoint/[a-z0-9-]+/attach},
		qr{PUT /dbaas-external-endpoint/[a-z0-9-]+/detach}
	]);
foreach my $name (sort keys %pair)
{
	my ($insert, $another, $delete, $made, $gone) = @{ $pair{$name} };
	$sim->reset;
	$session->sql($delete);
	refused([ $insert, $insert ], '23505', "$name: INSERT, INSERT");
	refused([ $insert, "SAVEPOINT a; $insert" ], '23505', "$name: in a savepoint");
	like(sent(transaction('SAVEPOINT a', $insert, 'ROLLBACK TO a', $insert)),
		qr/^$made$/, "$name: one that is made again");
	is($session->sql_error($insert)->{sqlstate}, '55006', 'what there is, the API refuses');
	like(sent(transaction($delete, $insert)), qr/^$gone, $made$/, "$name: DELETE, INSERT");
	like(
		sent(
			transaction(
				"SET LOCAL dbaas_fdw.write_mode = immediate; $delete", $insert,
				$delete, $insert)),
		qr/^$gone, $made, $gone, $made$/,
		"$name: sent at once, each sees the one before");
	$session->sql($delete);
	like(sent(transaction($insert, $another)), qr/^$made, $made$/, "$name: two others");
}

# A password: each statement sets it, as long as the user is there
$sim->reset;
$session->sql($user);
my $reset = "UPDATE exo.dbaas_users SET password = 'S3CRET-pair-1' WHERE $in{kafka} "
  . "AND username = 'pair'";
my $put = "PUT $at_user";
is(sent(transaction($reset, $reset =~ s/-1/-2/r)), "$put, $put", 'password: UPDATE, UPDATE');
is(sent(transaction($reset, 'SAVEPOINT a', $reset, 'ROLLBACK TO a')), $put, 'and rolled back');
is(sent(transaction($reset, $no_user)), "$put, DELETE $at_user", 'password: UPDATE, DELETE');
$session->sql($user);
is(sent(transaction($no_user, $reset)), "DELETE $at_user", 'password: DELETE, UPDATE');
is(sent(transaction($user, $reset)), "POST $at_user", 'password: INSERT, UPDATE: not there yet');

# Both kinds have an id of one name: they are two things
is( join(', ',
		sort split /, /,
		sent("DELETE FROM exo.dbaas_kafka_acls WHERE $in{kafka} AND id LIKE 'default%'")),
	"DELETE $thing{schema}{path}, DELETE $thing{rule}{path}",
	'one rule of each kind');
$sim->reset;

done_testing();
