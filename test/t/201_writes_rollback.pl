# What was queued and is rolled back is never sent.
use strict;
use warnings;

use DbaasTest;
use Test::More;

my $t = DbaasTest->new(services => 8, logs => 0, operation_time => 20);
my $session = $t->session;
$t->sql('CREATE TABLE local (n int PRIMARY KEY)');
$session->sql('SELECT count(*) FROM exo.dbaas_services');

# Statements to queue: services of the first zone, by their number
my @names = qw(- pg-1-0001 mysql-1-0002 kafka-1-0003 opensearch-1-0004 -
  grafana-1-0006 thanos-1-0007 clickhouse-1-0008);

sub remove
{
	return "DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = '$names[$_[0]]'";
}

# sent(SQL): the numbers of the services that it deleted, in order
sub sent
{
	my ($sql) = @_;
	my %number = map { $names[$_] => $_ } 0 .. $#names;
	$t->sim->reset;
	$session->sql_both($sql);
	$session->sql_both('ROLLBACK');
	my @writes = grep { $_->{method} ne 'GET' } $t->sim->requests;
	return join ' ', map { $_->{path} =~ m{/([^/]+)$}; $number{$1} } @writes;
}

sub block { return "DO \$do\$ BEGIN $_[0] END \$do\$;" }

foreach my $case (
	[ 'ROLLBACK', 'BEGIN; remove(1); remove(2); ROLLBACK', '' ],
	[ 'an error before COMMIT', 'BEGIN; remove(1); SELECT 1/0; COMMIT', '' ],
	[
		'an error in a statement that writes',
		'BEGIN; remove(1); remove(2) AND 1/(length(name) - length(name)) = 1; COMMIT', ''
	],
	[ 'a failed statement of an implicit transaction', remove(1) . "\\; SELECT 1/0", '' ],
	[
		'a deferred constraint',
		'BEGIN; CREATE TEMP TABLE d (n int UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP;
		remove(1); INSERT INTO d VALUES (1), (1); COMMIT', ''
	],
	[ 'the end of the session', undef, '' ],
	[
		'ROLLBACK TO',
		'BEGIN; remove(1); SAVEPOINT a; remove(2); ROLLBACK TO a; remove(3); COMMIT', '1 3'
	],
	[
		'ROLLBACK TO twice',
		'BEGIN; SAVEPOINT a; remove(1); ROLLBACK TO a; remove(2); ROLLBACK TO a; remove(3); COMMIT',
		'3'
	],
	[
		'ROLLBACK TO after an error',
		'BEGIN; remove(1); SAVEPOINT a; remove(2); SELECT 1/0; ROLLBACK TO a; COMMIT', '1'
	],
	[ 'RELEASE', 'BEGIN; SAVEPOINT a; remove(1); RELEASE a; COMMIT', '1' ],
	[ 'RELEASE, then ROLLBACK', 'BEGIN; SAVEPOINT a; remove(1); RELEASE a; ROLLBACK', '' ],
	[
		'three levels, none rolled back',
		'BEGIN; remove(1); SAVEPOINT a; remove(2); SAVEPOINT b; remove(3); SAVEPOINT c; '
		  . 'remove(4); COMMIT',
		'1 2 3 4'
	],
	[
		'three levels, the innermost rolled back',
		'BEGIN; remove(1); SAVEPOINT a; remove(2); SAVEPOINT b; remove(3); SAVEPOINT c; '
		  . 'remove(4); ROLLBACK TO c; remove(6); COMMIT',
		'1 2 3 6'
	],
	[
		'three levels, the middle rolled back',
		'BEGIN; remove(1); SAVEPOINT a; remove(2); SAVEPOINT b; remove(3); SAVEPOINT c; '
		  . 'remove(4); ROLLBACK TO b; remove(6); COMMIT',
		'1 2 6'
	],
	[
		'three levels, the outermost rolled back',
		'BEGIN; remove(1); SAVEPOINT a; remove(2); SAVEPOINT b; remove(3); SAVEPOINT c; '
		  . 'remove(4); ROLLBACK TO a; remove(6); COMMIT',
		'1 6'
	],
	[
		'the inner released, the outer rolled back',
		'BEGIN; remove(1); SAVEPOINT a; remove(2); SAVEPOINT b; remove(3); SAVEPOINT c; '
		  . 'remove(4); RELEASE c; RELEASE b; ROLLBACK TO a; COMMIT',
		'1'
	],
	[
		'the inner rolled back, the outer released',
		'BEGIN; remove(1); SAVEPOINT a; remove(2); SAVEPOINT b; remove(3); SAVEPOINT c; '
		  . 'remove(4); ROLLBACK TO c; RELEASE a; COMMIT',
		'1 2 3'
	],
	[
		'released in the middle, then more',
		'BEGIN; SAVEPOINT a; SAVEPOINT b; remove(1); RELEASE b; remove(2); SAVEPOINT c; '
		  . 'remove(3); ROLLBACK TO c; COMMIT',
		'1 2'
	],
	[
		'a block of PL/pgSQL that fails',
		'BEGIN; remove(1); '
		  . block('BEGIN remove(2); PERFORM 1/0; EXCEPTION WHEN OTHERS THEN NULL; END;')
		  . ' remove(3); COMMIT',
		'1 3'
	],
	[
		'a block that handles no error',
		block('BEGIN remove(1); EXCEPTION WHEN OTHERS THEN NULL; END; remove(2);'), '1 2'
	],
	[
		'nested blocks, the inner fails',
		block(
				'BEGIN remove(1); BEGIN remove(2); BEGIN remove(3); PERFORM 1/0; EXCEPTION '
			  . 'WHEN OTHERS THEN remove(4); END; END; EXCEPTION WHEN OTHERS THEN NULL; END;'),
		'1 2 4'
	],
	[
		'nested blocks, the outer fails',
		block(
				'BEGIN remove(1); BEGIN remove(2); BEGIN remove(3); EXCEPTION WHEN OTHERS '
			  . 'THEN NULL; END; EXCEPTION WHEN OTHERS '
			  . 'THEN NULL; END; PERFORM 1/0; EXCEPTION WHEN OTHERS THEN remove(6); END;'),
		'6'
	],
	[
		'a loop of blocks, every other fails',
		block(
				'FOR i IN 1 .. 4 LOOP BEGIN DELETE FROM exo.dbaas_services '
			  . 'WHERE zone = $$ch-gva-2$$ '
			  . 'AND name LIKE $$%-1-000$$ || i; PERFORM 1 / (i % 2); EXCEPTION '
			  . 'WHEN division_by_zero THEN NULL; END; END LOOP;'),
		'1 3'
	],
	[ 'the whole block fails', 'BEGIN; ' . block('remove(1); PERFORM 1/0;') . ' COMMIT', '' ],
	[
		'an error that is refused at the statement',
		'BEGIN; remove(1); SAVEPOINT a; UPDATE exo.dbaas_integrations '
		  . 'SET type = $$x$$; ROLLBACK TO a; remove(2); COMMIT',
		'1 2'
	],
	[
		'dry_run',
		'BEGIN; remove(1); SET LOCAL dbaas_fdw.dry_run = on; remove(2); '
		  . 'SET LOCAL dbaas_fdw.dry_run = off; remove(3); COMMIT',
		'1 3'
	],
	[
		'dry_run that is still on at COMMIT',
		'BEGIN; remove(1); SET LOCAL dbaas_fdw.dry_run = on; remove(2); COMMIT', ''
	],
	[
		'dry_run that is on for an immediate write',
		'BEGIN; remove(1); SET LOCAL dbaas_fdw.dry_run = on; '
		  . 'SET LOCAL dbaas_fdw.write_mode = immediate; remove(2); COMMIT',
		''
	],
	[
		'dry_run of an immediate write',
		'BEGIN; SET LOCAL dbaas_fdw.dry_run = on; '
		  . 'SET LOCAL dbaas_fdw.write_mode = immediate; remove(1); COMMIT',
		''
	],
	[ 'PREPARE TRANSACTION', 'BEGIN; remove(1); PREPARE TRANSACTION $$x$$', '' ],
	[
		'PREPARE TRANSACTION after ROLLBACK TO',
		'BEGIN; SAVEPOINT a; remove(1); ROLLBACK TO a; PREPARE TRANSACTION $$x$$', ''
	],
	[ 'a read-only transaction', 'BEGIN READ ONLY; remove(1); COMMIT', '' ],
	[
		'COMMIT AND CHAIN, then ROLLBACK',
		'BEGIN; remove(1); COMMIT AND CHAIN; remove(2); ROLLBACK', '1'
	],
	[
		'ROLLBACK AND CHAIN, then COMMIT',
		'BEGIN; remove(1); ROLLBACK AND CHAIN; remove(2); COMMIT', '2'
	],
	[
		'a delete_limit that is exceeded',
		'BEGIN; SET LOCAL dbaas_fdw.delete_limit = 2; remove(1); remove(2); remove(3); COMMIT', ''
	],
	[
		'a delete_limit that is exceeded by one statement',
		'SET dbaas_fdw.delete_limit = 2; DELETE FROM exo.dbaas_services '
		  . 'WHERE termination_protection IS NOT TRUE; RESET dbaas_fdw.delete_limit',
		''
	])
{
	my ($name, $sql, $expected) = @$case;
	if (!defined $sql)
	{
		$session->sql('BEGIN');
		$session->sql(remove(1));
		$session->quit;
		$session = $t->session;
		$sql = '';
	}
	$sql =~ s/remove\((\d)\)/remove($1)/ge;
	is(sent($sql), $expected,
		"$name: " . ($expected eq '' ? 'nothing is sent' : "sent: $expected"));
}

