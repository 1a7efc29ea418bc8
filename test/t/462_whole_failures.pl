# Writes that replace an object as a whole, when something fails: the write, its answer, the
# session's patience; and when nothing is to be sent, or nothing waited for.
use strict;
use warnings;

use DbaasTest;
use JSON::PP                ();
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

my $t = DbaasTest->new(services => 16, logs => 0, operation_time => 20);
my $sim = $t->sim;
my $session;
my $path = '/dbaas-opensearch/opensearch-1-0004/acl-config';
my $there = "zone = 'ch-gva-2' AND service_name = 'opensearch-1-0004'";
my $label = "PUT $path in zone ch-gva-2";
my $log_end = 0;

sub begin
{
	$sim->reset;
	$sim->config(operation_time => 20);
	$session = $t->session;
	$session->sql('SELECT count(*) FROM exo.dbaas_services');
	$sim->clear;
	return;
}

sub add
{
	my ($user) = @_;
	return 'INSERT INTO exo.dbaas_opensearch_acls '
	  . '(zone, service_name, username, index, permission) '
	  . "VALUES ('ch-gva-2', 'opensearch-1-0004', '$user', 'x', 'read')";
}
sub writes { return grep { $_->{method} ne 'GET' } $sim->requests }

sub users_of
{
	my ($config) = @_;
	return join ' ', map { $_->{username} } @{ $config->{acls} };
}
sub users { return users_of($sim->get($path)->{json}) }
sub sent { return map { users_of(JSON::PP->new->decode($_->{body})) } writes() }

sub logged
{
	my $log = substr(slurp_file($t->node->logfile), $log_end);
	$log_end += length $log;
	return grep { /dbaas_fdw write:/ } split /\n/, $log;
}

# The log and the report have what is sent, not each change
begin();
logged();
$session->sql('BEGIN; ' . add('a') . '; ' . add('b') . '; ' . add('c') . '; COMMIT');
is_deeply(
	[ map { m{write: \Q$label\E: (\w+)} } logged() ],
	[ 'sending', 'applied' ],
	'one write in the log');

# It is refused
begin();
$sim->fault({ action => 'status', status => 409, method => 'PUT' });
$session->sql('BEGIN; ' . add('a') . '; ' . add('b'));
my $error = $session->sql_error('COMMIT');
is($error->{sqlstate}, '55006', 'it is refused');
is(() = $error->{detail} =~ /\Q$label\E/g, 1, 'the report has it once');
is(scalar(writes()), 1, 'and nothing follows');
is(users(), 'avnadmin indexer', 'nothing has changed');

# ... in a savepoint: what was queued before is still to be sent
begin();
$sim->fault({ action => 'status', status => 409, method => 'PUT' });
$session->sql('BEGIN; ' . add('a') . '; SAVEPOINT one');
is($session->sql_error(add('b') . ' RETURNING 1')->{sqlstate}, '55006', 'refused in a savepoint');
$session->sql('ROLLBACK TO one; COMMIT');
is_deeply([ sent() ], [ 'avnadmin indexer a b', 'avnadmin indexer a' ],
	'then what was before it is sent');
is(users(), 'avnadmin indexer a', 'by itself');

# ... a write that was queued before the savepoint
begin();
$sim->fault({ action => 'status', status => 409, method => 'PUT' });
$session->sql('BEGIN; ' . add('a') . '; ' . add('b') . '; SAVEPOINT one');
my $user = q{INSERT INTO exo.dbaas_users (zone, service_name, username) }
  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'new') RETURNING 1};
is($session->sql_error($user)->{sqlstate}, '55006', 'one that was before the savepoint');
$session->sql('ROLLBACK TO one');
is($session->sql_error('COMMIT')->{sqlstate}, '55006', 'fails the transaction');
is(scalar(writes()), 1, 'and is not sent again');

