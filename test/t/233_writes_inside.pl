# Users, databases and connection pools of services: what is sent for each type, what is refused.
use strict;
use warnings;

use DbaasChecks qw(is_refused writes_of);
use DbaasTest;
use Test::More;

my $t =
  DbaasTest->new(services => 8, logs => 0, operation_time => 20, server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;
my %segment = (pg => 'postgres', map { $_ => $_ } qw(clickhouse kafka mysql opensearch valkey));
my %number = (pg => 1, mysql => 2, kafka => 3, opensearch => 4, valkey => 5, clickhouse => 8);

sub writes { return writes_of($session, @_) }

sub refused { return is_refused($session, @_) }

# Users, of each type that takes them
my $users = 'exo.dbaas_users (zone, service_name, username';
foreach my $type (sort keys %number)
{
	my $service = "$type-1-000$number{$type}";
	my $path = "ch-gva-2 /dbaas-$segment{$type}/$service/user";
	my $where = "zone = 'ch-gva-2' AND service_name = '$service' AND username = 'a/b é'";
	is_deeply(
		[
			map { utf8::encode($_); $_ }
			  @{ writes("INSERT INTO $users) VALUES ('ch-gva-2', '$service', 'a/b é')") }
		],
		[qq(POST $path {"username":"a/b é"})],
		"a user of $type");
	is($session->sql("SELECT username FROM exo.dbaas_users WHERE $where"), 'a/b é', 'is there');
	my $segment = 'a%2Fb%20%C3%A9';
	if ($type eq 'clickhouse')
	{
		$session->sql(
				q{CREATE FOREIGN TABLE no_uuid (zone text, service_name text, username text) }
			  . q{SERVER exoscale OPTIONS (resource 'users')});
		refused("DELETE FROM no_uuid WHERE $where",
			'23502',
			qr/"uuid".*HINT:[^\n]*ALTER FOREIGN TABLE public.no_uuid ADD COLUMN uuid uuid\./s);
		$segment = $session->sql("SELECT uuid FROM exo.dbaas_users WHERE $where");
		like($segment, qr/^[0-9a-f-]{36}$/, 'its id');
	}
	is_deeply(writes("DELETE FROM exo.dbaas_users WHERE $where"),
		["DELETE $path/$segment"], 'and deleted');
	is($session->sql("SELECT count(*) FROM exo.dbaas_users WHERE $where"), 0, 'is gone');
}
foreach my $case ([ grafana => 6 ], [ thanos => 7 ])
{
	my ($type, $number) = @$case;
	my $types = 'clickhouse, kafka, mysql, opensearch, pg, valkey';
	my $takers = qr/type "$type" does not take this write.*HINT:[^\n]*$types/s;
	refused("INSERT INTO $users) VALUES ('ch-gva-2', '$type-1-000$number', 'x')", '0A000', $takers);
	refused(
		"DELETE FROM exo.dbaas_users WHERE zone = 'ch-gva-2' "
		  . "AND service_name = '$type-1-000$number'",
		'0A000', $takers);
}

# What some types have alone
my $pg = 'ch-gva-2 /dbaas-postgres/pg-1-0001';
is_deeply(
	writes("INSERT INTO $users, allow_replication) VALUES ('ch-gva-2', 'pg-1-0001', 'copy', true)"),
	[qq(POST $pg/user {"username":"copy","allow-replication":true})], 'a user who may replicate');
is_deeply(
	writes(
			q{UPDATE exo.dbaas_users SET allow_replication = false WHERE zone = 'ch-gva-2' }
		  . q{AND service_name = 'pg-1-0001' AND username = 'copy'}),
	[qq(PUT $pg/user/copy/allow-replication {"allow-replication":false})],
	'and may no more');
is_deeply(
	writes(
			q{UPDATE exo.dbaas_users SET allow_replication = false WHERE zone = 'ch-gva-2' }
		  . q{AND service_name = 'pg-1-0001' AND username = 'copy'}),
	[],
	'which is not sent twice');
is( $session->sql(
			q{SELECT allow_replication FROM exo.dbaas_users WHERE zone = 'ch-gva-2' }
		  . q{AND service_name = 'pg-1-0001' AND username = 'copy'}),
	'f',
	'as it shows');
is_deeply(
	writes(
			"INSERT INTO $users, authentication) "
		  . "VALUES ('ch-gva-2', 'mysql-1-0002', 'app', 'mysql_native_password')"),
	[
			'POST ch-gva-2 /dbaas-mysql/mysql-1-0002/user '
		  . '{"username":"app","authentication":"mysql_native_password"}'
	],
	'how a user of mysql authenticates');
is( $session->sql(
			"INSERT INTO $users) VALUES ('ch-gva-2', 'pg-1-0001', 'shown') "
		  . "RETURNING service_name, username, type, allow_replication"),
	'pg-1-0001|shown|normal|f',
	'RETURNING');
refused(
	"INSERT INTO $users, authentication) "
	  . "VALUES ('ch-gva-2', 'pg-1-0001', 'x', 'mysql_native_password')",
	'0A000',
	qr/"authentication".*type "pg".*HINT:[^\n]*: mysql/s);
refused("INSERT INTO $users, authentication) VALUES ('ch-gva-2', 'mysql-1-0002', 'x', 'plain')",
	'22023', qr/caching_sha2_password/);
refused("INSERT INTO $users, allow_replication) VALUES ('ch-gva-2', 'kafka-1-0003', 'x', false)",
	'0A000', qr/"allow_replication".*type "kafka"/s);
refused("INSERT INTO $users) VALUES ('ch-gva-2', 'pg-1-0001', '')", '22023',
	qr/1 to 64 characters/);
refused(
	"INSERT INTO $users) VALUES ('ch-gva-2', 'pg-1-0001', '..')",
	'22023',
	qr/"\.\.".*HINT:[^\n]*could not be deleted/s);
refused(
	"INSERT INTO exo.dbaas_databases (zone, service_name, name) "
	  . "VALUES ('ch-gva-2', 'pg-1-0001', '.')",
	'22023',
	qr/could not be deleted/);
refused("INSERT INTO exo.dbaas_users (zone, service_name) VALUES ('ch-gva-2', 'pg-1-0001')",
	'23502', qr/"username"/);
my $columns =
  'service_name, username, allow_replication, authentication, access_control, password, '
  . 'parameters';
refused("INSERT INTO $users, type) VALUES ('ch-gva-2', 'pg-1-0001', 'x', 'primary')",
	'0A000', qr/"type".*HINT:[^\n]*$columns\./s);
refused(
	q{UPDATE exo.dbaas_users SET username = 'x' WHERE zone = 'ch-gva-2' }
	  . q{AND service_name = 'pg-1-0001'},
	'0A000',
	qr/HINT:[^\n]*takes: allow_replication, authentication, access_control, password\./);
refused(
	q{UPDATE exo.dbaas_users SET allow_replication = true WHERE zone = 'ch-gva-2' }
	  . q{AND service_name = 'mysql-1-0002'},
	'0A000',
	qr/type "mysql"/);
refused(
	q{UPDATE exo.dbaas_users SET allow_replication = NULL WHERE zone = 'ch-gva-2' }
	  . q{AND service_name = 'pg-1-0001' AND username = 'copy'},
	'23502', qr/"allow_replication"/);

# Access control of valkey, and its path
my $valkey = "zone = 'ch-gva-2' AND service_name = 'valkey-1-0005' AND username = 'app'";
is_deeply(
	writes(
			"INSERT INTO $users, access_control) "
		  . "VALUES ('ch-gva-2', 'valkey-1-0005', 'app', '{\"keys\": [\"a:*\"]}')"),
	[
			'POST ch-gva-2 /dbaas-valkey/valkey-1-0005/user '
		  . '{"username":"app","access-control":{"keys":["a:*"]}}'
	],
	'a user of valkey with access control');
is_deeply(
	writes(
			"UPDATE exo.dbaas_users SET access_control = "
		  . "'{\"keys\": [\"b:*\"], \"commands\": [\"+get\"]}' WHERE $valkey"),
	[
			'PUT ch-gva-2 /dbaas-valkey/valkey-1-0005/user/app '
		  . '{"access-control":{"keys":["b:*"],"commands":["+get"]}}'
	],
	'which can be changed');
is($session->sql("SELECT access_control -> 'keys' FROM exo.dbaas_users WHERE $valkey"),
	'["b:*"]', 'as it shows');
is_deeply(writes("UPDATE exo.dbaas_users SET access_control = access_control WHERE $valkey"),
	[], 'what is so already is not sent');
refused(
	"UPDATE exo.dbaas_users SET allow_replication = true WHERE $valkey",
	'0A000',
	qr/"allow_replication".*type "valkey".*HINT:[^\n]*: pg/s);
refused(
	"UPDATE exo.dbaas_users SET access_control = '{}' WHERE zone = 'ch-gva-2' "
	  . "AND service_name = 'pg-1-0001' AND username = 'copy'",
	'0A000',
	qr/"access_control".*type "pg".*HINT:[^\n]*: valkey/s);
refused("UPDATE exo.dbaas_users SET access_control = '[]' WHERE $valkey",
	'22023', qr/a JSON object/);
refused("INSERT INTO $users, access_control) VALUES ('ch-gva-2', 'pg-1-0001', 'x', '{}')",
	'0A000', qr/"access_control".*type "pg"/s);

my $put = 'PUT /dbaas-{service-type}/{service-name}/user/{username}';
like(
	$session->sql(
			q{EXPLAIN (COSTS OFF) UPDATE exo.dbaas_users SET access_control = '{}', }
		  . "allow_replication = true WHERE $valkey"),
	qr{Request: \Q$put\E/allow-replication\n\s+Alternative Request: \Q$put\E\n},
	'EXPLAIN names both paths');

# Whatever else a type takes; of users it may be a password, and is shown nowhere
my $with_roles = 'exo.dbaas_users (zone, service_name, username, password, parameters)';
my $role =
  q{'S3CRETpassword', '{"roles": [{"uuid": "11111111-2222-4333-8444-555555555555"}]}'};
is_deeply(
	writes("INSERT INTO $with_roles VALUES ('ch-gva-2', 'clickhouse-1-0008', 'boss', $role)"),
	[
			'POST ch-gva-2 /dbaas-clickhouse/clickhouse-1-0008/user '
		  . '{"username":"boss","password":"S3CRETpassword",'
		  . '"roles":[{"uuid":"11111111-2222-4333-8444-555555555555"}]}'
	],
	'a user of clickhouse with a password and roles');
my (undef, $dry) = $session->sql_both("SET dbaas_fdw.dry_run = on; INSERT INTO $with_roles "
	  . "VALUES ('ch-gva-2', 'clickhouse-1-0008', 'dry', $role); RESET dbaas_fdw.dry_run");
like(
	$dry,
	qr/\{"username":"dry","password":"\*\*\*","roles":"\*\*\*"\}/,
	'a dry run shows the names');
unlike($dry, qr/S3CRET/, 'alone');
is( $session->sql(
			"INSERT INTO $with_roles "
		  . "VALUES ('ch-gva-2', 'clickhouse-1-0008', 'told', $role) "
		  . "RETURNING username, password, parameters"),
	'told||',
	'RETURNING shows none');
refused(
	"INSERT INTO $users, parameters) "
	  . "VALUES ('ch-gva-2', 'clickhouse-1-0008', 'x', '{\"username\": \"y\"}')",
	'22023',
	qr/Leave out "username"/);
refused(
	"INSERT INTO $users, password, parameters) "
	  . "VALUES ('ch-gva-2', 'clickhouse-1-0008', 'x', 'S3CRET-1', "
	  . "'{\"password\": \"S3CRET-2\"}')",
	'22023',
	qr/Leave out "password", which column "password" is for/);
is_deeply(
	writes(
			"INSERT INTO $users, parameters) "
		  . "VALUES ('ch-gva-2', 'clickhouse-1-0008', 'as_before', "
		  . "'{\"password\": \"S3CRET-3\"}')"),
	[
		'POST ch-gva-2 /dbaas-clickhouse/clickhouse-1-0008/user '
		  . '{"username":"as_before","password":"S3CRET-3"}'
	],
	'a password among the parameters');
my $databases = 'exo.dbaas_databases (zone, service_name, name, parameters)';
is_deeply(
	writes(
			"INSERT INTO $databases VALUES ('ch-gva-2', 'pg-1-0001', 'sorted', "
		  . "'{\"lc-collate\": \"de_CH.UTF-8\", \"lc-ctype\": \"C\"}')"),
	[qq(POST $pg/database {"database-name":"sorted","lc-ctype":"C","lc-collate":"de_CH.UTF-8"})],
	'a database of pg with its collation');
(undef, $dry) =
  $session->sql_both("SET dbaas_fdw.dry_run = on; INSERT INTO $databases "
	  . "VALUES ('ch-gva-2', 'pg-1-0001', 'dry', "
	  . "'{\"lc-collate\": \"C\", \"x-password\": \"S3CRET\"}'); RESET dbaas_fdw.dry_run");
like(
	$dry,
	qr/\{"database-name":"dry","lc-collate":"C","x-password":"\*\*\*"/,
	'which a dry run shows');
unlike($dry, qr/S3CRET/, 'but for what has the name of a secret');
is( $session->sql(
			"SELECT name, parameters FROM exo.dbaas_databases WHERE zone = 'ch-gva-2' "
		  . "AND service_name = 'pg-1-0001' AND name = 'sorted'"),
	'sorted|',
	'parameters are NULL when read');

# Only two writes may be answered without an operation; elsewhere such an
# answer, or one that is no object, is an error
foreach my $case (
	[
		'postgres/*/database',
		q{exo.dbaas_databases (zone, service_name, name) VALUES ('ch-gva-2', 'pg-1-0001', 'x')},
		'{"databases":["x"]}'
	],
	[
		'postgres/*/user', "$users) VALUES ('ch-gva-2', 'pg-1-0001', 'x')",
		'{"username":"x","password":"S3CRET"}'
	],
	[
		'clickhouse/*/user',
		"$users) VALUES ('ch-gva-2', 'clickhouse-1-0008', 'x')",
		'[{"username":"x","password":"S3CRET"}]'
	],
	[
		'clickhouse/*/user',
		"$users) VALUES ('ch-gva-2', 'clickhouse-1-0008', 'y')",
		'{"username":"x","password":"S3CRET"'
	])
{
	my ($path, $into, $body) = @$case;
	$sim->fault(
		{ method => 'POST', path => "/dbaas-$path", action => 'body', body => $body, times => 1 });
	my $error = $session->sql_error("INSERT INTO $into");
	is($error->{sqlstate}, 'HV000', "$path answers $body");
	unlike($error->{stderr}, qr/S3CRET/, 'which is not repeated');
	$sim->clear_faults;
}
$sim->fault(
	{
		method => 'POST',
		path => '/dbaas-clickhouse/*/user',
		action => 'status',
		status => 500,
		body => '{"message":"no room for x","password":"S3CRET"}',
		times => 1
	});
my $failed =
  $session->sql_error("INSERT INTO $users) VALUES ('ch-gva-2', 'clickhouse-1-0008', 'x')");
like($failed->{stderr}, qr/no room for x/, 'an error that holds the password');
unlike($failed->{stderr}, qr/S3CRET/, 'is shown without it');
$sim->clear_faults;
is_deeply(
	writes("INSERT INTO $users) VALUES ('ch-gva-2', 'clickhouse-1-0008', 'unwatched')"),
	['POST ch-gva-2 /dbaas-clickhouse/clickhouse-1-0008/user {"username":"unwatched"}'],
	'an answer of its own is the end of the write');
is(scalar(grep { $_->{path} =~ m{^/operation/} } $sim->requests), 0, 'nothing is polled');

# Whether a service runs is not asked for what is inside it
$sim->clear;
my $inside = "zone = 'ch-gva-2' AND service_name = 'pg-1-0001'";
$sim->fault(
	{
		method => 'GET',
		path => '/dbaas-service',
		zone => 'ch-gva-2',
		action => 'body',
		times => 100,
		body => '{"dbaas-services":[{"name":"pg-1-0001","type":"pg","state":"poweroff"}]}'
	});
is(@{ writes($_) }, 1, $_)
  foreach "INSERT INTO $users) VALUES ('ch-gva-2', 'pg-1-0001', 'still')",
  "DELETE FROM exo.dbaas_users WHERE $inside AND username = 'still'",
  "INSERT INTO exo.dbaas_connection_pools (zone, service_name, name, database) "
  . "VALUES ('ch-gva-2', 'pg-1-0001', 'still', 'defaultdb')",
  "UPDATE exo.dbaas_connection_pools SET size = 7 WHERE $inside AND name = 'still'",
  "DELETE FROM exo.dbaas_connection_pools WHERE $inside AND name = 'still'";
$sim->clear_faults;

# The data of databases is lost with them, so they are counted
my $delete = "DELETE FROM exo.dbaas_databases WHERE $inside";
$session->sql("INSERT INTO exo.dbaas_databases (zone, service_name, name) "
	  . "VALUES ('ch-gva-2', 'pg-1-0001', 'counted-1'), ('ch-gva-2', 'pg-1-0001', "
	  . "'counted-2')");
refused(
	"SET dbaas_fdw.delete_limit = 1; $delete AND name LIKE 'counted-%'",
	'53400',
	qr/would delete more than 1 databases.*DETAIL:[^\n]*Nothing has been sent/s);
is(@{ writes("$delete AND name = 'counted-1'") }, 1, 'one is not too many');
$session->sql('RESET dbaas_fdw.delete_limit');
is(@{ writes("$delete AND name = 'counted-2'") }, 1, 'nor the next');

# What was made is told by its name
my $twice = $session->sql_error("INSERT INTO exo.dbaas_databases (zone, service_name, name) "
	  . "VALUES ('ch-gva-2', 'pg-1-0001', 'told-1'), ('ch-gva-2', 'pg-1-0001', 'defaultdb')");
my $post = 'POST /dbaas-postgres/pg-1-0001/database in zone ch-gva-2';
like($twice->{stderr}, qr{^$post \(told-1\): applied\n^$post \(defaultdb\): failed: }m, 'a report');

# Connection pools
my $pools = 'exo.dbaas_connection_pools (zone, service_name, name, database';
my $pool = "zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND name = 'web'";
is_deeply(
	writes("INSERT INTO $pools) VALUES ('ch-gva-2', 'pg-1-0001', 'web', 'defaultdb')"),
	[qq(POST $pg/connection-pool {"name":"web","database-name":"defaultdb"})],
	'a pool');
is_deeply(
	writes(
			"INSERT INTO $pools, mode, size, username) "
		  . "VALUES ('ch-gva-2', 'pg-1-0001', 'big', 'defaultdb', 'session', 30, 'avnadmin')"),
	[
			qq(POST $pg/connection-pool )
		  . qq({"name":"big","database-name":"defaultdb","mode":"session",)
		  . qq("size":30,"username":"avnadmin"})
	],
	'with all that it takes');
is_deeply(writes("UPDATE exo.dbaas_connection_pools SET size = 12, mode = 'statement' WHERE $pool"),
	[qq(PUT $pg/connection-pool/web {"mode":"statement","size":12})], 'changed');
is_deeply(writes("UPDATE exo.dbaas_connection_pools SET size = 12 WHERE $pool"),
	[], 'what is so already is not sent');
is($session->sql("SELECT database, mode, size FROM exo.dbaas_connection_pools WHERE $pool"),
	'defaultdb|statement|12', 'as it shows');
is_deeply(writes("DELETE FROM exo.dbaas_connection_pools WHERE $pool"),
	["DELETE $pg/connection-pool/web"], 'deleted');
is( $session->sql(
			"INSERT INTO $pools) VALUES ('ch-gva-2', 'pg-1-0001', 'back', 'defaultdb') "
		  . "RETURNING name, database, size IS NOT NULL"),
	'back|defaultdb|t',
	'RETURNING');
refused("INSERT INTO $pools) VALUES ('ch-gva-2', 'mysql-1-0002', 'x', 'defaultdb')",
	'0A000', qr/type "mysql".*HINT:[^\n]*: pg/s);
refused(
	q{INSERT INTO exo.dbaas_connection_pools (zone, service_name, name) }
	  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'x')},
	'23502', qr/"database"/);
refused("INSERT INTO $pools, size) VALUES ('ch-gva-2', 'pg-1-0001', 'x', 'defaultdb', 0)",
	'22023', qr/1 to 10000/);
refused("INSERT INTO $pools, mode) VALUES ('ch-gva-2', 'pg-1-0001', 'x', 'defaultdb', 'pooled')",
	'22023', qr/session, statement, transaction/);
refused(
	"UPDATE exo.dbaas_connection_pools SET name = 'y' WHERE zone = 'ch-gva-2' "
	  . "AND service_name = 'pg-1-0001' AND name = 'big'",
	'0A000',
	qr/HINT:[^\n]*database, mode, size, username/);

# No answer with a password reaches anybody
my ($stdout, $stderr) =
  $session->sql_both(q{BEGIN; INSERT INTO exo.dbaas_users (zone, service_name, username) }
	  . q{VALUES ('ch-gva-2', 'clickhouse-1-0008', 'second') RETURNING *; COMMIT});
unlike("$stdout$stderr", qr/S3CRET/i, 'a new password is not shown');

done_testing();
