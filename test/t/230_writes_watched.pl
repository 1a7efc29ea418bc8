# A wait that can be watched (dbaas_fdw.progress), and a line in the server's log
# for each write (dbaas_fdw.log_writes).
use strict;
use warnings;

use DbaasTest;
use JSON::PP                ();
use PostgreSQL::Test::Utils qw(slurp_file);
use Test::More;

my $t = DbaasTest->new(
	services => 8,
	logs => 0,
	operation_time => 0,
	conf => "log_line_prefix = '%p '\nlog_statement = none\n");
my $sim = $t->sim;
my $session = $t->session;
my $log_end = 0;

sub remove { return "DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = '$_[0]'" }

# What the server has logged since the last call
sub logged
{
	my $log = substr(slurp_file($t->node->logfile), $log_end);
	$log_end += length $log;
	return grep { /dbaas_fdw write:/ } split /\n/, $log;
}

# The NOTICEs that come while the statement is still waiting; then it is cancelled
sub watched
{
	my ($sql, $pattern) = @_;
	$session->start($sql);
	DbaasTest::wait_until(
		sub { $session->{psql}{run}->pump_nb; return $session->{psql}{stderr} =~ $pattern });
	$t->sql('SELECT pg_cancel_backend(' . $session->pid . ')');
	my ($stdout, $stderr) = $session->finish;
	return $stderr;
}

# Progress of a COMMIT
$session->sql('SELECT count(*) FROM exo.dbaas_services');
is($session->sql(q{SELECT boot_val || unit FROM pg_settings WHERE name = 'dbaas_fdw.progress'}),
	'10000ms', 'every 10 s, if nothing else is said');
$session->sql(q{SET dbaas_fdw.progress = '200ms'});
$sim->config(operation_time => 600_000);
$session->sql('BEGIN');
$session->sql(remove($_)) foreach 'kafka-1-0003', 'pg-1-0001';
my $stderr = watched('COMMIT', qr/NOTICE:.*\n(?:.*\n)*.*NOTICE:/);
my $deletion = 'DELETE /dbaas-service/kafka-1-0003 in zone ch-gva-2';
my $by_whom = 'by \w+ on server exoscale in transaction';
my $pending = 'unknown: operation [0-9a-f-]{36} was still pending, by';
like(
	$stderr,
	qr{^(?:psql.*: )?NOTICE:  00000: waiting for 2 of 2 operations, \d+ s: $deletion$}m,
	'a COMMIT that waits says for what');
like($stderr, qr{ERROR:  57014: canceling statement}, 'while it waits, and can be cancelled');
my @lines = logged();
like(
	$lines[-2],
	qr{LOG:  dbaas_fdw write: $deletion: sending, $by_whom \d+/\d+},
	'the log has what was sent') or diag(join("\n", @lines));
like($lines[-1], qr{$deletion: $pending}, 'and that it was given up');
is(scalar(@lines), 2, 'but nothing of what was not sent');

$sim->reset;
$session->sql('SET client_min_messages = warning');
$sim->config(operation_time => 600);
unlike(($session->sql_both(remove('kafka-1-0003')))[1],
	qr/waiting/, 'a client that wants no NOTICE gets none');
$session->sql('RESET client_min_messages');

# of reads
$sim->reset;
$sim->config(latency => 300_000);
foreach my $read (
	'SELECT count(*) FROM exo.dbaas_services',
	'COPY (SELECT name FROM exo.dbaas_services) TO STDOUT',
	'SELECT name FROM exo.dbaas_services UNION ALL SELECT name FROM exo.dbaas_service_types',
	q{DO $$ BEGIN PERFORM * FROM exo.dbaas_services; EXCEPTION WHEN division_by_zero }
	. q{THEN NULL; END $$})
{
	$stderr = watched($read, qr/NOTICE:.*\n(?:.*\n)*.*NOTICE:/);
	my $done = 'still reading, \d+ s: \d+ requests? done';
	like(
		$stderr,
		qr{NOTICE:  00000: $done, \d in flight: GET /dbaas-service in zone [a-z0-9-]+, \.\.\.},
		"told while it reads: $read");
	like($stderr, qr{ERROR:  57014: canceling statement}, 'and it goes on');
}
$session->sql('SET dbaas_fdw.progress = 0');
$sim->config(latency => 500);
is(($session->sql_both('SELECT count(*) FROM exo.dbaas_service_types'))[1], '', 'off');
$sim->config(latency => 0, operation_time => 0);
is($session->sql_error(q{SET dbaas_fdw.progress = '-1s'})->{sqlstate}, '22023', 'no negative time');

