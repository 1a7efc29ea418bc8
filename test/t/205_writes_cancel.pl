# A COMMIT that waits can be cancelled, or its session ended; it says how far
# each write came.
use strict;
use warnings;

use DbaasTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $t = DbaasTest->new(services => 8, logs => 0, operation_time => 20);
my $sim = $t->sim;
my $other = $t->session;
my $session;
$t->sql('CREATE TABLE local (n int)');

sub remove { return "DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = '$_[0]'" }

sub deletes
{
	return grep { $_->{method} eq 'DELETE' } $sim->requests;
}

sub begin
{
	my (%options) = @_;
	$t->create_server(%options);
	$sim->reset;
	$session = $t->session;
	$session->sql('SELECT count(*) FROM exo.dbaas_services');
	$sim->clear;
	return;
}

# cancelled(FAULT, SQL, CONDITION): starts it, waits for the condition, cancels;
# returns the error and the milliseconds that it took to come
sub cancelled
{
	my ($fault, $sql, $condition) = @_;
	$sim->fault(ref $fault eq 'ARRAY' ? @$fault : $fault);
	$session->start($sql);
	DbaasTest::wait_until($condition) or die "it never came so far: $sql\n";
	sleep 0.1;
	my $pid = $session->pid;
	my $start = time;
	$other->sql("SELECT pg_cancel_backend($pid)");
	my (undef, $stderr) = $session->finish;
	my $ms = (time - $start) * 1000;
	$sim->clear_faults;
	return (DbaasTest::parse_error($stderr) // { stderr => $stderr }, $ms);
}

sub after
{
	my ($name, $sent) = @_;
	is($session->sql('SELECT count(*) FROM local'),
		0, "$name: the local transaction is rolled back");
	is($session->sql('SELECT count(*) FROM exo.dbaas_zones'), 3, "$name: the session works");
	sleep 0.3;
	my @all = $sim->requests;
	is(scalar(deletes()), $sent, "$name: $sent sent");
	sleep 0.4;
	is(scalar($sim->requests), scalar(@all), "$name: nothing more is asked for");
	return;
}

my @three = map { remove($_) } qw(pg-1-0001 mysql-1-0002 kafka-1-0003);
my $transaction = 'BEGIN; INSERT INTO local VALUES (1); ' . join('; ', @three) . '; COMMIT';

# While the answer of the second write is awaited
begin();
my ($error, $ms) =
  cancelled({ method => 'DELETE', path => '*mysql*', action => 'stall', ms => 60000 },
	$transaction, sub { deletes() == 2 });
is($error->{sqlstate}, '57014', 'awaiting an answer: 57014');
cmp_ok($ms, '<', 1000 * $DbaasTest::soon, sprintf 'soon: %.0f ms', $ms);
my @lines = grep { /^DELETE / } split /\n/, $error->{detail} // '';
is(scalar(@lines), 3, 'the detail lists all three');
like($lines[0], qr{pg-1-0001 in zone ch-gva-2: applied$}, 'the first is applied');
like($lines[1], qr{mysql-1-0002 in zone ch-gva-2: unknown: .*not answered}, 'the second unknown');
like($lines[2], qr{kafka-1-0003 in zone ch-gva-2: not sent$}, 'the third not sent');
unlike($error->{stderr}, qr/WARNING/, 'it is said once');
after('awaiting an answer', 2);

# While its operation is pending
begin();
($error, $ms) = cancelled(
	{ method => 'DELETE', path => '*mysql*', action => 'operation', state => 'pending-forever' },
	$transaction,
	sub {
		deletes() == 2
		  && grep { $_->{path} =~ /operation/ && $_->{started_ms} > (deletes())[1]{started_ms} }
		  $sim->requests;
	});
is($error->{sqlstate}, '57014', 'awaiting an operation: 57014');
cmp_ok($ms, '<', 1000 * $DbaasTest::soon, sprintf 'soon: %.0f ms', $ms);
my $zone = 'in zone ch-gva-2';
my $unknown = 'unknown: operation [0-9a-f-]{36}.*pending';
like(
	$error->{detail},
	qr{pg-1-0001 $zone: applied\n.*mysql-1-0002 $zone: $unknown\n.*kafka-1-0003 $zone: not sent},
	'applied, unknown with its operation, not sent');
after('awaiting an operation', 2);

# While a service starts
begin(wait => 'running');
$sim->config(running_time => 60000);
my $insert =
	q{INSERT INTO exo.dbaas_integrations (zone, type, source, dest) }
  . q{VALUES ('ch-gva-2', 'logs', 'pg-1-0001', 'opensearch-1-0004')};
($error, $ms) = cancelled(
	{ method => 'PUT', action => 'delay', ms => 1 },
	"BEGIN; INSERT INTO local VALUES (1); $insert; COMMIT",
	sub {
		grep { $_->{path} eq '/dbaas-service' } $sim->requests;
	});
$sim->config(running_time => 0);
is($error->{sqlstate}, '57014', 'awaiting a start: 57014');
cmp_ok($ms, '<', 1000 * $DbaasTest::soon, sprintf 'soon: %.0f ms', $ms);
like(
	$error->{detail},
	qr{^POST /dbaas-integration in zone ch-gva-2 \(pg-1-0001, opensearch-1-0004\): applied}m,
	'the write is applied');
after('awaiting a start', 0);

# In the pause before a write is sent again
begin();
($error, $ms) = cancelled(
	{
		method => 'DELETE',
		path => '*pg*',
		action => 'status',
		status => 429,
		times => -1,
		headers => { 'Retry-After' => '60' }
	},
	$transaction,
	sub { deletes() == 1 });
is($error->{sqlstate}, '57014', 'in a pause: 57014');
cmp_ok($ms, '<', 1000 * $DbaasTest::soon, sprintf 'soon: %.0f ms', $ms);
like(
	$error->{detail},
	qr{pg-1-0001 $zone: \S.*\n.*mysql-1-0002 $zone: not sent\n.*kafka-1-0003 $zone: not sent},
	'the others are not sent');
after('in a pause', 1);

# The rows of one statement
begin(max_concurrency => 2);
($error, $ms) = cancelled(
	{ method => 'DELETE', path => '*', action => 'stall', ms => 60000, times => -1 },
	q{BEGIN; INSERT INTO local VALUES (1); DELETE FROM exo.dbaas_services }
	  . q{WHERE zone = 'ch-gva-2' AND name ~ '-000[123]$'; COMMIT},
	sub { deletes() == 2 });
is($error->{sqlstate}, '57014', 'awaiting rows: 57014');
is(scalar(() = $error->{detail} =~ /: unknown: /g), 2, 'two of them unknown');
is(scalar(() = $error->{detail} =~ /: not sent$/mg), 1, 'one not sent');
after('awaiting rows', 2);

# A statement that sends at once, by statement_timeout
begin();
$sim->fault({ method => 'POST', action => 'stall', ms => 60000 });
my $start = time;
$error = $session->timed_out("$insert RETURNING id", 2000);
$ms = (time - $start) * 1000;
is($error->{sqlstate}, '57014', 'INSERT ... RETURNING, statement_timeout: 57014');
cmp_ok($ms, '<', 1000 * $DbaasTest::soon, sprintf 'in time: %.0f ms', $ms);
like(
	$error->{detail},
	qr{^POST /dbaas-integration in zone ch-gva-2 \(pg-1-0001, opensearch-1-0004\): unknown}m,
	'the detail says how far it came');
$sim->clear_faults;
after('INSERT ... RETURNING', 0);

# A cancel that a block of PL/pgSQL cannot catch, and one in a savepoint
begin();
$session->sql('BEGIN; INSERT INTO local VALUES (1); ' . remove('mysql-1-0002') . '; SAVEPOINT s');
($error) = cancelled(
	{ method => 'DELETE', path => '*mysql*', action => 'operation', state => 'pending-forever' },
	"$insert RETURNING id",
	sub {
		scalar grep { $_->{path} =~ /operation/ } $sim->requests;
	});
is($error->{sqlstate}, '57014', 'in a savepoint: 57014');
$session->sql('ROLLBACK TO s');
my (undef, $stderr) = $session->sql_both('COMMIT');
like($stderr, qr/ERROR/,
	'in a savepoint: COMMIT fails, for nobody knows how the write before it ended');
is($session->sql('SELECT count(*) FROM local'), 0, 'in a savepoint: and rolls back');
$session->sql('TRUNCATE local');

# A session that is terminated
foreach my $fault ({ action => 'stall', ms => 60000 },
	{ action => 'operation', state => 'pending-forever' })
{
	begin();
	$sim->fault({ method => 'DELETE', path => '*mysql*', %$fault });
	my $pid = $session->pid;
	$session->start($transaction);
	DbaasTest::wait_until(sub { deletes() == 2 }) or die 'it never came so far';
	sleep 0.1;
	$start = time;
	$other->sql("SELECT pg_terminate_backend($pid)");
	ok( DbaasTest::wait_until(
			sub { $other->sql("SELECT count(*) FROM pg_stat_activity WHERE pid = $pid") == 0 }),
		"$fault->{action}: a terminated session ends");
	cmp_ok(time - $start, '<', $DbaasTest::soon, 'soon');
	$sim->clear_faults;
	eval { $session->{psql}{run}->finish; delete $session->{psql} };
	is($other->sql('SELECT count(*) FROM exo.dbaas_zones'), 3, 'other sessions work');
	is($other->sql('SELECT count(*) FROM local'), 0, 'the local transaction is rolled back');
	is($other->sql(q{SELECT count(*) FROM exo.dbaas_services WHERE name = 'kafka-1-0003'}),
		1, 'the third write was not sent');
	my $log = $t->node->logfile;
	open my $fh, '<', $log or die "$log: $!";
	my $text = do { local $/; <$fh> };
	unlike($text, qr/PANIC|signal \d+: |was terminated by/, 'the server did not crash');
	like($text, qr/terminating connection due to administrator command/, 'the log says why');
	like($text, qr{pg-1-0001 in zone ch-gva-2: applied}, 'and which writes stand');
}

done_testing();