# Applied in a savepoint that is rolled back
begin();
$session->sql('BEGIN; ' . add('a') . '; SAVEPOINT one');
$session->sql(add('b') . ' RETURNING 1');
my (undef, $stderr) = $session->sql_both('ROLLBACK TO one');
like($stderr, qr/WARNING:.*not undone by the rollback/, 'what was sent is reported');
is(() = $stderr =~ /\Q$label\E: applied/g, 1, 'once');
$session->sql(add('c'));
$session->sql('COMMIT');
is_deeply([ sent() ], [ 'avnadmin indexer a b', 'avnadmin indexer a b c' ],
	'it stands, with what was queued before');

# Its operation fails
begin();
$sim->fault({ action => 'operation', state => 'failure', message => 'no room', method => 'PUT' });
$session->sql('BEGIN; ' . add('a'));
$error = $session->sql_error('COMMIT');
is($error->{sqlstate}, '38000', 'its operation fails');
like($error->{detail}, qr{no room.*\n\Q$label\E: failed: }s, 'says why');

# The answer is lost
begin();
$sim->fault({ action => 'close', method => 'PUT', after_processing => JSON::PP::true });
$session->sql('BEGIN; ' . add('a') . '; ' . add('b'));
$error = $session->sql_error('COMMIT');
like($error->{detail}, qr{\Q$label\E: unknown: }, 'the answer is lost');
is(scalar(writes()), 1, 'it is not sent twice');
ok(DbaasTest::wait_until(sub { users() eq 'avnadmin indexer a b' }), 'and was applied');
begin();
$sim->fault({ action => 'close', method => 'PUT', after_processing => JSON::PP::true });
$session->sql('BEGIN; ' . add('a') . '; SAVEPOINT one');
$session->sql_both(add('b') . ' RETURNING 1');
$session->sql_both('ROLLBACK TO one');
$error = $session->sql_error('COMMIT');
is($error->{sqlstate}, 'HV000', 'what was queued before the savepoint may not be there');
is(scalar(writes()), 1, 'and is not sent again');

# A cancel: before it is sent, and when it was
begin();
$session->sql('BEGIN; ' . add('a'));
$sim->fault({ action => 'stall', path => $path, method => 'GET', ms => 60000, times => -1 });
$session->start('COMMIT');
DbaasTest::wait_until(
	sub {
		scalar(grep { $_->{path} eq $path && !defined $_->{status} } $sim->requests);
	});
$t->sql('SELECT pg_cancel_backend(' . $session->pid . ')');
(undef, $stderr) = $session->finish;
like($stderr, qr/57014/, 'a cancel while the list is read again');
is(scalar(writes()), 0, 'nothing is sent');
$sim->clear_faults;
is($session->sql("SELECT count(*) FROM exo.dbaas_opensearch_acls WHERE $there"),
	3, 'the session goes on');
begin();
$sim->config(operation_time => 600_000);
$session->sql('BEGIN; ' . add('a') . '; ' . add('b'));
$session->start('COMMIT');
DbaasTest::wait_until(sub { scalar(writes()) });
$t->sql('SELECT pg_cancel_backend(' . $session->pid . ')');
(undef, $stderr) = $session->finish;
like($stderr, qr/57014/, 'a cancel while its operation is pending');
is(() = $stderr =~ /\Q$label\E: unknown/g, 1, 'says so, once');

# Nothing is waited for
begin();
$t->sql(q{ALTER SERVER exoscale OPTIONS (ADD wait 'none')});
$session = $t->session;
$sim->config(operation_time => 500);
$session->sql('BEGIN; ' . add('a') . ' RETURNING 1');
$session->sql(add('b'));
my $ended = time + 1;
sleep 1 while time <= $ended;
$session->sql('COMMIT');
is_deeply([ sent() ], [ 'avnadmin indexer a', 'avnadmin indexer a b' ],
	'with wait none, a write builds on the one before');
begin();
$sim->config(operation_time => 600_000);
$session->sql('BEGIN; ' . add('a') . ' RETURNING 1');
$session->sql(add('b'));
is($session->sql_error('COMMIT')->{sqlstate}, '55006', 'which the API may not be done with');
is_deeply([ sent() ], [ 'avnadmin indexer a', 'avnadmin indexer a b' ], 'it says, not the wrapper');
$t->sql('ALTER SERVER exoscale OPTIONS (DROP wait)');