# The log: who, what, and how it ended
$sim->reset;
logged();
is(($session->sql_both(remove('kafka-1-0003')))[1], '', 'the client is told nothing');
@lines = logged();
is(scalar(@lines), 2, 'two lines for a write');
my ($pid, $by) = $lines[1] =~ m{^(\d+) LOG:  dbaas_fdw write: $deletion: applied, ($by_whom .*)$};
is($pid, $session->pid, 'when it is done') or diag($lines[1]);
is($lines[0], "$pid LOG:  dbaas_fdw write: $deletion: sending, $by", 'and before');
$session->sql('BEGIN; CREATE TABLE local (n int)');
$session->sql(remove('pg-1-0001'));
my $xid = $session->sql('SELECT pg_current_xact_id_if_assigned()');
is(scalar(logged()), 0, 'nothing while it is queued');
$sim->fault(
	{
		method => 'DELETE',
		action => 'status',
		status => 409,
		body => '{"message":"busy\n2026 LOG:  forged"}'
	});
$session->sql_error('COMMIT');
@lines = grep { /write:/ } logged();
like(
	$lines[0],
	qr{sending, by \w+ on server exoscale in transaction \d+/\d+ \(xid $xid\)$},
	'with the transaction id, if there is one');
like($lines[1], qr{: failed: The API says: busy.*forged.*, by }, 'a failure in one line');
is(scalar(@lines), 2, 'and no more');
$session->sql('ROLLBACK');

# never a secret
logged();
$sim->reset;
my $check =
	q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'postgres://u:hunter2@h/d')};
$sim->fault(
	{
		method => 'POST',
		action => 'status',
		status => 422,
		body => '{"message":"no postgres://u:hunter2@h/d"}'
	});
$session->sql_error($check);
my $log = slurp_file($t->node->logfile);
unlike($log, qr/hunter2/, 'no secret in the log');
is(scalar(logged()), 2, 'but that it was sent, and refused');

# a session that is terminated
$sim->reset;
$sim->config(operation_time => 600_000);
my $other = $t->session;
my $other_pid = $other->pid;
my $others_deletion = 'DELETE /dbaas-service/opensearch-1-0004 in zone ch-gva-2';
$other->start(remove('opensearch-1-0004'));
ok( DbaasTest::wait_until(
		sub {
			grep { $_->{path} =~ m{^/operation/} } $sim->requests;
		}),
	'a session waits for an operation');
$t->sql("SELECT pg_terminate_backend($other_pid)");
ok( DbaasTest::wait_until(
		sub {
			slurp_file($t->node->logfile) =~
			  m{$other_pid LOG:  dbaas_fdw write: $others_deletion: $pending};
		}),
	'its end is logged when it is terminated');
$other->{psql}{run}->finish;
delete $other->{psql};

# a client that goes while its COMMIT waits: what it asked for is done all the same
$sim->reset;
$t->sql('CREATE TABLE kept (n int)');
$other = $t->session;
$other->sql(q{SET dbaas_fdw.progress = '20ms'; BEGIN; INSERT INTO kept VALUES (1)});
$other->sql(remove('opensearch-1-0004'));
$other->start('COMMIT');
ok( DbaasTest::wait_until(
		sub {
			$other->{psql}{run}->pump_nb;
			return $other->{psql}{stderr} =~ /NOTICE:.*waiting for 1 of 1 operation,/;
		}),
	'a COMMIT waits');
$other->{psql}{run}->kill_kill;
delete $other->{psql};
$sim->clear;
ok( DbaasTest::wait_until(
		sub {
			grep { $_->{path} =~ m{^/operation/} } $sim->requests;
		}),
	'still, though its client is gone');
