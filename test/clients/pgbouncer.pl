# PgBouncer in transaction mode: what clients share who take turns on one connection of the server

use strict;
use warnings;

use DBI;
use DbaasTest;
use PostgreSQL::Test::Utils qw(append_to_file);
use Test::More;

my $t = DbaasTest->new(services => 4);
my $sim = $t->sim;
my $node = $t->node;
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $dir = PostgreSQL::Test::Utils::tempdir();
my $host = $node->host;
my $server_port = $node->port;

# Every client is the same user, so one connection serves them all
append_to_file("$dir/pgbouncer.ini", <<"END");
[databases]
postgres = host=$host port=$server_port dbname=postgres user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
admin_users = postgres
pool_mode = transaction
default_pool_size = 1
server_login_retry = 1
logfile = $dir/log
pidfile = $dir/pid
END
$ENV{PATH} .= ':/usr/sbin';
my $pooler = IPC::Run::start([ 'pgbouncer', "$dir/pgbouncer.ini" ], '>', \my $out, '2>', \my $err);

END
{
	local $?;
	$pooler->kill_kill if $pooler;
}

# Transaction mode knows no prepared statements, so values are sent with an unnamed one
sub client
{
	my $client;
	DbaasTest::wait_until(
		sub {
			$client = DBI->connect("dbi:Pg:host=127.0.0.1;port=$port;dbname=postgres",
				'postgres', '',
				{ RaiseError => 0, PrintError => 0, PrintWarn => 0, pg_server_prepare => 0 });
		}) or die "no PgBouncer: $err";
	$client->{RaiseError} = 1;
	return $client;
}

sub run { my ($client, @sql) = @_; $client->do($_) foreach @sql; return }
sub value { my ($client, @query) = @_; return ($client->selectrow_array(@query))[0] }

sub writes
{
	return map { "$_->{method} $_->{path}" } $sim->writes;
}

# Its console takes simple statements alone
sub pooler_setting
{
	my ($name, $value) = @_;
	PostgreSQL::Test::Utils::run_log(
		[
			'psql', '-X', '-q', "host=127.0.0.1 port=$port dbname=pgbouncer",
			'-c', "SET $name = '$value'"
		]) or die "SET $name";
	return;
}

my ($zone, @names) = split /\|/, $t->sql(
	q{
	SELECT zone || '|' || string_agg(name, '|' ORDER BY name) FROM exo.dbaas_services
	WHERE state = 'running' GROUP BY zone HAVING count(*) > 2 ORDER BY zone LIMIT 1});
my ($one, $two) = map { "zone = '$zone' AND name = '$_'" } @names;

sub protect
{
	my ($which) = @_;
	return "UPDATE exo.dbaas_services SET termination_protection = NOT termination_protection"
	  . " WHERE $which";
}

my ($a, $b) = (client(), client());
my $pid = value($a, 'SELECT pg_backend_pid()');
is(value($b, 'SELECT pg_backend_pid()'), $pid, 'two clients have one connection of the server');

is( value(
		$b, 'SELECT count(*) FROM exo.dbaas_services WHERE zone = $1 AND name = $2',
		undef, $zone, $names[0]),
	1,
	'values are bound');

# What one has queued is its own
$sim->clear;
run($a, 'BEGIN', protect($one));
is(value($a, 'SELECT count(*) FROM dbaas_fdw_queued()'), 1, 'one client queues a write');
run($a, 'ROLLBACK');
run($b, 'BEGIN');
is(value($b, 'SELECT pg_backend_pid()'), $pid, 'and the other takes the connection');
is(value($b, 'SELECT count(*) FROM dbaas_fdw_queued()'), 0, 'in which nothing is queued');
run($b, protect($two), 'COMMIT');
my @sent = writes();
is(scalar @sent, 1, 'one write was sent');
like("@sent", qr/\Q$names[1]\E/, 'that of the client who committed');

