# What a write waits for: option wait, the polls of an operation, operation_timeout.
use strict;
use warnings;

use DbaasTest;
use DbaasSim;
use List::Util qw(sum);
use JSON::PP ();
use Test::More;
use Time::HiRes qw(time);

my $t = DbaasTest->new(services => 8, logs => 0, operation_time => 300);
my $sim = $t->sim;
my $session;
my $insert =
	q{INSERT INTO exo.dbaas_integrations (zone, type, source, dest) }
  . q{VALUES ('de-fra-1', 'logs', 'pg-2-0001', 'opensearch-2-0004')};
my $attach =
	q{INSERT INTO exo.dbaas_external_integrations (zone, service_name, dest_endpoint_id, }
  . q{type) VALUES ('de-fra-1', 'mysql-2-0002', '}
  . DbaasSim::uuid('1/de-fra-1/external-endpoints/1')
  . q{', 'datadog')};
my $check =
	q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
  . q{VALUES ('de-fra-1', 'pg-2-0001', 'postgres://h/d')};
my $delete =
  q{DELETE FROM exo.dbaas_services WHERE zone = 'de-fra-1' AND name = 'clickhouse-2-0008'};
$t->sql('CREATE TABLE local (n int)');

# A server with these options, the simulator as new, a session that knows the zones
sub server
{
	my (%options) = @_;
	$t->create_server(%options);
	$sim->reset;
	$sim->config(operation_time => 300, running_time => 0, latency => 0);
	$session = $t->session;
	$session->sql('SELECT count(*) FROM exo.dbaas_services');
	return;
}

# run(SQL): the requests from the write on, and the seconds it took
sub run
{
	my ($sql) = @_;
	my $start = time;
	my @sent = $session->requests($sql);
	my $took = time - $start;
	shift @sent while @sent && $sent[0]{method} eq 'GET';
	return ($took, @sent);
}
# run($sql) while operations, or the services that they change, take for ever,
# until that many requests of a path came
sub held
{
	my ($what, $sql, $number, $path) = @_;
	$sim->config($what => 3600_000);
	$sim->clear;
	$session->start($sql);
	ok( DbaasTest::wait_until(
			sub {
				$number <= grep { $_->{method} eq 'GET' && $_->{path} =~ $path } $sim->requests;
			}),
		"it is waited for: $sql");
	$sim->config($what => 1);
	my (undef, $stderr) = $session->finish;
	is($stderr, '', 'then it is done');
	my @sent = $sim->requests;
	shift @sent while @sent && $sent[0]{method} eq 'GET';
	return @sent;
}

sub short
{
	return join ' ', map {
		"$_->{method} $_->{zone} " . $_->{path} =~ s{^/(operation|dbaas-integration)/.*}{/$1/ID}r
	} @_;
}

sub polls
{
	return grep { $_->{path} =~ m{^/operation/} } @_;
}

# none
server(wait => 'none');
$sim->config(operation_time => 60000);
my ($took, @sent) = run($insert);
is(short(@sent), 'POST de-fra-1 /dbaas-integration', 'wait none: the write alone');
cmp_ok($took, '<', $DbaasTest::soon, 'and no waiting');
($took, @sent) = run($delete);
is(short(@sent), 'DELETE de-fra-1 /dbaas-service/clickhouse-2-0008', 'for a DELETE too');
$session->sql('BEGIN');
my $row = $session->sql($insert =~ s/logs/metrics/r =~ s/opensearch-2-0004/thanos-2-0007/r
	  . ' RETURNING id IS NOT NULL, zone, source, dest, type, status');
is( $row,
	't|de-fra-1|pg-2-0001|thanos-2-0007|metrics|',
	'RETURNING gives the id, and what was given where the API has no row yet');
(undef, my $stderr) = $session->sql_both('ROLLBACK');
my $post = 'POST /dbaas-integration in zone de-fra-1';
my $id = '[0-9a-f-]{36}';
my $pending = "operation $id pending";
like(
	$stderr,
	qr{WARNING:.*rollback\nDETAIL:  $post \(pg-2-0001, thanos-2-0007\): applied, $pending},
	'a rollback says that its operation is pending');
$sim->reset;
$sim->fault(
	{
		method => 'POST',
		path => '/dbaas-integration',
		action => 'operation',
		state => 'failure',
		reason => 'conflict',
		message => 'no',
		immediate => JSON::PP::true
	});
is($session->sql_error($insert)->{sqlstate},
	'38000', 'wait none: a failure in the first answer is an error all the same');

# operation
foreach my $option (undef, 'operation')
{
	server($option ? (wait => $option) : ());
	my ($write, @polls) = held(operation_time => $insert, 4, qr{^/operation/});
	my $list = pop @polls;
	is( short($write),
		'POST de-fra-1 /dbaas-integration',
		'wait ' . ($option // 'unset') . ': the write');
	is( scalar(@polls),
		scalar(
			grep { $_ =~ m{^GET de-fra-1 /operation/[0-9a-f-]{36}$} }
			map  { "$_->{method} $_->{zone} $_->{path}" } @polls),
		'then polls of its operation, in its zone');
	is($polls[-1]{seq} - $polls[0]{seq} + 1, scalar(@polls), 'and nothing else');
	is(short($list), 'GET de-fra-1 /dbaas-service', 'then a list that shows what was made');
	is($list->{seq}, $polls[-1]{seq} + 1, 'once');
	my @pauses =
	  map { $polls[$_]{started_ms} - ($_ ? $polls[ $_ - 1 ] : $write)->{ended_ms} } 0 .. $#polls;
	cmp_ok($pauses[0], '>=', 100, "the first poll is not at once: $pauses[0] ms");
	cmp_ok($pauses[0], '<', 1000 * $DbaasTest::soon, 'but soon');
	is(scalar(grep { $pauses[$_] < 100 * 1.25**$_ } 1 .. $#pauses),
		0, 'the pauses grow: ' . join(', ', map { int } @pauses));
}
$sim->fault(
	{
		method => 'POST',
		path => '/dbaas-integration',
		action => 'operation',
		state => 'success',
		immediate => JSON::PP::true
	});
$sim->config(operation_time => 0);
($took, @sent) = run($insert =~ s/logs/metrics/r =~ s/opensearch-2-0004/thanos-2-0007/r);
is(scalar(polls(@sent)), 0, 'an operation that ends in the first answer is not polled');

# running
server(wait => 'running');
my $list = qr{^/dbaas-service$};
my $polls = '( GET de-fra-1 /operation/ID)+( GET de-fra-1 /dbaas-service){2,}';
$sim->config(operation_time => 50);
@sent = held(running_time => $insert, 2, $list);
like(
	short(@sent),
	qr{^POST de-fra-1 /dbaas-integration$polls$},
	'wait running: then the list of services of that zone');
is( $session->sql(
			q{SELECT string_agg(DISTINCT state, ',') FROM exo.dbaas_services }
		  . q{WHERE name IN ('pg-2-0001', 'opensearch-2-0004')}),
	'running',
	'which they do after COMMIT');
@sent = held(running_time => $attach, 2, $list);
like(
	short(@sent),
	qr{/attach$polls GET de-fra-1 /dbaas-external-integrations/mysql-2-0002$},
	'for an attachment too, which another list shows');
@sent = held(
	running_time => q{UPDATE exo.dbaas_integrations SET settings = '{}' WHERE zone = 'de-fra-1' }
	  . q{AND source = 'pg-2-0001'},
	3, $list);
like(short(@sent), qr{^PUT de-fra-1 /dbaas-integration/ID$polls$}, 'for an UPDATE too');
($took, @sent) = run($delete);
like(
	short(@sent),
	qr{^DELETE de-fra-1 \S+( GET de-fra-1 /operation/ID)+ GET de-fra-1 /dbaas-service$},
	'a service that is gone is looked for once');
($took, @sent) = run($check);
like(
	short(@sent),
	qr{^POST de-fra-1 \S+( GET de-fra-1 /operation/ID)+( GET de-fra-1 /dbaas-service)?$},
	'a check changes no service');

# statement_timeout does not run during COMMIT
server();
$session->sql("BEGIN; $delete; SET LOCAL statement_timeout = 300");
$sim->config(operation_time => 900);
is($session->sql('COMMIT; SELECT 1'), 1, 'statement_timeout does not end a COMMIT that waits');

# operation_timeout
server(operation_timeout => '2');
$sim->fault({ method => 'POST', action => 'operation', state => 'pending-forever', times => -1 });
my $start = time;
my $error = $session->sql_error("BEGIN; INSERT INTO local VALUES (1); $insert; $delete; COMMIT");
$took = time - $start;
is($error->{sqlstate}, '38000', 'an operation that never ends: 38000');
like(
	$error->{message},
	qr{^POST /dbaas-integration in zone de-fra-1 },
	'the message names the request');
like($error->{hint}, qr/operation_timeout/, 'the hint names the option');
cmp_ok($took, '>=', 1.95, sprintf 'after operation_timeout: %.2f s', $took);
cmp_ok($took, '<', $DbaasTest::soon, 'and not much later');
like(
	$error->{detail},
	qr{^$post \(pg-2-0001, opensearch-2-0004\): unknown: .*operation ($id).*pending$}m,
	'the write is unknown, with its operation');
like(
	$error->{detail},
	qr{^DELETE /dbaas-service/clickhouse-2-0008 in zone de-fra-1: not sent$}m,
	'what came after it was not sent');
my ($operation) = $error->{detail} =~ /operation ([0-9a-f-]{36})/;
is($session->sql("SELECT zone, state FROM exo.dbaas_operations WHERE id = '$operation'"),
	'de-fra-1|pending', 'which can be looked up');
is($session->sql('SELECT count(*) FROM local'), 0, 'the local transaction is rolled back');
is(scalar(grep { $_->{method} eq 'DELETE' } $sim->requests), 0, 'indeed not');
$sim->clear_faults;
$sim->clear;
$sim->fault({ method => 'POST', action => 'operation', state => 'pending-forever', times => -1 });
$error = $session->sql_error(
	q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri)
	SELECT 'de-fra-1', 'pg-2-0001', 'postgres://h/d' FROM generate_series(1, 5)});
@sent = $sim->requests;
my ($last) = reverse grep { $sent[$_]{method} eq 'POST' } 0 .. $#sent;
my ($polled) = polls(@sent);
cmp_ok((reverse grep { $sent[$_]{path} eq $polled->{path} } 0 .. $#sent)[0],
	'>', $last, 'the operations of one statement are waited for together');
is(scalar(() = $error->{detail} =~ /: unknown: /g), 5, 'all of them unknown');

server(wait => 'running', operation_timeout => '2');
$sim->config(operation_time => 50, running_time => 60000);
$start = time;
$error = $session->sql_error("BEGIN; INSERT INTO local VALUES (1); $insert; COMMIT");
is($error->{sqlstate}, '38000', 'a service that never runs: 38000');
like(
	$error->{detail},
	qr{^POST /dbaas-integration in zone de-fra-1 \(pg-2-0001, opensearch-2-0004\): applied}m,
	'the write is applied');
cmp_ok(time - $start, '<', $DbaasTest::soon, 'after operation_timeout');
is($session->sql('SELECT count(*) FROM local'), 0, 'the local transaction is rolled back');

# Polls that fail
server(max_retries => 2);
$sim->fault({ path => '/operation/*', action => 'status', status => 503, times => 2 });
is($session->sql("$delete; SELECT 1"), 1, 'a poll is tried again');
server(max_retries => 0);
$sim->fault(
	{
		path => '/operation/*',
		action => 'status',
		status => 500,
		times => -1,
		body => 'out of order'
	});
$error = $session->sql_error("$delete");
is($error->{sqlstate}, 'HV000', 'a poll that fails: the error of the request');
like(
	$error->{detail},
	qr{^DELETE /dbaas-service/clickhouse-2-0008 in zone de-fra-1: unknown: operation $id}m,
	'the write is unknown');
is(scalar(grep { $_->{method} eq 'DELETE' } $sim->requests), 1, 'and was sent once');
$sim->clear_faults;

# Answers that are no operation
foreach my $case (
	[ { state => 'weird' }, 'an unknown state' ],
	[ { state => undef }, 'no state' ],
	[ { id => undef }, 'no id' ],
	[ { id => '../../zone' }, 'an id that is none' ],
	[ { state => 7 }, 'a state of another type' ])
{
	my ($patch, $name) = @$case;
	server();
	$sim->fault({ method => 'DELETE', action => 'merge', patch => $patch });
	$sim->clear;
	$error = $session->sql_error($delete);
	is($error->{sqlstate}, 'HV000', "$name: HV000");
	like(
		$error->{detail},
		qr{clickhouse-2-0008 in zone de-fra-1: unknown: },
		"$name: the write is unknown");
	is(scalar(grep { $_->{path} =~ /zone$/ } $sim->requests),
		0, "$name: nothing strange is asked for");
}

done_testing();