$sim->config(operation_time => 0);
ok(DbaasTest::wait_until(sub { $t->sql('SELECT count(*) FROM kept') eq '1' }), 'and commits');

# unless PostgreSQL is told to look for clients that are gone
$sim->reset;
$sim->config(operation_time => 600_000);
$other = $t->session;
$other_pid = $other->pid;
$other->sql(q{SET client_connection_check_interval = '50ms'; BEGIN; INSERT INTO kept VALUES (2)});
$other->sql(remove('opensearch-1-0004'));
$other->start('COMMIT');
ok( DbaasTest::wait_until(
		sub {
			$other->{psql}{run}->pump_nb;
			return grep { $_->{path} =~ m{^/operation/} } $sim->requests;
		}),
	'a COMMIT waits');
$other->{psql}{run}->kill_kill;
delete $other->{psql};
ok( DbaasTest::wait_until(
		sub {
			slurp_file($t->node->logfile) =~
			  m{$other_pid LOG:  dbaas_fdw write: $others_deletion: $pending};
		}),
	'with client_connection_check_interval its end is logged');
ok( DbaasTest::wait_until(
		sub { $t->sql("SELECT count(*) FROM pg_stat_activity WHERE pid = $other_pid") eq '0' }),
	'the session ends');
is($t->sql('SELECT count(*) FROM kept'), '1', 'and its transaction is rolled back');
$sim->config(operation_time => 0);

# names of functions that the client cannot be shown, in a procedure that commits
$sim->config(operation_time => 600_000);
$session->sql(q{SET dbaas_fdw.progress = '200ms'});
$session->sql('CREATE PROCEDURE "wörter_語"() LANGUAGE plpgsql AS $$ BEGIN '
	  . remove('pg-1-0001')
	  . '; COMMIT; END $$');
$session->sql('CREATE PROCEDURE words() LANGUAGE plpgsql AS $$ BEGIN CALL "wörter_語"(); END $$');
$session->sql(q{SET client_encoding = latin1});
$stderr = watched('CALL words()', qr/NOTICE:.*waiting(?:.*\n)*.*NOTICE:/);
like($stderr, qr{ERROR:  57014: canceling statement}, 'told in any encoding');
$session->sql('RESET client_encoding; SET dbaas_fdw.progress = 0');
$sim->reset;
$sim->config(operation_time => 0);

# names that would forge a line
$t->sql(qq{CREATE ROLE "eve\nLOG:  dbaas_fdw write: forged" SUPERUSER LOGIN});
$t->sql(qq{CREATE USER MAPPING FOR "eve\nLOG:  dbaas_fdw write: forged" SERVER exoscale }
	  . qq{OPTIONS (api_key '}
	  . $sim->key
	  . q{', api_secret '}
	  . $sim->secret
	  . q{')});
logged();
$session->sql(qq{SET SESSION AUTHORIZATION "eve\nLOG:  dbaas_fdw write: forged"});
$session->sql(remove('pg-1-0001'));
$session->sql('RESET SESSION AUTHORIZATION');
@lines = logged();
is(scalar(@lines), 2, 'no name makes a line of its own') or diag(join("\n", @lines));
like($lines[0], qr/by "eve LOG:  dbaas_fdw write: forged" on server/, 'but is in it');

# a dry run sends nothing
$sim->reset;
logged();
like(
	(   $session->sql_both(
			'SET dbaas_fdw.dry_run = on; ' . remove('pg-1-0001') . '; RESET dbaas_fdw.dry_run'))[1],
	qr/dry run: DELETE/,
	'a dry run');
is(scalar(logged()), 0, 'has no line');

# Who may turn it off
$t->sql('CREATE ROLE joe LOGIN');
is( $t->sql_error(q{SELECT dbaas_fdw_version(); SET ROLE joe; SET dbaas_fdw.log_writes = off})
	  ->{sqlstate},
	'42501', 'only superusers turn it off');
$sim->reset;
$sim->config(operation_time => 0);
logged();
$session->sql('SET dbaas_fdw.log_writes = off');
$session->sql(remove('pg-1-0001'));
is(scalar(logged()), 0, 'off');

done_testing();