# Who goes away in a transaction sends nothing
$sim->clear;
run($a, 'BEGIN', protect($one));
$a->disconnect;
$a = client();
run($b, 'BEGIN', protect($two), 'COMMIT');
@sent = writes();
is(scalar @sent, 1, 'one write was sent after the other client went away');
like("@sent", qr/\Q$names[1]\E/, 'that of the client who committed');
$pid = value($b, 'SELECT pg_backend_pid()');

# SET LOCAL holds in its transaction, and SET for everybody after
$sim->clear;
run($a, 'BEGIN', 'SET LOCAL dbaas_fdw.dry_run = on', protect($one), 'COMMIT');
is_deeply([ writes() ], [], 'SET LOCAL dry_run: nothing is sent');
is(value($b, 'SHOW dbaas_fdw.dry_run'), 'off', 'and the other client has no dry run');
run($b, 'BEGIN', protect($two), 'COMMIT');
is(scalar(writes()), 1, 'and sends its write');

run($a, 'SET dbaas_fdw.dry_run = on');
is(value($b, 'SHOW dbaas_fdw.dry_run'), 'on', 'a plain SET applies to the other client');
run($a, 'RESET dbaas_fdw.dry_run');
pooler_setting('server_reset_query_always', 1);
run($a, 'SET dbaas_fdw.dry_run = on');
is(value($b, 'SHOW dbaas_fdw.dry_run'), 'off', 'but not with server_reset_query_always');
is(value($b, 'SELECT pg_backend_pid()'), $pid, 'in the same connection');

# Answers are kept by the connection, and DISCARD ALL drops them
my $services = 'SELECT count(*) FROM exo.dbaas_services';
my $other_services = 'SELECT string_agg(name, $$,$$) FROM exo.dbaas_services';

sub reads
{
	my ($client, $sql) = @_;
	$sim->clear;
	value($client, $sql);
	return scalar $sim->requests;
}
sub kept { run($_[0], 'BEGIN', q{SET LOCAL dbaas_fdw.cache_ttl = '1h'}); return }

foreach my $always (1, 0)
{
	pooler_setting('server_reset_query_always', $always);
	reads($a, $services);
	kept($a);
	reads($a, $services);
	run($a, 'COMMIT');
	kept($b);
	is( reads($b, $other_services),
		$always ? 3                                              : 0,
		$always ? 'after DISCARD ALL the other client asks anew' : 'else it shares the answers');
	run($b, 'COMMIT');
}
run($a, 'BEGIN', protect($one), 'COMMIT');
kept($b);
is(reads($b, $services), 3, 'and asks anew after a write of the first one');
run($b, 'COMMIT');
run($a, 'BEGIN ISOLATION LEVEL REPEATABLE READ');
is(reads($a, $services), 3, 'a transaction of REPEATABLE READ reads');
is(reads($a, $other_services), 0, 'and keeps its answers');
run($a, 'COMMIT');
is(reads($b, $services), 3, 'for itself');

# Who goes away in the middle of a COMMIT has committed
run($a, 'CREATE TABLE local (which text)');
$sim->clear;
$sim->fault({ path => '/operation/*', action => 'delay', ms => 1000 });
run($a, 'BEGIN', q{INSERT INTO local VALUES ('gone')}, protect($one));
$a->do('COMMIT', { pg_async => 1 });
ok(DbaasTest::wait_until(sub { scalar(writes()) == 1 }), 'a COMMIT has sent its write');
{
	# The client dies: nothing is told to the pooler, and nothing is waited for
	my $socket = $a->{pg_socket};
	open my $fh, '+<&=', $socket or die "$socket: $!";
	shutdown $fh, 2;
}
run($b, 'BEGIN', q{INSERT INTO local VALUES ('there')}, protect($two), 'COMMIT');
isnt(value($b, 'SELECT pg_backend_pid()'), $pid, 'its connection of the server is not used again');
ok(DbaasTest::wait_until(sub { $t->sql('SELECT count(*) FROM local') == 2 }),
	'its transaction is committed all the same');
@sent = writes();
is(scalar @sent, 2, 'and each of the two has sent its write once')
  or diag(explain(\@sent));
is(scalar(grep { /\Q$names[0]\E/ } @sent), 1, 'the first one too');

done_testing();
