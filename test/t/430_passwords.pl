# Passwords of users: one statement rotates those of a fleet, and nobody but the API sees them.
use strict;
use warnings;

use DbaasChecks qw(is_refused writes_of);
use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(
	services => 8,
	logs => 0,
	operation_time => 20,
	server => { max_retries => 0 },
	conf => "log_min_messages = debug5\nlog_statement = none\nlog_min_duration_statement = -1\n"
	  . "log_error_verbosity = verbose\nlog_parameter_max_length = 0\n"
	  . "dbaas_fdw.log_requests = on\n");
my $sim = $t->sim;
my $session = $t->session;
my $json = JSON::PP->new->utf8;
my %segment = (
	pg => 'postgres',
	map { $_ => $_ } qw(clickhouse grafana kafka mysql opensearch valkey));
my %number = (
	pg => 1, mysql => 2, kafka => 3, opensearch => 4, valkey => 5, grafana => 6,
	clickhouse => 8);
my $shown = '';    # all that the client gets to see of statements with secrets

sub log_text
{
	open my $fh, '<', $t->node->logfile or die $!;
	local $/;
	return scalar <$fh>;
}

sub run
{
	my ($stdout, $stderr) = $session->sql_both($_[0]);
	$shown .= "$stdout\n$stderr\n";
	return ($stdout, $stderr);
}

# A password of each user of the zone, but for thanos, which has no reset
my %type_of = map { $_ => (split /-/)[0] }
  split /\n/, $session->sql(q{SELECT name FROM exo.dbaas_services WHERE zone = 'ch-gva-2'});
$session->sql(q{
	CREATE TABLE vault AS
	SELECT zone, service_name, username, 'S3CRET-' || md5(service_name || username) AS new
	FROM exo.dbaas_users WHERE zone = 'ch-gva-2' AND service_name !~ '^thanos'});
my $fleet = q{UPDATE exo.dbaas_users u SET password = v.new FROM vault v
	WHERE u.zone = v.zone AND u.service_name = v.service_name AND u.username = v.username};
my $wanted = $session->sql(
	q{SELECT json_agg(json_build_array(service_name, username, new)) FROM vault});
my %expected;
foreach my $row (@{ $json->decode($wanted) })
{
	my ($service, $user, $password) = @$row;
	utf8::encode(my $encoded = $user);
	$encoded =~ s/([^\w.~-])/sprintf '%%%02X', ord $1/ge;
	$expected{ "PUT ch-gva-2 /dbaas-$segment{ $type_of{$service} }/$service/user/$encoded"
		  . "/password/reset {\"password\":\"$password\"}" } = 1;
}
cmp_ok(scalar keys %expected, '>', 10, 'there are users');
is(scalar(keys %{ { map { /dbaas-(\w+)/ => 1 } keys %expected } }), 7, 'of seven types');

# The limit
my ($none, $refused) = run($fleet);
like($refused, qr/ERROR:\s+53400: this transaction would update more than 10 users/, 'limited');
is($session->sql('SELECT count(*) FROM dbaas_fdw_queued()'), 0, 'and nothing is queued');
$session->sql('SET dbaas_fdw.update_limit = -1');

# A rotation, at COMMIT and not before
$sim->clear;
run("BEGIN; $fleet RETURNING u.username, u.password");
is(scalar(grep { $_->{method} ne 'GET' } $sim->requests), 0, 'nothing is sent before COMMIT');
my $queued = $session->sql(
	q{SELECT count(*), count(*) FILTER (WHERE body ->> 'password' = '***')
	FROM dbaas_fdw_queued()});
is($queued, keys(%expected) . '|' . keys(%expected), 'it is queued, masked');
run('COMMIT');
my @sent = map { "$_->{method} $_->{zone} $_->{path} $_->{body}" }
  grep { $_->{method} ne 'GET' } $sim->requests;
is_deeply([ sort @sent ], [ sort keys %expected ], 'each password once, as the vault has it');
is( $session->sql(
		'SELECT count(*) FROM vault WHERE new IS DISTINCT FROM '
		  . q{dbaas_fdw_reveal('exoscale', zone, service_name, username)}),
	0,
	'they are in force');
