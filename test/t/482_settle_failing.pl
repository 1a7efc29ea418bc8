# A list that does not show what was made in time, or that cannot be read, is a WARNING: the
# write was applied, and COMMIT does not fail.  A cancel of the wait says so, too.
use strict;
use warnings;

use DbaasTest;
use Test::More;
use Time::HiRes qw(sleep time);

my $t = DbaasTest->new(services => 8, logs => 0, operation_time => 0);
my $sim = $t->sim;
my $other = $t->session;
my $pg = '/dbaas-postgres/pg-1-0001';
my $list = "GET $pg in zone ch-gva-2";
my $session;
$t->sql('CREATE TABLE local (n int)');

# A server with these options, the simulator as new, and a session
sub begin
{
	my (%options) = @_;
	$t->create_server(%options);
	$t->sql('TRUNCATE local');
	$sim->reset;
	$sim->config(settle => 0);
	$session = $t->session;
	$session->sql('SELECT count(*) FROM exo.dbaas_services');
	$sim->clear;
	return;
}

sub user
{
	my ($name) = @_;
	return q{INSERT INTO exo.dbaas_users (zone, service_name, username) }
	  . qq{VALUES ('ch-gva-2', 'pg-1-0001', '$name');};
}

sub polls
{
	return grep { $_->{method} eq 'GET' && $_->{path} eq $pg } $sim->requests;
}

my $late = qr{WARNING:  01000: .* was applied, and the API does not list that yet};

# It does not show in time
begin(operation_timeout => '1');
$sim->config(settle => 3600_000);
my $start = time;
my (undef, $stderr) =
  $session->sql_both('BEGIN; INSERT INTO local VALUES (1); ' . user('never') . 'COMMIT');
cmp_ok(time - $start, '>=', 0.9, 'operation_timeout bounds the wait');
cmp_ok(time - $start, '<', $DbaasTest::soon, 'which ends then');
like($stderr, qr{POST $pg/user in zone ch-gva-2 was applied}, 'a WARNING says what was applied');
like(
	$stderr,
	qr{$late\nDETAIL:  GET $pg was read until 1 s after the write\.\nHINT:  Do not write it again},
	'and which list lacks it');
like($stderr, qr/operation_timeout/, 'and the option');
unlike($stderr, qr/ERROR/, 'it is no error');
is($session->sql('SELECT count(*) FROM local'), 1, 'the transaction is committed');
is(scalar(grep { $_->{method} eq 'POST' } $sim->requests), 1, 'it was sent once');
my $sent = $sim->requests;
sleep 0.5;
is(scalar($sim->requests), $sent, 'nothing more is asked for');

# One WARNING for all of a list; what follows is sent
$start = time;
(undef, $stderr) = $session->sql_both(
	q{BEGIN; INSERT INTO exo.dbaas_users (zone, service_name, username) }
	  . q{SELECT 'ch-gva-2', 'pg-1-0001', 'n' || i FROM generate_series(1, 5) i; }
	  . q{DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = 'kafka-1-0003'; }
	  . 'COMMIT');
like($stderr, qr{user in zone ch-gva-2, like 4 others, was applied}, 'one WARNING for a list');
like($stderr, qr{DELETE /dbaas-service/kafka-1-0003 in zone ch-gva-2 was applied}, 'and the next');
is(scalar(() = $stderr =~ /WARNING/g), 2, 'no more than that');
is(scalar(grep { $_->{method} eq 'DELETE' } $sim->requests), 1, 'what follows is sent');

# A report that comes later says so
(undef, $stderr) = $session->sql_both(
	'BEGIN; SET LOCAL dbaas_fdw.write_mode = immediate; ' . user('later') . 'ROLLBACK');
like(
	$stderr,
	qr{undone by the rollback\nDETAIL:  POST $pg/user .*: applied, not yet listed$}m,
	'the WARNING of a rollback says so');

# Temporary errors
begin(max_retries => 0);
$sim->fault({ method => 'GET', path => $pg, action => 'status', status => 503, times => 4 });
(undef, $stderr) = $session->sql_both(user('four'));
is($stderr, '', 'four failed polls in a row');
is(scalar(polls()), 5, 'then one that succeeds');
$sim->clear;
$sim->fault({ method => 'GET', path => $pg, action => 'status', status => 503, times => -1 });
(undef, $stderr) = $session->sql_both('INSERT INTO local VALUES (1);' . user('five'));
like($stderr, qr{$late\nDETAIL:  $list.*503}, 'five are too many');
is(scalar(polls()), 5, 'indeed');
is($session->sql('SELECT count(*) FROM local'), 1, 'the transaction is committed');
$sim->clear_faults;
is($session->sql(q{SELECT count(*) FROM exo.dbaas_users WHERE zone = 'ch-gva-2' }
		  . q{AND service_name = 'pg-1-0001' AND username IN ('four', 'five')}),
	2, 'both users were made');

