# Actions on services: what each sends, for which types, with which arguments, and what is refused.
use strict;
use warnings;

use DbaasChecks qw(is_refused requests_of writes_of);
use DbaasTest;
use Test::More;

my $t =
  DbaasTest->new(services => 17, logs => 0, operation_time => 20, server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;
my %segment =
  (pg => 'postgres', map { $_ => $_ } qw(clickhouse grafana kafka mysql opensearch thanos valkey));
my %number = (
	pg => 1,
	mysql => 2,
	kafka => 3,
	opensearch => 4,
	valkey => 5,
	grafana => 6,
	thanos => 7,
	clickhouse => 8);

sub insert
{
	my ($service, $action, $arguments) = @_;
	$arguments = defined $arguments ? "'$arguments'" : 'NULL';
	return 'INSERT INTO exo.dbaas_actions (zone, service_name, action, arguments) '
	  . "VALUES ('ch-gva-2', '$service', '$action', $arguments)";
}

sub writes { return writes_of($session, @_) }

sub refused { return is_refused($session, @_) }

# Nothing is read from it, and nothing but INSERT writes to it
$sim->clear;
is($session->sql('SELECT * FROM exo.dbaas_actions'), '', 'it has no rows');
is( $session->sql(
			q{SELECT count(a.state) FROM exo.dbaas_zones z LEFT JOIN exo.dbaas_actions a }
		  . q{ON a.zone = z.zone AND a.action <> 'x'}),
	0,
	'not in a join either');
$session->sql('ANALYZE exo.dbaas_actions');
is_deeply([ grep { $_->{path} ne '/zone' } $sim->requests ], [], 'and no request is sent for it');
refused("UPDATE exo.dbaas_actions SET action = 'x'", '55000', qr/does not allow updates/);
refused('DELETE FROM exo.dbaas_actions', '55000', qr/does not allow deletes/);

# Every type has its maintenance
foreach my $type (sort keys %number)
{
	my $service = "$type-1-000$number{$type}";
	is_deeply(
		writes(insert($service, 'start-maintenance')),
		["PUT ch-gva-2 /dbaas-$segment{$type}/$service/maintenance/start"],
		"the maintenance of a $type is started, without a body");
}
is( $session->sql(
			q{SELECT count(*) FROM exo.dbaas_maintenance_updates }
		  . q{WHERE zone = 'ch-gva-2' AND service_name LIKE '%-000_' AND service_name NOT LIKE '%9'}
	),
	0,
	'and none awaits them any more');

# An upgrade check is answered with the task
my $version = q{SELECT service_name FROM exo.dbaas_service_details }
  . q{WHERE zone = 'ch-gva-2' AND type = 'pg' AND version %s LIMIT 1};
my $pg = $session->sql(sprintf $version, q{IN ('15', '16')});
is_deeply(
	writes(insert($pg, 'upgrade-check', '{"target-version": "17"}')),
	[qq(POST ch-gva-2 /dbaas-postgres/$pg/upgrade-check {"target-version":"17"})],
	'an upgrade is checked');
is(scalar(grep { $_->{path} =~ m{^/operation/} } $sim->requests), 0, 'nothing is polled');
is($session->sql(insert($pg, 'upgrade-check', '{"target-version": "17"}') . ' RETURNING type'),
	'pg', 'RETURNING has the type that was looked up');
is( $session->sql(
		insert('mysql-1-0002', 'start-maintenance')
		  =~ s/service_name/type, service_name/r =~ s/'mysql-1-0002'/'mysql', 'mysql-1-0002'/r
		  . ' RETURNING type, service_name'),
	'mysql|mysql-1-0002',
	'or that was given');
my ($task, $type, $success, @rest) = split /\|/,
  $session->sql(insert($pg, 'upgrade-check', '{"target-version": "17"}')
	  . q{ RETURNING result ->> 'id', result ->> 'task-type', result ->> 'success', state, }
	  . q{operation_id IS NULL});
is("$type|$success|@rest", 'pg_upgrade_check|true|success t', 'RETURNING has the task');
is( $session->sql(
			q{SELECT task_type, success FROM exo.dbaas_tasks }
		  . "WHERE zone = 'ch-gva-2' AND service_name = '$pg' AND id = '$task'"),
	'pg_upgrade_check|t',
	'which dbaas_tasks shows');
my (undef, $notice) =
  $session->sql_both(insert($pg, 'upgrade-check', '{"target-version": "17"}'));
like($notice, qr/NOTICE:  00000: POST \S+upgrade-check in zone ch-gva-2: the id is [0-9a-f-]{36}\n/,
	'without RETURNING a NOTICE tells its id');
like($session->sql_error(insert($pg, 'upgrade-check', '{"target-version": "13"}'))->{stderr},
	qr/HTTP status 422/, 'the API refuses an older version');

# A migration is stopped
my $stopped = "SELECT status FROM exo.dbaas_migrations WHERE zone = 'ch-gva-2' "
  . q{AND service_name = 'mysql-1-0002'};
isnt($session->sql($stopped), 'done', 'a migration runs');
is_deeply(
	writes(insert('mysql-1-0002', 'stop-migration')),
	['POST ch-gva-2 /dbaas-mysql/mysql-1-0002/migration/stop'],
	'is stopped');
is($session->sql($stopped), 'done', 'and is done');
like($session->sql_error(insert('pg-1-0009', 'stop-migration'))->{stderr},
	qr/HTTP status 404.*No migration found/s, 'where there is none, the API says so');

is_deeply(
	writes(insert('mysql-1-0002', 'enable-writes')),
	['PUT ch-gva-2 /dbaas-mysql/mysql-1-0002/enable/writes'],
	'mysql takes writes again');

# A password is reset to one that the API chooses
foreach my $type (qw(clickhouse grafana kafka mysql opensearch pg valkey))
{
	my $service = "$type-1-000$number{$type}";
	my $user = $session->sql(
		q{SELECT coalesce((SELECT username FROM exo.dbaas_users WHERE zone = 'ch-gva-2' }
		  . "AND service_name = '$service' ORDER BY username LIMIT 1), 'avnadmin')");
	is_deeply(
		writes(insert($service, 'reset-password', qq({"username": "$user"}))),
		["PUT ch-gva-2 /dbaas-$segment{$type}/$service/user/$user/password/reset {}"],
		"a user of $type");
}
my ($out, $err) =
  $session->sql_both(insert('clickhouse-1-0008', 'reset-password', '{"username": "avnadmin"}')
	  . ' RETURNING state, operation_id, result');
is($out, 'success||{"password": "***", "username": "avnadmin"}',
	'clickhouse answers with the password, which is masked');
unlike($err, qr/S3CRET/, 'everywhere');
like(
	$session->sql(insert('pg-1-0001', 'reset-password', '{"username": "avnadmin"}')
		  . ' RETURNING state, operation_id'),
	qr/^success\|[0-9a-f-]{36}$/,
	'the others with an operation');

# What is refused
my $all = join ', ',
  qw(start-maintenance upgrade-check stop-migration enable-writes reset-password promote);
refused(insert('pg-1-0001', 'restart'), '22023', qr/"restart".*HINT:[^\n]*: $all\.$/sm);
refused(q{INSERT INTO exo.dbaas_actions (service_name) VALUES ('pg-1-0001')},
	'23502', qr/"action"/);
refused(q{INSERT INTO exo.dbaas_actions (action) VALUES ('promote')}, '23502', qr/"service_name"/);
refused(insert('kafka-1-0003', 'upgrade-check', '{"target-version": "17"}'),
	'0A000',
	qr/"kafka-1-0003"\ of\ type\ "kafka"\ does\ not\ have\ action\ "upgrade-check"\n
		.*HINT:[^\n]*:\ start-maintenance,\ reset-password,\ promote\.$/smx);
refused(insert('thanos-1-0007', 'reset-password', '{"username": "x"}'),
	'0A000', qr/HINT:[^\n]*: start-maintenance, promote\.$/m);
refused(insert('pg-1-0001', 'enable-writes'), '0A000', qr/type "pg"/);
refused(insert('gone', 'start-maintenance'), '42704', qr/no service "gone"/);
refused(insert('pg-1-0001', 'upgrade-check'), '23502',
	qr/needs argument "target-version".*HINT:[^\n]*target-version: 13, 14, 15, 16, 17, 18\./s);
refused(insert('pg-1-0001', 'upgrade-check', $_), '22023', qr/argument "target-version".*HINT/s)
  foreach '{"target-version": 17}', '{"target-version": "12"}', '{"target-version": null}',
  '{"target-version": ["17"]}';
refused(insert('pg-1-0001', 'upgrade-check', '{"target-version": "17", "x": 1}'),
	'22023', qr/takes no argument "x".*HINT:[^\n]*target-version/s);
refused(insert('pg-1-0001', 'start-maintenance', '{"id": "x"}'),
	'22023', qr/takes no argument "id".*HINT:[^\n]*: none\./s);
refused(insert('pg-1-0001', 'promote', '{"id": "11111111-2222-4333-8444-555555555555"}'),
	'22023', qr/takes no argument "id"/);
refused(insert('pg-1-0001', 'start-maintenance', '[]'), '22023', qr/a JSON object/);
refused(insert('pg-1-0001', 'reset-password', '{"username": "../x", "password": "S3CRETpass"}'),
	'22023', qr/takes no argument "password".*HINT:[^\n]*UPDATE dbaas_users/s);
refused(insert('pg-1-0001', 'reset-password', qq({"username": "$_"})),
	'22023', qr/argument "username"|"\.\." for column "arguments"/) foreach '', '..', 'x' x 65;
refused(q{INSERT INTO exo.dbaas_actions (service_name, action, state) }
	  . q{VALUES ('pg-1-0001', 'promote', 'x')},
	'0A000', qr/"state".*HINT:[^\n]*takes: zone, service_name, type, action, arguments\./s);
is_deeply(
	writes(insert('kafka-1-0003', 'reset-password', '{"username": "a/b%2F c"}') =~ s/^/BEGIN; /r
		  =~ s/$/; ROLLBACK/r),
	[],
	'ROLLBACK drops an action');
$sim->clear;
$session->sql_error(insert('kafka-1-0003', 'reset-password', '{"username": "a/b%2F c"}'));
is_deeply([ map { $_->{path} } grep { $_->{method} eq 'PUT' } $sim->requests ],
	['/dbaas-kafka/kafka-1-0003/user/a%2Fb%252F%20c/password/reset'],
	'an argument in a path is encoded');

# The type may be given; then it is not looked up
is_deeply(
	requests_of($session,
			q{INSERT INTO exo.dbaas_actions (zone, service_name, type, action) }
		  . q{VALUES ('ch-gva-2', 'kafka-1-0003', 'kafka', 'start-maintenance')}),
	['PUT ch-gva-2 /dbaas-kafka/kafka-1-0003/maintenance/start'],
	'a type that is given');
refused(
	q{INSERT INTO exo.dbaas_actions (zone, service_name, type, action) }
	  . q{VALUES ('ch-gva-2', 'kafka-1-0003', 'kafka', 'enable-writes')},
	'0A000', qr/type "kafka"/);
is_deeply(
	writes(q{INSERT INTO exo.dbaas_actions (service_name, action) }
		  . q{VALUES ('kafka-1-0003', 'start-maintenance')}),
	['PUT ch-gva-2 /dbaas-kafka/kafka-1-0003/maintenance/start'],
	'the zone is looked up');

# A table that lacks columns
$session->sql(q{CREATE FOREIGN TABLE bare (service_name text, action text) }
	  . q{SERVER exoscale OPTIONS (resource 'actions')});
refused(q{INSERT INTO bare VALUES ('pg-1-0001', 'upgrade-check')},
	'23502', qr/ADD COLUMN arguments jsonb/);
is_deeply(
	writes(q{INSERT INTO bare VALUES ('pg-1-0001', 'start-maintenance') RETURNING action}),
	['PUT ch-gva-2 /dbaas-postgres/pg-1-0001/maintenance/start'],
	'with two columns');

done_testing();
