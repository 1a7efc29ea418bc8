# Actions in a transaction: their order, their concurrency, the limit, a dry run, the server's log,
# failures, and services that the transaction makes or deletes.
use strict;
use warnings;

use DbaasChecks qw(is_refused writes_of);
use DbaasTest;
use List::Util qw(max);
use PostgreSQL::Test::Utils;
use Test::More;

my $t =
  DbaasTest->new(services => 24, logs => 0, operation_time => 60, server => { max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;
my $into = 'INSERT INTO exo.dbaas_actions (zone, service_name, action)';
my $start = q{'start-maintenance'};

sub writes { return writes_of($session, @_) }

sub refused { return is_refused($session, @_) }

# "METHOD rest-of-the-path" of the writes
sub sent
{
	return [ map { s{ ch-gva-2 /dbaas-\w+/}{ }r } @{ writes(@_) } ];
}

# In flight when a write arrived, at most
sub peak
{
	return max(0, map { $_->{in_flight} } grep { $_->{method} ne 'GET' } $sim->requests);
}

# Many services of one statement at once; actions on one service one after the other
$sim->config(latency => 100);
my $of = q{FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND state = 'running'};
is(scalar(@{ writes("$into SELECT zone, name, $start $of LIMIT 8") }),
	8, 'the services of a statement');
cmp_ok(peak(), '>', 3, 'at once');
my ($writes, $maintenance) =
  map { "('ch-gva-2', 'mysql-1-0002', '$_')" } qw(enable-writes start-maintenance);
is_deeply(
	sent("$into VALUES $writes, $maintenance, $writes"),
	[ map { "PUT mysql-1-0002/$_" } qw(enable/writes maintenance/start enable/writes) ],
	'actions on one service in their order, as often as they are asked for');
is(peak(), 1, 'one after the other');
is_deeply(
	sent("BEGIN; $into VALUES $writes; $into VALUES $writes; COMMIT"),
	[ ('PUT mysql-1-0002/enable/writes') x 2 ],
	'two statements send two requests');
is(peak(), 1, 'one after the other, too');
$sim->config(latency => 0);

# Among the other writes: in the order of the statements, and not part of what they compare with
my $set = q{UPDATE exo.dbaas_service_details SET maintenance_dow = '%s' }
  . q{WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001'};
my $check = q{INSERT INTO exo.dbaas_actions (zone, service_name, action, arguments) }
  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'upgrade-check', '{"target-version": "18"}')};
$session->sql(sprintf $set, 'monday');
is_deeply(
	[
		map { s/ \{.*//r } @{
			sent(
				join('; ',
					'BEGIN',
					sprintf($set, 'friday'),
					$check,
					sprintf($set, 'sunday'),
					sprintf($set, 'sunday'), 'COMMIT'))
		}
	],
	[ 'PUT pg-1-0001', 'POST pg-1-0001/upgrade-check', 'PUT pg-1-0001' ],
	'between two UPDATEs of the service');
is_deeply(
	sent("BEGIN; $into VALUES $writes; SAVEPOINT s; $into VALUES $maintenance; ROLLBACK TO s; "
		  . 'COMMIT'),
	['PUT mysql-1-0002/enable/writes'],
	'a savepoint drops what came after it');

# RETURNING sends at once, after what is pending
my ($out) = $session->sql_both("BEGIN; $into VALUES $writes; $into VALUES $maintenance "
	  . 'RETURNING state; ROLLBACK');
is($out, 'success', 'RETURNING waits for the end');

# wait 'none' does not
$t->sql(q{ALTER SERVER exoscale OPTIONS (ADD wait 'none')});
my ($id, $state, $answer) = split /\|/,
  $session->sql("$into VALUES $writes RETURNING operation_id, state, result ->> 'state'");
is("$state $answer", 'pending pending', q(with wait 'none' it is pending));
is($session->sql("SELECT id FROM exo.dbaas_operations WHERE zone = 'ch-gva-2' AND id = '$id'"),
	$id, 'and dbaas_operations has it');
is($session->sql($check . q{ RETURNING state}), 'success', 'what has no operation is done');
$t->sql(q{ALTER SERVER exoscale OPTIONS (SET wait 'running')});
$sim->config(running_time => 500);
$session->sql("$into VALUES $maintenance");
is( $session->sql(
		q{SELECT state FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'mysql-1-0002'}),
	'running',
	q(with wait 'running' the service runs again));
$sim->config(running_time => 0);
$t->sql(q{ALTER SERVER exoscale OPTIONS (DROP wait)});

# The limit counts services
my $some = "$into SELECT zone, name, $start $of LIMIT";
refused("SET dbaas_fdw.update_limit = 3; $some 4",
	'53400', qr/would take actions on more than 3 services.*DETAIL:[^\n]*Nothing has been sent/s);
is(scalar(@{ writes("$some 3") }), 3, 'as many as it allows');
is(scalar(@{ writes("$into VALUES " . join(', ', ($writes) x 5)) }), 5, 'one service is one');
is( scalar(
		@{
			writes(
				"BEGIN; $some 3; UPDATE exo.dbaas_service_details SET maintenance_time = "
				  . "'0' || (1 + ascii(service_name) % 8) || ':11:11' WHERE zone = 'ch-gva-2' "
				  . q{AND service_name IN ('pg-1-0001', 'kafka-1-0003', 'valkey-1-0005'); COMMIT}
			)
		}),
	6,
	'changes of services are counted by themselves');
$session->sql('RESET dbaas_fdw.update_limit');

# A dry run
my (undef, $dry) = $session->sql_both("BEGIN; SET LOCAL dbaas_fdw.dry_run = on; $check; COMMIT");
like($dry, qr/dry run: POST \S+upgrade-check in zone ch-gva-2\nDETAIL:[^\n]*"target-version":"18"/,
	'a dry run shows the request and its body');
is_deeply(writes("SET dbaas_fdw.dry_run = on; $into VALUES $writes RETURNING state"),
	[], 'and sends nothing');
$session->sql('RESET dbaas_fdw.dry_run');

# The log has both lines of each
my $log = slurp_file($t->node->logfile);
my $line = 'dbaas_fdw write: PUT /dbaas-mysql/mysql-1-0002/enable/writes in zone ch-gva-2';
like($log, qr/\Q$line\E: sending, by .*\Q$line\E: applied, by /s, 'the log has it');

# A failure stops what follows, and the report has all
$sim->fault(
	{
		method => 'PUT',
		path => '/dbaas-mysql/*/enable/writes',
		action => 'operation',
		state => 'failure',
		reason => 'busy',
		message => 'not now',
		times => 1
	});
my $failed = $session->sql_error("BEGIN; $into VALUES $maintenance; $into VALUES $writes; "
	  . "$into VALUES $maintenance; COMMIT");
like($failed->{stderr}, qr/maintenance\/start in zone ch-gva-2: applied\n/, 'what was before');
like($failed->{stderr}, qr/enable\/writes in zone ch-gva-2: failed: busy: not now\n/, 'it');
like($failed->{stderr}, qr/maintenance\/start in zone ch-gva-2: not sent/, 'what was after');
$sim->clear_faults;

# A service that the transaction deletes or makes
my $delete = q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'new-1'};
my $make = q{INSERT INTO exo.dbaas_services (zone, name, type, plan) }
  . q{VALUES ('ch-gva-2', 'new-1', 'mysql', 'startup-4')};
my $new = q{('ch-gva-2', 'new-1', 'enable-writes')};
refused("BEGIN; $make; $into VALUES $new", '42704', qr/no service "new-1"/);
$session->sql('ROLLBACK');
$session->sql($make);
refused("BEGIN; $delete; $into VALUES $new", '42704', qr/this transaction deletes service "new-1"/);
$session->sql('ROLLBACK');
is_deeply(
	writes("BEGIN; $into VALUES $new; $delete; COMMIT"),
	[ 'PUT ch-gva-2 /dbaas-mysql/new-1/enable/writes', 'DELETE ch-gva-2 /dbaas-service/new-1' ],
	'an action before the DELETE');

# A user that it deletes
foreach my $service (qw(pg-1-0001 clickhouse-1-0008))
{
	my $user = "('ch-gva-2', '$service', 'resetme')";
	my $insert = "INSERT INTO exo.dbaas_users (zone, service_name, username) VALUES $user";
	my $gone = q{DELETE FROM exo.dbaas_users WHERE zone = 'ch-gva-2' }
	  . "AND service_name = '$service' AND username = 'resetme'";
	my $reset = q{INSERT INTO exo.dbaas_actions (zone, service_name, action, arguments) }
	  . qq{VALUES ('ch-gva-2', '$service', 'reset-password', '{"username": "resetme"}')};

	$session->sql($insert);
	refused("BEGIN; $gone; $reset", '42704', qr/this transaction deletes what PUT \S+resetme/);
	$session->sql('ROLLBACK');
	is(scalar(@{ writes("BEGIN; SAVEPOINT s; $gone; ROLLBACK TO s; $reset; $gone; COMMIT") }),
		2, "$service: before the DELETE");
	$session->sql($insert);
	is(scalar(@{ writes("BEGIN; $gone; $insert; $reset; COMMIT") }),
		3, "$service: or when it is made again");
}

done_testing();