# A backend that is ended while its transaction is open
$t->sim->reset;
my $victim = $t->session;
$victim->sql('BEGIN');
$victim->sql(remove(1));
$session->sql('SELECT pg_terminate_backend(' . $victim->pid . ')');
ok( DbaasTest::wait_until(
		sub {
			$session->sql('SELECT count(*) FROM pg_stat_activity WHERE pid = ' . $victim->pid) == 0;
		}),
	'a terminated session ends');
is(scalar(grep { $_->{method} ne 'GET' } $t->sim->requests), 0, 'and sends nothing');

# The checks at the statement send reads at most
$t->sim->clear;
foreach my $sql (
	  q{INSERT INTO exo.dbaas_integrations (zone, type, source, dest) }
	. q{VALUES ('ch-gva-2', 'log', 'a', 'b')},
	q{INSERT INTO exo.dbaas_integrations (zone, type, source) VALUES ('ch-gva-2', 'logs', 'a')},
	q{UPDATE exo.dbaas_integrations SET type = 'x'},
	q{UPDATE exo.dbaas_services SET plan = 'x'},
	q{DELETE FROM exo.dbaas_services WHERE name = 'valkey-1-0005'})
{
	$session->sql_error($sql);
}
is(scalar(grep { $_->{method} ne 'GET' } $t->sim->requests),
	0, 'what is refused at the statement is not sent');

done_testing();