is( $session->sql('SELECT count(*) FROM exo.dbaas_users WHERE password IS NOT NULL'),
	0, 'a password is NULL when read');

# What was sent or queued before does not count: nobody knows the old one
my $of_pg = "zone = 'ch-gva-2' AND service_name = 'pg-1-0001' AND username = 'avnadmin'";
$session->sql(q{CREATE TABLE secret AS SELECT 'S3CRET-same-again' AS new});
my $set = "UPDATE exo.dbaas_users SET password = new FROM secret WHERE $of_pg";
my $reset = 'PUT ch-gva-2 /dbaas-postgres/pg-1-0001/user/avnadmin/password/reset '
  . '{"password":"S3CRET-same-again"}';
is_deeply(writes_of($session, "BEGIN; $set; $set; COMMIT; $set"),
	[ ($reset) x 3 ], 'each UPDATE of a password is sent');
is_deeply(writes_of($session, "UPDATE exo.dbaas_users SET password = password WHERE $of_pg"),
	[], 'one that sets it to itself is not');
is_deeply(
	writes_of($session, "BEGIN; $set; ROLLBACK; BEGIN; SAVEPOINT s; $set; ROLLBACK TO s; COMMIT"),
	[], 'ROLLBACK and ROLLBACK TO drop it');
is_deeply(
	writes_of(
		$session,
		"BEGIN; SAVEPOINT s; $set; RELEASE s; SAVEPOINT r; $set; ROLLBACK TO r; COMMIT"),
	[$reset],
	'a savepoint that is released keeps it');

# Dry
my (undef, $dry) = run("SET dbaas_fdw.dry_run = on; $set; RESET dbaas_fdw.dry_run");
like($dry, qr/dry run: PUT .*reset.*Body: \{"password":"\*\*\*"\}/s, 'a dry run masks it');

# Values
my $u = 'UPDATE exo.dbaas_users SET password =';
is_refused($session, "$u NULL WHERE $of_pg",
	'23502', qr/"password".*HINT:[^\n]*reset-password.*dbaas_actions/s);
is_refused($session, "$u NULL, allow_replication = false WHERE $of_pg",
	'23502', qr/"password"/);
is_deeply(writes_of($session, "$u NULL, username = username, type = 'primary' WHERE $of_pg"),
	[], 'a row that is written back keeps its password');
is_refused($session, "$u 'S3CRET7' WHERE $of_pg", '22023', qr/HINT:[^\n]*8 to 256 characters/);
is_refused($session, "$u repeat('S3CRET78', 33) WHERE $of_pg", '22023', qr/8 to 256 characters/);
my $of_mysql = "zone = 'ch-gva-2' AND service_name = 'mysql-1-0002' AND username = 'avnadmin'";
is_refused($session, "$u 'S3CRET with space' WHERE $of_mysql", '22023', qr/a-zA-Z0-9!#/);
is_refused($session, "$u 'S3CRET89' WHERE service_name = 'thanos-1-0007'",
	'0A000', qr/type "thanos" does not take this write/);
is_deeply(
	writes_of($session, "$u 'S3CRET with space' WHERE $of_pg"),
	[
		    'PUT ch-gva-2 /dbaas-postgres/pg-1-0001/user/avnadmin/password/reset '
		  . '{"password":"S3CRET with space"}'
	],
	'other types take any character');

# How a user of mysql authenticates is set beside the password, and not alone
is_refused($session,
	"UPDATE exo.dbaas_users SET authentication = 'mysql_native_password' WHERE $of_mysql",
	'0A000', qr/cannot be set without column "password".*choose/s);
is_deeply(
	writes_of($session, "$u 'S3CRET90', authentication = 'mysql_native_password' WHERE $of_mysql"),
	[
		    'PUT ch-gva-2 /dbaas-mysql/mysql-1-0002/user/avnadmin/password/reset '
		  . '{"authentication":"mysql_native_password","password":"S3CRET90"}'
	],
	'both in one request');
is($session->sql("SELECT authentication FROM exo.dbaas_users WHERE $of_mysql"),
	'mysql_native_password', 'as it shows');
is_refused($session, "$u 'S3CRET91', authentication = 'caching_sha2_password' WHERE $of_pg",
	'0A000', qr/"authentication".*type "pg"/s);

# A new user
my $insert = 'INSERT INTO exo.dbaas_users (zone, service_name, username, password) VALUES '
  . "('ch-gva-2', ";
is_refused($session, "$insert 'pg-1-0001', 'new', 'S3CRET92')",
	'0A000', qr/"password".*HINT:[^\n]*: clickhouse\. An UPDATE sets it once the INSERT was sent/s);
is_deeply(
	writes_of($session, "$insert 'clickhouse-1-0008', 'new', 'S3CRET93')"),
	[
		    'POST ch-gva-2 /dbaas-clickhouse/clickhouse-1-0008/user '
		  . '{"username":"new","password":"S3CRET93"}'
	],
	'clickhouse takes a password');
is_deeply(
	[
		grep { /reset/ } @{
			writes_of(
				$session,
				q{BEGIN; INSERT INTO exo.dbaas_users (zone, service_name, username) }
				  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'later') RETURNING username; }
				  . q{UPDATE exo.dbaas_users SET password = 'S3CRET94' WHERE zone = 'ch-gva-2' }
				  . q{AND service_name = 'pg-1-0001' AND username = 'later'; COMMIT})
		}
	],
	[
		    'PUT ch-gva-2 /dbaas-postgres/pg-1-0001/user/later/password/reset '
		  . '{"password":"S3CRET94"}'
	],
	'other types by an UPDATE, as the hint says');