# Not allowed to read
begin();
$sim->fault({ method => 'GET', path => $pg, action => 'status', status => 403, times => -1 });
(undef, $stderr) = $session->sql_both(user('unread'));
is($stderr, '', 'a key that may not read the list: nothing is said');
is(scalar(polls()), 1, 'and it is tried once');
$sim->clear_faults;

# Gone, with what was in it
begin();
$sim->fault({ method => 'GET', path => $pg, action => 'status', status => 404, times => -1 });
(undef, $stderr) = $session->sql_both(user('orphan'));
like($stderr, qr{$late\nDETAIL:  $list}, 'no list at all, of what was made');
is(scalar(polls()), 1, 'it is not waited for');
$sim->clear_faults;
$sim->fault(
	{ method => 'GET', path => $pg, action => 'status', status => 404, times => -1, skip => 1 });
(undef, $stderr) = $session->sql_both(
	q{DELETE FROM exo.dbaas_users WHERE zone = 'ch-gva-2' AND service_name = 'pg-1-0001' }
	  . q{AND username = 'orphan'});
is($stderr, '', 'what was in it is gone with it');
$sim->clear_faults;

# Answers of another shape
foreach my $case (
	[ { users => 7 }, qr/answered with an unexpected shape: / ],
	[ { users => [7] }, qr/answered with an unexpected shape: / ])
{
	my ($patch, $detail) = @$case;
	begin();
	$sim->fault({ method => 'GET', path => $pg, action => 'merge', patch => $patch, times => -1 });
	(undef, $stderr) = $session->sql_both(user('odd'));
	like($stderr, qr{$late\nDETAIL:  $list $detail}, 'a list of another shape');
	$sim->clear_faults;
}
begin();
$sim->fault({ method => 'GET', path => $pg, action => 'merge', patch => { users => undef } });
(undef, $stderr) = $session->sql_both(user('first'));
is($stderr, '', 'a list that is not there yet is read again');
is(scalar(polls()), 2, 'once');

# The response holds no secret of the write
begin(max_retries => 0);
$sim->fault(
	{
		method => 'GET',
		path => '/dbaas-clickhouse/clickhouse-1-0008',
		action => 'status',
		status => 400,
		times => -1,
		body => '{"message":"there is hunter2hunter2"}'
	});
(undef, $stderr) = $session->sql_both(
	q{INSERT INTO exo.dbaas_users (zone, service_name, username, password) VALUES }
	  . q{('ch-gva-2', 'clickhouse-1-0008', 'x', 'hunter2hunter2')});
like($stderr, qr/there is \*\*\*/, 'a list that fails with what was written');
unlike($stderr, qr/hunter2/, 'does not show a secret');
$sim->clear_faults;

# A write that fails
begin();
$sim->fault({ method => 'POST', path => "$pg/user", action => 'status', status => 409, skip => 1 });
my $error = $session->sql_error(
	q{INSERT INTO exo.dbaas_users (zone, service_name, username) }
	  . q{SELECT 'ch-gva-2', 'pg-1-0001', 'f' || i FROM generate_series(1, 3) i});
like($error->{detail}, qr/: applied$/m, 'beside one that fails, others are applied');
is(scalar(polls()), 0, 'no list is read then');
$sim->clear_faults;

# A cancel
begin();
$sim->config(settle => 3600_000);
$session->sql(q{SET dbaas_fdw.progress = '100ms'});
$session->start('BEGIN; INSERT INTO local VALUES (1); ' . user('one') . user('two') . 'COMMIT');
DbaasTest::wait_until(sub { polls() >= 3 }) or die;
my $pid = $session->pid;
$start = time;
$other->sql("SELECT pg_cancel_backend($pid)");
(undef, $stderr) = $session->finish;
cmp_ok(time - $start, '<', $DbaasTest::soon, 'a cancel ends the wait');
$error = DbaasTest::parse_error($stderr);
is($error->{sqlstate}, '57014', 'with its error');
like(
	$error->{detail},
	qr{^POST $pg/user in zone ch-gva-2 \(one\): applied, not yet listed$}m,
	'which says how far the write is');
like($error->{detail}, qr{\(two\): not sent$}m, 'and what was not sent');
like(
	$stderr,
	qr{waiting for 2 of 2 operations, \d+ s: POST $pg/user in zone ch-gva-2, until its list},
	'a NOTICE said what it waited for');
is($session->sql('SELECT count(*) FROM local'), 0, 'the transaction is rolled back');
my $polls = polls();
sleep 1;
is(scalar(polls()), $polls, 'nothing more is asked for');
$sim->config(settle => 0);
is($session->sql(user('three') . 'SELECT 1'), 1, 'the session goes on');

done_testing();
