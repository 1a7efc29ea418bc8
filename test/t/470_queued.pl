# dbaas_fdw_queued(): a plan is what is then sent, in that order.  What has been
# sent, or never will be, is not in it, and no secret.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $operation_time = 400;
my $t = DbaasTest->new(services => 24, logs => 0, operation_time => $operation_time);
my $sim = $t->sim;
my $session = $t->session;
my $everything = 'SELECT * FROM dbaas_fdw_queued()';
my $in = "zone = 'ch-gva-2' AND service_name = 'pg-1-0001'";

sub writes
{
	return grep { $_->{method} ne 'GET' } $sim->requests;
}

# Hashes, by column
sub planned
{
	my $rows = $session->sql("SELECT to_json(p) FROM dbaas_fdw_queued() AS p ORDER BY number");
	return map { JSON::PP::decode_json($_) } split /\n/, $rows;
}

# A request, of the plan or of the record
sub text_of
{
	my ($request) = @_;
	my $body = $request->{body};
	$body = JSON::PP::decode_json($body) if length($body // '') and not ref $body;
	return join ' ', @$request{qw(zone method path)},
	  ref $body ? JSON::PP->new->canonical->encode($body) : ();
}

sub insert_database
{
	my (@names) = @_;
	return 'INSERT INTO exo.dbaas_databases (zone, service_name, name) VALUES '
	  . join(', ', map { "('ch-gva-2', 'pg-1-0001', '$_')" } @names);
}

# What is sent is what the plan says, and the plan itself sends nothing
$session->sql('BEGIN; '
	  . insert_database(qw(a b c)) . '; '
	  . "UPDATE exo.dbaas_services SET termination_protection = true "
	  . "WHERE zone = 'de-fra-1' AND name ~ '^pg'; "
	  . 'SAVEPOINT s; ' . insert_database('dropped') . '; ROLLBACK TO s; '
	  . "DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'kafka-1-0003'");
my @plan = planned();
is(scalar(writes()), 0, 'nothing was sent');
cmp_ok(scalar(@plan), '>=', 5, 'there is a plan');
is(join(' ', map { $_->{number} } @plan), join(' ', 1 .. @plan), 'numbers');
$session->sql('COMMIT');
my @sent = writes();
is(scalar(@sent), scalar(@plan), 'as many were sent');
foreach my $planned (@plan)
{
	$planned->{request} = (grep { text_of($_) eq text_of($planned) } @sent)[0];
	ok($planned->{request}, "$planned->{number}: $planned->{method} $planned->{path} was sent");
}
foreach my $planned (@plan)
{
	my $after = $planned->{after} // 0;
	my $started = $planned->{request}{started_ms};
	my @before = map { $_->{request}{started_ms} } @plan[ 0 .. $after - 1 ];
	my @with = map { $_->{request}{started_ms} } grep { ($_->{after} // 0) == $after } @plan;

	is(scalar(grep { $started < $_ + $operation_time } @before),
		0, "$planned->{number}: once those before it were over");
	is(scalar(grep { abs($started - $_) >= $operation_time } @with),
		0, "$planned->{number}: together with those of its statement");
}
is(scalar(planned()), 0, 'nothing is left');

# What has been sent is not in it
my $row = "INSERT INTO exo.dbaas_databases (zone, service_name, name) "
  . "VALUES ('ch-gva-2', 'pg-1-0001', ";
$session->sql(
	'BEGIN; ' . insert_database('d') . "; $row 'e') RETURNING name; " . insert_database('f'));
is(join(' ', map { $_->{body}{'database-name'} } planned()), 'f', 'nor what RETURNING has sent');
is($session->sql("SELECT count(after) FROM dbaas_fdw_queued()"),
	0, 'which it does not wait for');
$session->sql('ROLLBACK');
$session->sql("BEGIN; SET LOCAL dbaas_fdw.write_mode = 'immediate'; " . insert_database('g'));
is(scalar(planned()), 0, 'nor what was sent at once');
$session->sql('ROLLBACK');

# Nor what cannot be sent any more
$sim->fault({ method => 'POST', action => 'status', status => 422, times => 1 });
$session->sql('BEGIN; ' . insert_database('h') . '; SAVEPOINT s');
$session->sql_error("$row 'i') RETURNING name");
$session->sql('ROLLBACK TO s; ' . insert_database('j'));
is(scalar(planned()), 0, 'a COMMIT that will fail has no plan');
$sim->clear;
like($session->sql_error('COMMIT')->{message}, qr/failed with HTTP status 422/, 'it fails');
is(scalar(writes()), 0, 'and sends nothing');
$sim->clear_faults;

# At the end of the transaction too: a deferred trigger sees the whole of it
$session->sql(
	q{CREATE TABLE seen (n bigint);
	CREATE TABLE work (n integer);
	CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
	$$BEGIN INSERT INTO seen SELECT count(*) FROM dbaas_fdw_queued(); RETURN NULL; END$$;
	CREATE CONSTRAINT TRIGGER see AFTER INSERT ON work DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION see()});
$session->sql('BEGIN; INSERT INTO work VALUES (1); ' . insert_database('k', 'l') . '; COMMIT');
is($session->sql('SELECT n FROM seen'), 2, 'a deferred trigger sees it');

# Secrets, wherever they may stand
my $word = 'hunter2-is-secret';
$session->sql(
		"BEGIN; INSERT INTO exo.dbaas_users (zone, service_name, username, parameters) "
	  . qq{VALUES ('ch-gva-2', 'pg-1-0001', 'u', '{"pass-phrase": "$word"}'); }
	  . "INSERT INTO exo.dbaas_services (zone, name, type, plan, parameters) "
	  . qq{VALUES ('ch-gva-2', 'new', 'mysql', 'startup-4', '{"admin-password": "$word"}'); }
	  . "INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) "
	  . qq{VALUES ('ch-gva-2', 'pg-1-0001', 'postgres://u:$word\@example.com/d')});
my $all = $session->sql($everything);
is(scalar(my @three = split /\n/, $all), 3, 'writes with secrets');
unlike($all, qr/hunter2/, 'which the plan does not show');
like($all, qr/\*\*\*/, 'but that there are some');
$session->sql('ROLLBACK');

# A role that may do nothing else sees it, and none of another session's
$session->sql('CREATE ROLE bystander');
$session->sql('BEGIN; ' . insert_database('m') . '; SET LOCAL ROLE bystander');
is(scalar(planned()), 1, 'the plan is of the session');
is($t->sql($everything), '', 'and of no other');
$session->sql('ROLLBACK');

# Parallel plans: the leader alone knows the queue
my $force = $session->sql(
	q{SELECT name FROM pg_settings WHERE name IN ('force_parallel_mode', 'debug_parallel_query')});
$session->sql('CREATE TABLE many AS SELECT n FROM generate_series(1, 1000) AS n; ANALYZE many');
$session->sql("BEGIN; SET LOCAL $force = on; SET LOCAL parallel_setup_cost = 0; "
	  . 'SET LOCAL parallel_tuple_cost = 0; SET LOCAL min_parallel_table_scan_size = 0; '
	  . insert_database('n', 'o'));
is( $session->sql(
		'SELECT count(*) FROM many JOIN dbaas_fdw_queued() AS q ON q.number = many.n % 2 + 1'),
	1000,
	'in a parallel plan');
$session->sql('ROLLBACK');

# A long queue, and a plan for each row of it
$session->sql('BEGIN; ' . insert_database(map { "many_$_" } 1 .. 300));
is($session->sql('SELECT count(*), count(after), max(number) FROM dbaas_fdw_queued()'),
	'300|0|300', 'a long statement is one batch');
$session->sql('ROLLBACK');
is(scalar(grep { $_->{body} && $_->{body} =~ /many_/ } writes()), 0, 'nothing of it is sent');

# In a database whose encoding is another one
$t->sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
my ($status, $out, $err) = $t->node->psql(
	'latin',
	sprintf(
		q{SET client_encoding = 'UTF8';
	CREATE EXTENSION dbaas_fdw;
	CREATE SERVER exoscale FOREIGN DATA WRAPPER dbaas_fdw OPTIONS (endpoint '%s');
	CREATE USER MAPPING FOR CURRENT_USER SERVER exoscale OPTIONS (api_key '%s', api_secret '%s');
	CREATE FOREIGN TABLE d (zone text, service_name text, name text)
	SERVER exoscale OPTIONS (resource 'databases');
	BEGIN;
	INSERT INTO d VALUES ('ch-gva-2', 'pg-1-0001', 'déjà');
	SELECT body FROM dbaas_fdw_queued();
	ROLLBACK;}, $sim->endpoint_template, $sim->key, $sim->secret),
	on_error_stop => 1);
is($status, 0, 'LATIN1') or diag($err);
like($out, qr/"database-name": "déjà"/, 'a body in LATIN1');

done_testing();