# What a reset of clickhouse answers has the secret, in success and in failure
my $of_clickhouse =
  "zone = 'ch-gva-2' AND service_name = 'clickhouse-1-0008' AND username = 'avnadmin'";
my $click = "UPDATE exo.dbaas_users SET password = new FROM secret WHERE $of_clickhouse";
foreach my $answer (
	[ body => '{"username":"avnadmin","password":"S3CRET-same-again"', undef ],
	[ body => '["S3CRET-same-again"]', undef ],
	[ status => '{"message":"S3CRET-same-again is too weak"}', 400 ],
	[ status => 'S3CRET-same-again', 500 ])
{
	my ($action, $body, $status) = @$answer;
	$sim->fault(
		{
			method => 'PUT',
			path => '/dbaas-clickhouse/*/user/*/password/reset',
			action => $action,
			body => $body,
			defined $status ? (status => $status) : (),
			times => 1
		});
	my (undef, $stderr) = run($click);
	like($stderr, qr/ERROR:/, "$body is an error");
	$sim->clear_faults;
}
run($click);

# Contexts in which a value would come up
run(q{CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN RAISE NOTICE 'after %', NEW; RETURN NULL; END $$;
	CREATE TRIGGER tell AFTER UPDATE ON exo.dbaas_users FOR EACH ROW EXECUTE FUNCTION tell()});
run($set);
run('DROP TRIGGER tell ON exo.dbaas_users');
run("EXPLAIN (ANALYZE, VERBOSE, TIMING OFF) $set");
run("DO \$\$ BEGIN UPDATE exo.dbaas_users SET password = new FROM secret WHERE $of_mysql; "
	  . "PERFORM 1 / 0; END \$\$");
run('SELECT * FROM pg_stat_activity');
$sim->fault(
	{
		method => 'PUT',
		path => '/dbaas-postgres/*/user/*/password/reset',
		action => 'operation',
		state => 'failure',
		reason => 'incorrect',
		message => 'S3CRET-same-again was used before',
		times => 1
	});
run($set);
$sim->clear_faults;

unlike($shown, qr/S3CRET/, 'the client sees no password');
# Statements that hold one as a constant are the client's own
my $log = join "\n", grep { !/STATEMENT:|statement: / } split /\n/, log_text();
unlike($log, qr/S3CRET-/, 'nor does the log have one');
like($log, qr{dbaas_fdw write: PUT /dbaas-postgres/pg-1-0001/user/avnadmin/password/reset},
	'which has the writes');

done_testing();