# A dry run
begin();
$session->sql('BEGIN; SET LOCAL dbaas_fdw.dry_run = on');
(undef, $stderr) = $session->sql_both(add('a') . '; ' . add('b'));
like(
	$stderr,
	qr{NOTICE:.*dry run: \Q$label\E\n.*Body: \{"acls":.*"b"},
	'a dry run shows the bodies');
like($stderr, qr{HINT:.*COMMIT would send the last}, 'and which would be sent');
is($session->sql_error(add('a'))->{sqlstate}, '23505', 'it knows of its own rows');
$session->sql('ROLLBACK');
$session->sql('BEGIN; SET LOCAL dbaas_fdw.dry_run = on; '
	  . add('a')
	  . '; SET LOCAL dbaas_fdw.dry_run = off');
$session->sql(add('b') . '; COMMIT');
is_deeply([ sent() ], ['avnadmin indexer b'], 'and changes nothing of what is sent');
begin();
$session->sql('BEGIN; ' . add('a') . '; SET LOCAL dbaas_fdw.dry_run = on');
$error = $session->sql_error('COMMIT');
is($error->{sqlstate}, '55000', 'dry_run before the COMMIT');
is(scalar(writes()), 0, 'stops the write');

# The API shows a write some time after its operation: the next one must not undo it
begin();
$sim->config(settle => 1500);
$session->sql(add('a'));
is(users(), 'avnadmin indexer a', 'a write is waited for until it shows');
$session->sql("DELETE FROM exo.dbaas_opensearch_acls WHERE $there AND username = 'indexer'");
is(users(), 'avnadmin a', 'and a DELETE');
$session->sql("UPDATE exo.dbaas_opensearch_acls SET permission = 'deny' WHERE $there");
is_deeply(
	[ map { $_->{rules}[0]{permission} } @{ $sim->get($path)->{json}{acls} } ],
	[ 'deny', 'deny' ],
	'and an UPDATE');
$session->sql('BEGIN; ' . add('b') . '; ' . add('c'));
$session->sql("DELETE FROM exo.dbaas_opensearch_acls WHERE $there AND username = 'a'; COMMIT");
is(users(), 'avnadmin b c', 'and several');
$sim->config(settle => 0);

# What COMMIT would send
begin();
$session->sql('BEGIN; ' . add('a') . '; SAVEPOINT one; ' . add('b'));
$session->sql('SET LOCAL dbaas_fdw.dry_run = on; ' . add('c') . '; ' . add('d'));
$session->sql('SET LOCAL dbaas_fdw.dry_run = off');
my $queued = q{SELECT method, (SELECT string_agg(u->>'username', ' ') }
  . q{FROM jsonb_array_elements(body->'acls') u) FROM dbaas_fdw_queued()};
is($session->sql($queued), "PUT|avnadmin indexer a b\nPUT|avnadmin indexer a b c d",
	'dbaas_fdw_queued() has what would be sent, of a dry run too');
$session->sql('ROLLBACK TO one');
is($session->sql($queued), 'PUT|avnadmin indexer a', 'and after a savepoint what was before it');
$session->sql(add('e'));
is($session->sql($queued), 'PUT|avnadmin indexer a e', 'with what comes');
$session->sql('COMMIT');
is_deeply([ sent() ], ['avnadmin indexer a e'], 'which is sent');

# wait running, and another server in the middle
begin();
$t->sql(q{ALTER SERVER exoscale OPTIONS (ADD wait 'running')});
$session = $t->session;
$session->sql('BEGIN; ' . add('a') . '; ' . add('b') . '; COMMIT');
is(users(), 'avnadmin indexer a b', 'wait running');
$t->sql('ALTER SERVER exoscale OPTIONS (DROP wait)');

# Many rows
begin();
$session->sql('CREATE TEMPORARY TABLE many AS SELECT generate_series(1, 200) AS n');
$session->sql('INSERT INTO exo.dbaas_opensearch_acls (zone, service_name, username, index) '
	  . "SELECT 'ch-gva-2', 'opensearch-1-0004', 'u' || n, 'x' FROM many");
is(scalar(writes()), 1, 'two hundred rows are one write');
is(scalar(split / /, users()), 202, 'of all of them');

done_testing();
