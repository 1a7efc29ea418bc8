# Transactions that write, and are rolled back or fail, leave nothing behind.
use strict;
use warnings;

use DbaasTest;
use JSON::PP ();
use Test::More;

my $t = DbaasTest->new(
	services => 8,
	logs => 0,
	operation_time => 0,
	server => { wait => 'none', max_retries => 0 });
my $sim = $t->sim;
my $session = $t->session;
my $memory = 'SELECT sum(used_bytes) FROM pg_backend_memory_contexts';

sub remove { return "DELETE FROM exo.dbaas_services WHERE zone = 'ch-gva-2' AND name = '$_[0]'" }
my $insert =
	q{INSERT INTO exo.dbaas_integrations (zone, type, source, dest, settings) }
  . q{VALUES ('ch-gva-2', 'metrics', 'pg-1-0001', 'thanos-1-0007', }
  . q{jsonb_build_object('note', repeat('x', 10000)))};
my $check =
	q{INSERT INTO exo.dbaas_tasks (zone, service_name, source_service_uri) }
  . q{VALUES ('ch-gva-2', 'pg-1-0001', 'postgres://u:p@h/d')};

sub descriptors { return scalar(() = glob '/proc/' . $session->pid . '/fd/*') }

sub contexts
{
	return $session->sql(
		q{SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'dbaas_fdw%'});
}

# What the session holds once its connections, which it may keep, are closed
sub held
{
	$session->sql($memory);
	$session->sql(q{SELECT dbaas_fdw_disconnect('exoscale')});
	return ($session->sql($memory), descriptors(), contexts());
}

# kept(SQL, TIMES): how much memory, and how many descriptors, as many runs keep
sub kept
{
	my ($sql, $times) = @_;
	$session->sql_both($sql) foreach 1 .. 10;
	my ($bytes, $files, $contexts) = held();
	for (my $done = 0; $done < $times; $done += 20)
	{
		$session->sql_both(join "\n", ($sql) x 20);
	}
	my @held = held();
	return ($held[0] - $bytes, $held[1] - $files, $held[2] - $contexts);
}

foreach my $case (
	[ 'rolled back', "BEGIN; $insert; " . remove('pg-1-0001') . "; $check; ROLLBACK;", 200 ],
	[ 'failed', "BEGIN; $insert; " . remove('pg-1-0001') . '; SELECT 1/0; COMMIT;', 200 ],
	[
		'rolled back to savepoints',
		"BEGIN; SAVEPOINT a; $insert; SAVEPOINT b; $insert; ROLLBACK TO b; $insert; "
		  . "RELEASE b; ROLLBACK TO a; COMMIT;",
		200
	],
	[
		'refused at the statement',
		"BEGIN; $insert; " . remove('valkey-1-0005') . '; ROLLBACK;', 200
	],
	[
		'of a failed block in PL/pgSQL',
		"DO \$do\$ BEGIN $insert; PERFORM 1/0; EXCEPTION WHEN OTHERS THEN NULL; END \$do\$;", 200
	],
	[ 'prepared', "BEGIN; $insert; PREPARE TRANSACTION 'x';", 100 ],
	[ 'committed', "BEGIN; $check; $check; COMMIT;", 100 ],
	[ 'returned', "BEGIN; $check RETURNING id; ROLLBACK;", 100 ],
	[ 'dry', "SET dbaas_fdw.dry_run = on; $insert; RESET dbaas_fdw.dry_run;", 100 ],
	[
		'refused by the API',
		"BEGIN; $check; $insert; $check; COMMIT;",
		100,
		{
			method => 'POST',
			path => '/dbaas-integration',
			action => 'status',
			status => 409,
			times => -1
		}
	],
	[
		'lost', "BEGIN; $check; $check; COMMIT;",
		60, { method => 'POST', action => 'close', times => -1 }
	],
	[
		'failed as an operation',
		"BEGIN; $check; COMMIT;",
		100,
		{
			method => 'POST',
			action => 'operation',
			state => 'failure',
			immediate => JSON::PP::true,
			times => -1
		}
	])
{
	my ($name, $sql, $times, $fault) = @$case;
	$sim->reset;
	$sim->fault($fault) if $fault;
	my ($bytes, $files, $contexts) = kept($sql, $times);
	$sim->clear_faults;
	DbaasTest::measured_ok($bytes, '<=', 32768,
		"$times transactions $name: no memory is kept ($bytes bytes)");
	cmp_ok($files, '<=', 1, "$times transactions $name: no descriptor");
	cmp_ok($contexts, '<=', 0, "$times transactions $name: no memory context");
	is($session->sql('SELECT count(*) FROM exo.dbaas_zones'),
		3, "$times transactions $name: the session works");
}

# One transaction that queues, and drops, much
my $before = $session->sql($memory);
$session->sql("BEGIN; INSERT INTO exo.dbaas_integrations (zone, type, source, dest, settings) "
	  . "SELECT 'ch-gva-2', 'metrics', 'pg-1-0001', 'thanos-' || i, "
	  . "jsonb_build_object('note', repeat('x', 1000)) FROM generate_series(1, 5000) i");
$session->sql('ROLLBACK');
DbaasTest::measured_ok($session->sql($memory) - $before,
	'<=', 65536, '5000 rows that are rolled back: their memory is given back');

# One transaction that sends often: what was sent before costs nothing then
$sim->reset;
my @used = ($session->sql($memory));
$session->sql('BEGIN');
foreach my $name ('a', 'b')
{
	$session->sql(
		qq{SET LOCAL dbaas_fdw.write_mode = 'immediate';
		DO \$\$ BEGIN FOR i IN 1 .. 200 LOOP
			INSERT INTO exo.dbaas_databases (zone, service_name, name)
			VALUES ('ch-gva-2', 'pg-1-0001', '$name' || i);
		END LOOP; END \$\$});
	push @used, $session->sql($memory);
}
$session->sql('COMMIT');
my @more = map { $used[$_] - $used[ $_ - 1 ] } 1, 2;
DbaasTest::measured_ok(
	$more[1], '<=',
	$more[0] + 262144,
	"200 writes that are sent at once take as much memory as the 200 before them (@more bytes)");

# A session that ends with writes queued, and one that is ended
$sim->clear;
foreach my $how ('quit', 'terminate')
{
	my $other = $t->session;
	$other->sql("BEGIN; $insert");
	$how eq 'quit'
	  ? $other->quit
	  : $session->sql('SELECT pg_terminate_backend(' . $other->pid . ')');
}
is(scalar(grep { $_->{method} eq 'POST' && $_->{path} eq '/dbaas-integration' } $sim->requests),
	0, 'sessions that end send nothing');

done_testing();
