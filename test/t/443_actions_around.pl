# Actions by COPY, prepared statements, partitions, triggers, views and functions, as any INSERT;
# and no secret in any of them.
use strict;
use warnings;

use DbaasChecks qw(is_refused writes_of);
use DbaasTest;
use PostgreSQL::Test::Utils;
use Test::More;

my $t =
  DbaasTest->new(services => 8, logs => 0, operation_time => 20, server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;
my $node = $t->node;
my $put = 'PUT ch-gva-2 /dbaas-mysql/mysql-1-0002/enable/writes';
my $values = q{('ch-gva-2', 'mysql-1-0002', 'enable-writes')};

sub writes { return writes_of($session, @_) }

# COPY
$sim->clear;
$node->safe_psql('postgres',
		"COPY exo.dbaas_actions (zone, service_name, action, arguments) FROM STDIN;\n"
	  . "ch-gva-2\tmysql-1-0002\tenable-writes\t\\N\n"
	  . "ch-gva-2\tpg-1-0001\treset-password\t{\"username\": \"avnadmin\"}\n\\.\n");
is_deeply(
	[ sort map { "$_->{method} $_->{path}" } grep { $_->{method} ne 'GET' } $sim->requests ],
	[
		'PUT /dbaas-mysql/mysql-1-0002/enable/writes',
		'PUT /dbaas-postgres/pg-1-0001/user/avnadmin/password/reset'
	],
	'COPY FROM');

# A prepared statement, with a generic plan too
$session->sql(q{SET plan_cache_mode = force_generic_plan; PREPARE act(text, text) AS }
	  . q{INSERT INTO exo.dbaas_actions (zone, service_name, action) VALUES ('ch-gva-2', $1, $2) }
	  . q{RETURNING action, state});
is($session->sql("EXECUTE act('mysql-1-0002', '$_')"), "$_|success", "a prepared $_")
  foreach qw(enable-writes start-maintenance);

# Rows are routed to the server of their zone
$session->sql(
	q{
	CREATE TABLE acts (zone text, service_name text, action text, state text)
		PARTITION BY LIST (zone);
	CREATE FOREIGN TABLE acts_1 PARTITION OF acts FOR VALUES IN ('ch-gva-2')
		SERVER exoscale OPTIONS (resource 'actions');
	CREATE FOREIGN TABLE acts_2 PARTITION OF acts FOR VALUES IN ('de-fra-1')
		SERVER exoscale OPTIONS (resource 'actions');
	CREATE TABLE acts_3 PARTITION OF acts DEFAULT});
is( $session->sql(
			"INSERT INTO acts VALUES ('de-fra-1', 'pg-2-0001', 'start-maintenance'), $values, "
		  . "('at-vie-1', 'x', 'y') RETURNING zone, state"),
	"de-fra-1|success\nch-gva-2|success\nat-vie-1|",
	'partitions');
$sim->clear;
is($session->sql('SELECT zone, action FROM acts'),
	'at-vie-1|y', 'of which only the local one has rows');
$session->sql('ANALYZE acts');
is_deeply([ $sim->requests ], [], 'and nothing is requested');

# Triggers
$session->sql(
	q{
	CREATE FUNCTION choose() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN NEW.action := coalesce(NEW.action, 'enable-writes'); RETURN NEW; END $$;
	CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN RAISE NOTICE 'took %: %', NEW.action, NEW.result ->> 'password';
		RETURN NULL; END $$;
	CREATE TRIGGER choose BEFORE INSERT ON exo.dbaas_actions
		FOR EACH ROW EXECUTE FUNCTION choose();
	CREATE TRIGGER tell AFTER INSERT ON exo.dbaas_actions
		FOR EACH ROW EXECUTE FUNCTION tell()});
is_deeply(
	writes(q{INSERT INTO exo.dbaas_actions (service_name) VALUES ('mysql-1-0002')}),
	[$put], 'a BEFORE trigger chooses the action');
my ($out, $err) = $session->sql_both(
	q{INSERT INTO exo.dbaas_actions (zone, service_name, action, arguments) }
	  . q{VALUES ('ch-gva-2', 'clickhouse-1-0008', 'reset-password', '{"username": "avnadmin"}') }
	  . q{RETURNING result, dbaas_actions});
like($err, qr/NOTICE: .*took reset-password: \*\*\*/, 'an AFTER trigger sees the answer');
like($out, qr/^\{"password": "\*\*\*".*\|\(ch-gva-2,clickhouse-1-0008,.*success,.*\*\*\*/,
	'and so does the whole row');
unlike("$out$err", qr/S3CRET/, 'without the password');
$session->sql('DROP TRIGGER choose ON exo.dbaas_actions; DROP TRIGGER tell ON exo.dbaas_actions');

# A view, a generated column, a function, a loop
$session->sql(
	q{CREATE VIEW wanted AS SELECT zone, service_name, action, state FROM exo.dbaas_actions
	WHERE action = 'enable-writes' WITH CHECK OPTION});
is($session->sql("INSERT INTO wanted VALUES $values RETURNING state"), 'success', 'a view');
is_refused($session, q{INSERT INTO wanted VALUES ('ch-gva-2', 'mysql-1-0002', 'start-maintenance')},
	'44000', qr/check option/);
$session->sql(
	q{CREATE FOREIGN TABLE told (service_name text, action text, state text, said text
		GENERATED ALWAYS AS (action || ': ' || state) STORED)
	SERVER exoscale OPTIONS (resource 'actions')});
is( $session->sql(
		q{INSERT INTO told VALUES ('mysql-1-0002', 'enable-writes') RETURNING said}),
	'enable-writes: success',
	'a generated column');
is_deeply(
	writes(
		q{DO $$ DECLARE s record; BEGIN
		FOR s IN SELECT zone, name FROM exo.dbaas_services
			WHERE type = 'mysql' AND zone = 'ch-gva-2' LOOP
			INSERT INTO exo.dbaas_actions (zone, service_name, action)
			VALUES (s.zone, s.name, 'enable-writes');
		END LOOP; END $$}
	),
	[$put], 'a loop');
is($session->sql("WITH w AS (INSERT INTO exo.dbaas_actions (zone, service_name, action) "
	  . "VALUES $values RETURNING state) SELECT state FROM w"),
	'success', 'WITH');

# What cannot be shown is an error that says what was done
$session->sql(
	q{CREATE FOREIGN TABLE narrow (service_name text, action text, state integer)
	SERVER exoscale OPTIONS (resource 'actions')});
my $error = $session->sql_error(
	q{INSERT INTO narrow VALUES ('mysql-1-0002', 'enable-writes') RETURNING state});
is($error->{sqlstate}, 'HV000', 'a column of another type');
like($error->{stderr}, qr{cannot be shown.*enable/writes in zone ch-gva-2: applied}s,
	'names what was sent');

# No secret, in no way
foreach my $case (
	[ '{"username": "avnadmin", "password": "S3CRETone"}', 'a password as an argument' ],
	[ '{"password": {"x": "S3CRETtwo"}}', 'in an object' ],
	[ '{"username": {"password": "S3CRETthree"}}', 'as a name' ])
{
	my ($arguments, $name) = @$case;
	my $failed = $session->sql_error(
			q{INSERT INTO exo.dbaas_actions (zone, service_name, action, arguments) }
		  . "VALUES ('ch-gva-2', 'pg-1-0001', 'reset-password', '$arguments')");
	is($failed->{sqlstate}, '22023', "$name is refused");
	unlike($failed->{stderr} =~ s/^LINE.*//mr, qr/S3CRET/, 'and not repeated');
}
my $reset = q{INSERT INTO exo.dbaas_actions (zone, service_name, action, arguments) }
  . q{VALUES ('ch-gva-2', 'clickhouse-1-0008', 'reset-password', '{"username": "avnadmin"}')};
foreach my $body (
	'{"username":"avnadmin","password":"S3CRETfour"',
	'[{"password":"S3CRETfour"}]',
	'{"state":"strange","password":"S3CRETfour"}')
{
	$sim->fault(
		{
			method => 'PUT',
			path => '/dbaas-clickhouse/*/user/*/password/reset',
			action => 'body',
			body => $body,
			times => 1
		});
	my $failed = $session->sql_error("$reset RETURNING result");
	is($failed->{sqlstate}, 'HV000', "the answer $body");
	unlike($failed->{stderr}, qr/S3CRET/, 'is not repeated');
	$sim->clear_faults;
}
$session->sql("$reset RETURNING *");
my @log = grep { !/LOG:  statement:/ } split /\n/, slurp_file($node->logfile);
is_deeply([ grep { /S3CRET/ } @log ],
	[], 'nor in the log, but for the statements that it was told to log');

done_testing();
